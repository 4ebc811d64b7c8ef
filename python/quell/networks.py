# SPDX-License-Identifier: MIT
"""Models: built-in ones, files, and PyTorch's networks made the library's own."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

from quell import _quell
from quell.denoise import NativeDenoiser

__all__ = ["Model", "compile", "load"]


class Model(NativeDenoiser):
    """A loaded model: a denoiser with the shape and the schedule that go with it.

    Attributes:
        image: Whether a sample is an image, with values in [-1, 1].
    """

    def __init__(self, name: str, schedule: Any = None) -> None:
        self._model = _quell.Model(name)
        self.image = self._model.image
        own = schedule if schedule is not None else self._model.schedule or None
        super().__init__(self._model.denoiser, self._model.shape, own)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a Gaussian or a mixture as JSON that loads to the same bits.

        Raises:
            Unsupported: It is another model.
            IOFailed: The file cannot be written.
        """
        self._model.save(os.fspath(path))


def load(name: str | os.PathLike[str], schedule: Any = None) -> Model:
    """Loads a model.

    Arguments:
        name: "builtin:NAME" (quell.builtins() lists them), or a file: .json, .npy or .safetensors
            (docs/models.md, docs/networks.md). Files are not trusted.
        schedule: In place of the one that the model asks for.

    Raises:
        BadModel: The file is not valid.
        NotFound, IOFailed: There is no such model, or the file cannot be read.
    """
    return Model(os.fspath(name), schedule)


def compile(model: Any, shape: Sequence[int], **fields: Any) -> Model:
    """A trained network as the library's own, evaluated in C on all cores, with the promise about
    bits. Needs azula, torch and safetensors.

    Arguments:
        model: A SimpleDenoiser or KarrasDenoiser, azula's or ours, around a ResidualMLP, or around
            azula's DiT, ViT or UNet within Conditioned (quell.export.modules); or such a network
            alone, with schedule="vp", output="eps" and the like as fields.
        shape: The shape of one sample, as [2] or [channels, height, width].
        fields: Further fields of its description (docs/networks.md).

    Raises:
        TypeError, ValueError: The model is not of a kind that the library has.
    """
    from quell.export import export

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.safetensors")
        export(model, path, shape, **fields)
        return load(path)
