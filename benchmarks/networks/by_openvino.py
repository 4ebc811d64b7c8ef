# SPDX-License-Identifier: MIT
"""OpenVINO, and NNCF for its whole weights."""

import pathlib
from typing import Any

import openvino
from by_onnxruntime import exported
from openvino.frontend import OpConversionFailure
from problem import Call, Problem

TYPICAL = 8  # inputs that NNCF sees


def _convert(problem: Problem) -> openvino.Model:
    """From PyTorch, or by ONNX where it does not know an operation of PyTorch's."""
    sizes = [one.shape for one in problem.given()]
    try:
        return openvino.convert_model(problem.module, example_input=problem.given(), input=sizes)
    except OpConversionFailure:
        return openvino.convert_model(exported(problem))


def _converted(problem: Problem) -> pathlib.Path:
    path = problem.path(f"openvino_{len(problem.x)}", ".xml")
    if not path.exists():
        openvino.save_model(_convert(problem), path, compress_to_fp16=False)
    return path


def _quantised(problem: Problem) -> pathlib.Path:
    import nncf

    path = problem.path(f"openvino_int8_{len(problem.x)}", ".xml")
    if not path.exists():
        model = openvino.Core().read_model(_converted(problem))
        given = [[one.numpy() for one in both] for both in problem.typical(TYPICAL)]
        kind = nncf.ModelType.TRANSFORMER if problem.network.transforms else None
        made = nncf.quantize(model, nncf.Dataset(given), subset_size=TYPICAL, model_type=kind)
        openvino.save_model(made, path, compress_to_fp16=False)
    return path


def _call(problem: Problem, path: pathlib.Path, precision: str) -> Call:
    hints: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": problem.threads,
        "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False,
    }  # fmt: skip
    core = openvino.Core()
    request = core.compile_model(core.read_model(path), "CPU", hints).create_infer_request()
    arrays = [one.numpy() for one in problem.given()]
    for k, array in enumerate(arrays):
        request.set_input_tensor(k, openvino.Tensor(array, shared_memory=True))
    return Call(request.infer, lambda _: request.get_output_tensor(0).data.copy())


def f32(problem: Problem) -> Call:
    return _call(problem, _converted(problem), "f32")


def bf16(problem: Problem) -> Call:
    return _call(problem, _converted(problem), "bf16")


def int8(problem: Problem) -> Call:
    """What is not whole is float32."""
    return _call(problem, _quantised(problem), "f32")


def int8_bf16(problem: Problem) -> Call:
    """What is not whole is bfloat16, which is OpenVINO's choice where the processor has it."""
    return _call(problem, _quantised(problem), "bf16")
