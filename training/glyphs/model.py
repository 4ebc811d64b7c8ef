# SPDX-License-Identifier: MIT
"""The glyph network: azula's ViT under quell's conditioning on time and class."""

import json

from azula.nn.vit import ViT
from dataset import LABELS, SIDE
from torch import Tensor

from quell_export.modules import Conditioning

TIME = {"features": 64, "omega": 1e4}
WIDTH = 128
NETWORK = {"hid_channels": 128, "hid_blocks": 6, "patch_size": 4, "attention_heads": 4}


class GlyphNetwork(Conditioning):
    """x: (B, 28, 28). t: (B) or (). label: (B) or None. Returns (B, 28, 28)."""

    def __init__(self) -> None:
        super().__init__(WIDTH, classes=len(LABELS), **TIME)
        self.net = ViT(in_channels=1, out_channels=1, mod_features=WIDTH, **NETWORK)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        e = super().forward(t, label)
        return self.net(x[:, None], e.expand(len(x), -1))[:, 0]


def description() -> str:
    return json.dumps({
        "kind": "network",
        "architecture": "vit",
        "comment": f"glyphs, class k is the k-th of {LABELS}",
        "shape": [SIDE, SIDE],
        "image": True,
        "output": "x0",
        "precondition": "karras",
        "schedule": "vp",
        "classes": len(LABELS),
        "time_features": TIME["features"],
        "time_omega": TIME["omega"],
        "mod_features": WIDTH,
        **NETWORK,
    })
