# SPDX-License-Identifier: MIT
"""Models: built-in ones, those in files, and networks of PyTorch that the library computes."""

from __future__ import annotations

import os
import pathlib
import tempfile
from typing import Any

import numpy as np

from quell import _quell
from quell._arrays import Array, as_floats, like, rows_of
from quell._conditions import conditions_of
from quell._inputs import classes_of, fits
from quell._keywords import hinted
from quell._numbers import path_of, whole
from quell._said import said
from quell.denoise import NativeDenoiser
from quell.errors import refused

__all__ = ["Model", "from_torch", "load"]

Path = str | os.PathLike[str]


def _state_of(name: bytes) -> tuple[int, ...] | None:
    """Returns what changes when a file's content changes; None if there is no such file."""
    try:
        found = os.stat(name)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _of_content(suffix: str, content: bytes, precision: str) -> _quell.Model:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model" + suffix)
        path.write_bytes(content)
        return _quell.Model(os.fsencode(path), precision)


def _precision_of(precision: str) -> str:
    if not isinstance(precision, str):
        raise TypeError(f"precision: {said(precision)}, must be a text")
    return precision


class Model(NativeDenoiser):
    """A loaded model: a denoiser with the shape and the schedule that go with it. pickle stores the
    content of its file, which must not have changed since it was loaded.

    Attributes:
        image: Whether what a sample shows is an image, with values in [-1, 1].
    """

    _model: _quell.Model
    _SHARED = ("native", "_recipe", "_model", "_content")

    @hinted
    def __init__(self, name: Path, schedule: Any = None, precision: str = "stored") -> None:
        file = path_of(name, "name")
        builtin = file.startswith(b"builtin:")
        self._file = file if builtin else os.path.abspath(file)  # wherever pickle is called from
        self._state = _state_of(self._file)
        self._content: bytes | None = None
        self._precision = _precision_of(precision)
        self._take(_quell.Model(file, precision), schedule)

    @classmethod
    def _from(cls, path: pathlib.Path) -> Model:
        """Loads a model from a file that will soon be removed, and keeps its content for pickle."""
        made = cls.__new__(cls)
        made._precision = "stored"
        made._file, made._state, made._content = os.fsencode(path), None, path.read_bytes()
        made._take(_quell.Model(made._file), None)
        return made

    def _take(self, model: _quell.Model, schedule: Any) -> None:
        self._model, self.image = model, model.image
        own = schedule if schedule is not None else model.schedule or None
        super().__init__(model.denoiser, model.shape, own)

    @property
    def decodes(self) -> bool:
        """Whether it has a decoder, which makes of its samples, latents, what a reader wants to
        see."""
        return self._model.decodes

    @property
    def decoded_shape(self) -> tuple[int, ...]:
        """The shape of what `decode` makes of a sample; without a decoder, that of a sample."""
        return tuple(self._model.decoded_shape)

    def decode(
        self,
        x: Array,
        *,
        first: int = 0,
        label: Array | int | None = None,
        threads: int = 0,
        **kwargs: Any,
    ) -> Array:
        """Decodes samples.

        Arguments:
            x: The samples, with shape (B, *).
            first: The index of the first, for messages.
            label, kwargs: The classes and the conditions that they were drawn with, of which the
                decoder takes those that it knows; see a call of a sampler.
            threads: The upper bound on the number of threads; 0 for as many as there are.

        Returns:
            What they show, with shape (B, *decoded_shape), of the kind and type of x.

        Raises:
            Unsupported: The model has no decoder.
        """
        rows = as_floats(x)
        if not rows.ndim or not fits(rows.shape, self.shape):
            raise refused(f"x: shape {rows.shape}, must be (B, {', '.join(map(str, self.shape))})")
        out = np.empty((len(rows), *self.decoded_shape), np.float32)
        conditions = conditions_of(self.conditions, kwargs, len(rows)) if kwargs else []
        self._model.decode(
            rows_of(rows),
            rows_of(out),
            whole(first, "first"),
            whole(threads, "threads", 0, 65536),
            classes_of(label, len(rows), self.classes),
            conditions,
        )
        return like(out, x)

    def save(self, path: Path) -> None:
        """Writes a Gaussian or a mixture as JSON that loads to the same bits.

        Raises:
            Unsupported: It is neither a Gaussian nor a mixture.
            IOFailed: The file cannot be written.
        """
        self._model.save(path_of(path, "path"))

    def _kept(self) -> tuple[Any, ...] | None:
        if self._file.startswith(b"builtin:"):
            return ("builtin",)
        if self._content is not None:
            return ("content", self._content)
        content = pathlib.Path(os.fsdecode(self._file)).read_bytes()
        if self._state is None or _state_of(self._file) != self._state:
            raise ValueError(f"{os.fsdecode(self._file)}: it has changed since it was loaded")
        return ("content", content)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in super().__getstate__().items() if name != "_model"}

    def _remade(self) -> _quell.Denoiser:
        kind, *content = self._recipe or ("builtin",)
        self._recipe = None
        if kind == "builtin":
            self._model = _quell.Model(self._file, self._precision)
        else:
            self._content = content[0]
            suffix = pathlib.PurePath(os.fsdecode(self._file)).suffix
            self._model = _of_content(suffix, content[0], self._precision)
        return self._model.denoiser


@hinted
def load(name: Path, schedule: Any = None, precision: str = "stored") -> Model:
    """Loads a model.

    Arguments:
        name: "builtin:NAME" (quell.models() lists them), or a file: .json, .npy or .safetensors
            (docs/models.md, docs/networks.md). Files are not trusted.
        schedule: The schedule (default: the one that the model asks for, else "vp").
        precision: The precision of a network's weights: "stored"; "bf16": rounded to bfloat16,
            in half of the memory; or "bf16_products": with products of bfloat16 numbers
            (docs/networks.md, "Precision").

    Raises:
        BadModel: The file is not valid.
        NotFound: There is no built-in model or precision of this name.
        Unsupported: The precision is bf16 or bf16_products, and the model is no network, or has no
            weights for it.
        IOFailed: The file cannot be read.
    """
    return Model(name, schedule, precision)


def from_torch(module: Any, example: Any, **around: Any) -> Model:
    """Turns a network of PyTorch's into a model that C evaluates on all cores, with the same bits
    on any machine: what quell.export writes to a file, without one. It needs torch and safetensors.

    Arguments:
        module: The network, or a whole denoiser of azula's or quell's.
        example: What it is called with, as (x, t).
        around: The other arguments of quell.export, such as output="eps", schedule="vp", time="t".

    Raises:
        TypeError, ValueError: Those of quell.export.
    """
    from quell import export  # says what to install where torch is missing
    from torch import nn

    if not isinstance(module, nn.Module):
        raise TypeError(
            f"quell.from_torch: module: {said(module)}, must be a network of PyTorch's"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.safetensors")
        try:
            export(module, path, example, **around)
        except Exception as error:
            _say_from_torch(error)
            raise
        return Model._from(path)


def _say_from_torch(error: Exception) -> None:
    """Begins the message of an exception of quell.export's with the function that was called."""
    before, message = "quell.export:", str(error)
    if message.startswith(before):
        error.args = ("quell.from_torch:" + message.removeprefix(before),)
