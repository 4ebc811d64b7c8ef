# SPDX-License-Identifier: MIT
"""The glyph network: azula's ViT with the time and a class (training/backbones.py)."""

import pathlib
import sys

import quell
import torch
from azula.denoise import KarrasDenoiser
from azula.nn.vit import ViT
from azula.noise import VPSchedule
from dataset import LABELS, SIDE
from torch import Tensor

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from backbones import Conditioned  # noqa: E402

TIME = {"features": 64, "omega": 1e4}
WIDTH = 128
NETWORK = {"hid_channels": 128, "hid_blocks": 6, "patch_size": 4, "attention_heads": 4}


class GlyphNetwork(Conditioned):
    """x: (B, 28, 28). t: (B) or (). label: (B) or None. Returns (B, 28, 28)."""

    def __init__(self) -> None:
        net = ViT(in_channels=1, out_channels=1, mod_features=WIDTH, **NETWORK)
        super().__init__(net, WIDTH, classes=len(LABELS), **TIME)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(x[:, None], t, label)[:, 0]


def save(network: GlyphNetwork, path: pathlib.Path) -> None:
    """Exports the network for quell, in float16."""
    classes = len(LABELS)
    x, t, label = torch.randn(4, SIDE, SIDE), torch.rand(4), torch.arange(4) * classes // 3
    quell.export(
        KarrasDenoiser(network, VPSchedule()),
        path,
        (x, t, label),
        classes=classes,
        no_class=classes,
        dtype=torch.float16,
        image=True,
        comment=f"glyphs, class k is the k-th of {LABELS}",
    )
