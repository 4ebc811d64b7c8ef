# SPDX-License-Identifier: MIT
"""ONNX Runtime, and its own tool for whole weights."""

import pathlib

import onnxruntime
import torch
from problem import Call, Problem

TYPICAL = 8  # samples that the tool sees, at least


def exported(problem: Problem) -> pathlib.Path:
    path = problem.path(f"{len(problem.x)}", ".onnx")
    if not path.exists():
        given = problem.given()
        torch.onnx.export(
            problem.module, given, path, dynamo=True, verbose=False, external_data=False
        )
    return path


def _call(problem: Problem, path: pathlib.Path) -> Call:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = problem.threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    feed = dict(zip(names, (one.numpy() for one in problem.given()), strict=True))
    return Call(lambda: session.run(None, feed)[0])


def f32(problem: Problem) -> Call:
    return _call(problem, exported(problem))


def int8(problem: Problem) -> Call:
    from onnxruntime.quantization import CalibrationDataReader, quantize_static, shape_inference

    plain, path = exported(problem), problem.path(f"{len(problem.x)}_int8", ".onnx")
    whole = problem.path(f"{len(problem.x)}_shapes", ".onnx")

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            names = [one.name for one in onnxruntime.InferenceSession(plain).get_inputs()]
            self.rest = [
                dict(zip(names, (one.numpy() for one in both), strict=True))
                for both in problem.typical(max(TYPICAL // len(problem.x), 2))
            ]

        def get_next(self) -> dict | None:
            return self.rest.pop() if self.rest else None

    if not path.exists():
        shape_inference.quant_pre_process(plain, whole, skip_symbolic_shape=True)
        quantize_static(whole, path, Reader(), per_channel=True)
    return _call(problem, path)
