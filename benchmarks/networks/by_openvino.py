# SPDX-License-Identifier: MIT
"""OpenVINO, and NNCF for its whole weights."""

import pathlib
from collections.abc import Callable
from typing import Any

import openvino
from by_onnxruntime import exported
from openvino.frontend import OpConversionFailure
from problem import Call, Problem

TYPICAL = 8  # samples that NNCF sees, at least
FEW = 8  # the number of samples of the model that is tried for others


def _convert(problem: Problem) -> openvino.Model:
    """From PyTorch, or by ONNX where it does not know an operation of PyTorch's."""
    sizes = [one.shape for one in problem.given()]
    try:
        return openvino.convert_model(problem.module, example_input=problem.given(), input=sizes)
    except OpConversionFailure:
        return openvino.convert_model(exported(problem))


def _reshaped(problem: Problem, few: pathlib.Path) -> openvino.Model | None:
    """A model for few samples, which was made before, for these; None if it cannot be so."""
    if not few.exists():
        return None
    model = openvino.Core().read_model(few)
    try:
        model.reshape({k: list(one.shape) for k, one in enumerate(problem.given())})
        fits = list(model.output(0).shape) == list(problem.x.shape)
    except RuntimeError:
        return None
    return model if fits else None


def _save(problem: Problem, name: str, make: Callable[[Problem], openvino.Model]) -> pathlib.Path:
    path = problem.path(f"{name}_{len(problem.x)}", ".xml")
    if not path.exists():
        model = _reshaped(problem, problem.path(f"{name}_{FEW}", ".xml"))
        openvino.save_model(model or make(problem), path, compress_to_fp16=False)
    return path


def _converted(problem: Problem) -> pathlib.Path:
    return _save(problem, "openvino", _convert)


def _quantise(problem: Problem) -> openvino.Model:
    import nncf

    model = openvino.Core().read_model(_converted(problem))
    inputs = max(TYPICAL // len(problem.x), 2)
    given = [[one.numpy() for one in both] for both in problem.typical(inputs)]
    kind = nncf.ModelType.TRANSFORMER if problem.network.transforms else None
    return nncf.quantize(model, nncf.Dataset(given), subset_size=inputs, model_type=kind)


def _quantised(problem: Problem) -> pathlib.Path:
    return _save(problem, "openvino_int8", _quantise)


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
