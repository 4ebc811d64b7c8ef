# SPDX-License-Identifier: MIT
"""azula with its network by ONNX Runtime."""

import importlib.metadata
import tempfile

import torch
from torch import Tensor, nn

from stacks.base import Drawing, Problem, Stack, drawing


class Backbone(nn.Module):
    """A network as ONNX Runtime runs it."""

    def __init__(self, net: nn.Module, x: Tensor, threads: int) -> None:
        import onnxruntime

        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/net.onnx"
            torch.onnx.export(net, (x, torch.zeros(len(x))), path, dynamo=True, verbose=False)
            self.session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self.names = [i.name for i in self.session.get_inputs()]

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        t = t.expand(len(x)).contiguous()
        feed = dict(zip(self.names, (x.numpy(), t.numpy()), strict=True))
        return torch.from_numpy(self.session.run(None, feed)[0])


class Onnx(Stack):
    name = "azula-onnxruntime"
    package = "onnxruntime"

    def version(self) -> str:
        importlib.metadata.version("onnxscript")  # torch.onnx.export needs it
        return super().version()

    def set_up(self, problem: Problem) -> Drawing | None:
        from azula import sample
        from azula.denoise import KarrasDenoiser
        from azula.noise import VPSchedule

        net = problem.work.net()
        if net is None or not problem.sampler.azula:
            return None
        denoiser = KarrasDenoiser(Backbone(net, problem.x, problem.threads), VPSchedule())
        made = getattr(sample, problem.sampler.azula)
        return drawing(made(denoiser, steps=problem.shape.steps, silent=True), problem.x)
