# SPDX-License-Identifier: MIT
"""The network that both serve: the vision transformer of builtin:glyphs, without its classes, with random weights."""

import pathlib
import sys

import torch
from azula.denoise import KarrasDenoiser
from azula.nn.vit import ViT
from azula.noise import VPSchedule
from torch import Tensor

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "training"))
from backbones import Conditioned  # noqa: E402

SHAPE = (28, 28)


class Images(Conditioned):
    """A network of images without channels."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return super().forward(x[:, None], t)[:, 0]


def denoiser() -> KarrasDenoiser:
    torch.manual_seed(0)
    net = ViT(1, 1, mod_features=128, hid_channels=128, hid_blocks=6, patch_size=4, attention_heads=4)
    return KarrasDenoiser(Images(net, 128, features=64, omega=1e4), VPSchedule()).eval()


def store(path: pathlib.Path) -> None:
    import quell

    quell.export(denoiser(), path, (torch.randn(4, *SHAPE), torch.rand(4)), image=True)
