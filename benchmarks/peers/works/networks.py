# SPDX-License-Identifier: MIT
"""Networks, with random weights, preconditioned as azula's KarrasDenoiser."""

import ctypes
import functools
import pathlib
import sys
import tempfile
from collections.abc import Callable

import quell
import torch
from azula.denoise import KarrasDenoiser
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from azula.noise import VPSchedule
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from quell_c import Library
from works.base import Model, Shape, Work

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "training"))
from backbones import Conditioned, ResidualMLP  # noqa: E402

TIME = {"features": 64, "omega": 1e4}
STEPS = 16


class Images(Conditioned):
    """A network of images without channels."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net, 128, **TIME)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return super().forward(x[:, None], t)[:, 0]


def mlp(dim: int, hidden: int) -> nn.Module:
    return ResidualMLP(dim, hidden, 3, **TIME)


def vit() -> nn.Module:
    net = ViT(
        1, 1, mod_features=128, hid_channels=128, hid_blocks=6, patch_size=4, attention_heads=4
    )
    return Images(net)


def unet() -> nn.Module:
    return Images(UNet(1, 1, mod_features=128, hid_channels=(32, 64, 128), hid_blocks=(2, 2, 2)))


class Network(Work):
    samplers = ("ddim",)

    def __init__(
        self, name: str, make: Callable[[], nn.Module], sample: tuple[int, ...], *counts: int
    ) -> None:
        self.name, self.make = name, make
        self.shapes = tuple(Shape(count, sample, STEPS) for count in counts)

    def net(self) -> nn.Module:
        torch.manual_seed(0)
        return self.make().eval().requires_grad_(False)

    def model(self, shape: Shape) -> Model:
        net = self.net()

        def denoise(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
            square = torch.as_tensor(alpha**2 + sigma**2)
            time = torch.log(torch.as_tensor(sigma / alpha)).to(x)
            output = net(x * torch.rsqrt(square).to(x), time)
            return alpha / square * x + sigma * torch.rsqrt(square) * output

        return denoise

    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        denoiser = KarrasDenoiser(self.net(), VPSchedule())
        with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
            quell.export(denoiser, file.name, (torch.randn(2, *shape.sample), torch.rand(2)))
            return library.load(file.name)

    def flops(self, shape: Shape) -> float:
        """What depends on the time alone is counted once."""
        net = self.net()

        def counted(count: int) -> int:
            with FlopCounterMode(display=False) as counter, torch.inference_mode():
                net(torch.zeros(count, *shape.sample), torch.zeros(()))
            return counter.get_total_flops()

        once, twice = counted(1), counted(2)
        return float(once + (shape.count - 1) * (twice - once))

    def data(self, shape: Shape) -> float:
        return float(sum(p.nbytes for p in self.net().parameters()))


NETWORKS = (
    Network("mlp-2-128", functools.partial(mlp, 2, 128), (2,), 16384, 1),
    Network("mlp-64-256", functools.partial(mlp, 64, 256), (64,), 4096),
    Network("glyphs", vit, (28, 28), 64, 1),
    Network("unet", unet, (28, 28), 64, 1),
)
