# SPDX-License-Identifier: MIT
"""Images: networks of PyTorch's have their channels first, and pictures have them last."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class _ChannelsLast(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1)


_CHANNELS = (1, 3, 4)


def image_of(shape: Sequence[int]) -> nn.Module | None:
    """Returns what makes an image of a sample: a module that puts its channels last, as the field
    `image` wants them; None where the sample is one as it is."""
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in _CHANNELS):
        return None
    if len(shape) == 3 and shape[0] in _CHANNELS:
        return _ChannelsLast()
    raise ValueError(
        f"quell.export: image: samples of shape {list(shape)} are no images: needs (height, "
        "width), or 1, 3 or 4 channels before or after them, or a decode that makes such an image"
    )
