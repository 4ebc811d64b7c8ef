# SPDX-License-Identifier: MIT
"""The peers: each makes of a network, for a number of samples, a call that evaluates it, and gives
what that returns."""

import contextlib
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from nets import Network
from torch import Tensor

Array = Callable[[Any], np.ndarray]  # of what a call returns


@dataclass
class Call:
    """run() evaluates `each` times; array(once()) is what an evaluation gives."""

    run: Callable[[], Any]
    array: Array
    once: Callable[[], Any] | None = None
    each: int = 1


@dataclass
class Problem:
    """What all evaluate: a network at x[samples], t[samples]."""

    network: Network
    module: torch.nn.Module
    x: Tensor
    t: Tensor
    threads: int
    folder: pathlib.Path

    def path(self, peer: str, end: str) -> pathlib.Path:
        """A file for this network, and this number of samples if the peer's file knows it."""
        name = "".join(c if c.isalnum() else "_" for c in self.network.name)
        return self.folder / f"{name}_{peer}{end}"


TIME = 0.5  # of the schedule; networks are told it as it is
STEPS = 16


def _quell(problem: Problem, fast: bool | float) -> Call:
    """The mean E[X | x_t] of a network that returns it, on the schedule `vp`. What is measured is a run
    of DDIM with all its steps: a single evaluation would also start threads."""
    import quell

    path = problem.path(f"quell_{fast}", ".safetensors")
    example = (torch.randn(2, *problem.network.sample), torch.rand(2))
    said = {"output": "x0", "schedule": "vp", "time": "t"}
    if not path.exists():
        quell.export(problem.module, path, example, fast=fast, **said)
    model, x = quell.load(path), problem.x.numpy()
    sampler = quell.DDIMSampler(model, steps=STEPS, threads=problem.threads, silent=True)
    return Call(lambda: sampler(x), np.asarray, lambda: model(x, TIME).mean, STEPS)


def quell_default(problem: Problem) -> Call:
    return _quell(problem, True)


def quell_plain(problem: Problem) -> Call:
    return _quell(problem, False)


def quell_loose(problem: Problem) -> Call:
    return _quell(problem, 1e-4)


def by_torch(problem: Problem) -> Call:
    def call() -> Tensor:
        with torch.inference_mode():
            return problem.module(problem.x, problem.t)

    return Call(call, lambda made: made.numpy())


def _openvino(problem: Problem, precision: str) -> Call:
    import openvino

    core = openvino.Core()
    given = (problem.x, problem.t)
    path = problem.path(f"openvino_{len(problem.x)}", ".xml")
    if not path.exists():
        sizes = [one.shape for one in given]
        made = openvino.convert_model(problem.module, example_input=given, input=sizes)
        openvino.save_model(made, path, compress_to_fp16=False)
    model = core.read_model(path)
    hints = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": problem.threads,
             "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}  # fmt: skip
    request = core.compile_model(model, "CPU", hints).create_infer_request()
    arrays = {k: g.numpy() for k, g in enumerate(given)}
    for k, array in arrays.items():
        request.set_input_tensor(k, openvino.Tensor(array, shared_memory=True))
    return Call(request.infer, lambda _: request.get_output_tensor(0).data.copy())


def openvino_f32(problem: Problem) -> Call:
    return _openvino(problem, "f32")


def openvino_bf16(problem: Problem) -> Call:
    return _openvino(problem, "bf16")


def onnxruntime_f32(problem: Problem) -> Call:
    import onnxruntime

    path, given = problem.path(f"{len(problem.x)}", ".onnx"), (problem.x, problem.t)
    if not path.exists():
        torch.onnx.export(problem.module, given, path, dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = problem.threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    feed = dict(zip(names, (problem.x.numpy(), problem.t.numpy()), strict=True))
    return Call(lambda: session.run(None, feed)[0], np.asarray)


def ncnn_f32(problem: Problem) -> Call:
    """One sample after the other: ncnn has no batch. Its half precisions are off."""
    import ncnn
    import pnnx

    one = (problem.x[:1], problem.t[:1])
    path = problem.path("ncnn", ".ncnn.param")
    if not path.exists():
        script = problem.path("ncnn", ".pt")
        with contextlib.redirect_stdout(None):
            pnnx.export(problem.module, str(script), inputs=one, fp16=False)
    net = ncnn.Net()
    net.opt.num_threads = problem.threads
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, name, False)
    if net.load_param(str(path)) or net.load_model(str(path.with_suffix(".bin"))):
        raise RuntimeError("ncnn does not read what pnnx made")
    given = [[ncnn.Mat(a.squeeze(0).numpy()).clone(), ncnn.Mat(b.numpy()).clone()]
             for a, b in zip(problem.x.split(1), problem.t.split(1), strict=True)]  # fmt: skip

    def call() -> list[Any]:
        made = []
        for x, t in given:
            with net.create_extractor() as extractor:
                extractor.input("in0", x)
                extractor.input("in1", t)
                made.append(extractor.extract("out0")[1])
        return made

    return Call(call, lambda made: np.stack([np.array(m) for m in made]))


def torch_compiled_bf16(problem: Problem) -> Call:
    compiled = torch.compile(problem.module)

    def call() -> Tensor:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            return compiled(problem.x, problem.t)

    return Call(call, lambda made: made.float().numpy())


PEERS: dict[str, Callable[[Problem], Call]] = {
    "quell": quell_default,
    "quell, fast=1e-4": quell_loose,
    "quell, fast=False": quell_plain,
    "ncnn": ncnn_f32,
    "OpenVINO": openvino_f32,
    "ONNX Runtime": onnxruntime_f32,
    "torch": by_torch,
    "OpenVINO bf16": openvino_bf16,
    "torch.compile bf16": torch_compiled_bf16,
}
