# SPDX-License-Identifier: MIT
"""The arguments of a module, and what each of them is in a program: the sample x, the time, the
class, or a condition with a name."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from quell._said import said
from quell.programs.nested import Flat


# An argument of such a name is the time, as in forward(t, x) and forward(x, condition, t).
TIMES = "t ts time times timestep timesteps time_step time_steps sigma sigmas noise_level".split()


@dataclasses.dataclass
class Inputs:
    """The arguments of a call, and the names of the tensors among them, in order."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    names: list[str]

    def tensors(self) -> dict[str, Tensor]:
        """Returns the tensors by their names."""
        given = [*self.arguments, *self.keywords.values()]
        tensors = [value for value in given if isinstance(value, Tensor)]
        return dict(zip(self.names, tensors, strict=True))

    def with_tensors(self, tensors: Mapping[str, Tensor]) -> Inputs:
        """Returns the same call with these tensors in place of its own."""
        left = iter(self.names)

        def new(value: Any) -> Any:
            return tensors[next(left)] if isinstance(value, Tensor) else value

        arguments = tuple(new(value) for value in self.arguments)
        return Inputs(arguments, {k: new(v) for k, v in self.keywords.items()}, self.names)

    @property
    def batch(self) -> int:
        return len(self.tensors()["x"])


def inputs_of(
    module: nn.Module, example: Any, names: Sequence[str] | None, time: bool, classes: int
) -> Inputs:
    """Returns the inputs of a module from an example of its call: a tuple of arguments or a
    dictionary of keywords."""
    if isinstance(example, Tensor):
        example = (example,)
    if not isinstance(example, (tuple, list, Mapping)) or not example:
        raise TypeError(
            f"quell.export: example: {said(example) if example else 'it is empty'}, must be a "
            "tuple of what the network is called with, as (x, t), or a dictionary by names"
        )
    keywords, arguments = {}, ()
    if isinstance(example, Mapping):
        keywords = {str(name): _as_given(value, str(name)) for name, value in example.items()}
    else:
        arguments = tuple(_as_given(value, f"[{k}]") for k, value in enumerate(example))
    own = _own_names(module, arguments, keywords)
    tensors = [v for v in (*arguments, *keywords.values()) if isinstance(v, Tensor)]
    _check_batch(own, tensors)
    chosen = list(names) if names is not None else _roles(own, tensors, time, classes)
    _check_names(chosen, tensors)
    x = tensors[chosen.index("x")] if "x" in chosen else tensors[0]
    if x.ndim == 1:
        raise ValueError(
            f"quell.export: example: x has shape {list(x.shape)}, numbers without a dimension of "
            "their own: give x[:, None], and let forward begin with x = x[:, 0]"
        )
    made = Inputs(arguments, keywords, chosen)
    return made if made.batch > 1 else _doubled(made)


def _as_given(value: Any, where: str) -> Any:
    if isinstance(value, Tensor):
        value = value.detach()
        return value.float() if value.is_floating_point() else value
    if isinstance(value, (tuple, list, Mapping)):
        raise TypeError(
            "quell.export: example: a list or dictionary within it: wrap the network in a module "
            "that takes tensors"
        )
    if isinstance(value, np.ndarray):
        raise TypeError(
            f"quell.export: example: {where}: an array of NumPy's, must be a tensor: "
            "torch.as_tensor(...)"
        )
    return value


def _own_names(
    module: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> list[str]:
    """Returns the names of the tensors in the signature of forward."""
    if isinstance(module, Flat):
        return module.names
    try:
        signature = inspect.signature(module.forward)
        bound = signature.bind_partial(*arguments)
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        known = list(inspect.signature(module.forward).parameters)
        raise TypeError(
            f"quell.export: example: {type(module).__name__}: {error}; its forward takes "
            f"{', '.join(known)}"
        ) from None
    names = []
    for name, value in bound.arguments.items():
        if isinstance(value, Tensor):
            names.append(name)
        elif isinstance(value, tuple):  # *name
            names += [f"{name}_{k}" for k, part in enumerate(value) if isinstance(part, Tensor)]
    return names + [key for key, value in keywords.items() if isinstance(value, Tensor)]


def _check_batch(names: Sequence[str], tensors: Sequence[Tensor]) -> None:
    sizes = [(name, len(t)) for name, t in zip(names, tensors, strict=True) if t.ndim]
    if not sizes or not (tensors[0].ndim or names[0].lower() in TIMES):
        raise ValueError(
            "quell.export: example: must begin with x, a batch of samples, as a tensor of PyTorch's"
        )
    first, batch = sizes[0]
    for name, tensor in zip(names, tensors, strict=True):
        if tensor.is_complex():
            raise ValueError(
                f"quell.export: example: {name} is complex: give torch.view_as_real({name}), and "
                "make it complex within the network"
            )
        if not tensor.numel():
            raise ValueError(
                f"quell.export: example: {name} has shape {list(tensor.shape)}: no element"
            )
        if tensor.device.type != "cpu":
            raise ValueError(f"quell.export: example: {name} is on {tensor.device}: call .cpu()")
        if tensor.isnan().any():
            raise ValueError(
                f"quell.export: example: {name} has a NaN: the network is compared with PyTorch at "
                "the values of the example"
            )
        if tensor.ndim and len(tensor) != batch:
            raise ValueError(
                f"quell.export: example: {name} begins with {len(tensor)}, {first} with {batch}: "
                "each tensor has the batch first; what all samples share belongs into the module"
            )


def _roles(own: Sequence[str], tensors: Sequence[Tensor], time: bool, classes: int) -> list[str]:
    x, when = _places(own)
    if x and not time:
        raise ValueError(
            f"quell.export: example: begins with {own[0]}, must begin with x: say which tensor is "
            "what by names=[...]"
        )
    names = list(own)
    names[x] = "x"
    if time and when is not None:
        names[when] = "time"
    rest = [k for k in range(len(names)) if k != x and not (time and k == when)]
    if classes:
        found = [k for k in rest if _is_class(tensors[k], classes)]
        if not found:
            raise ValueError(
                f"quell.export: classes: {classes}, but no input of the example is a class: a "
                f"tensor of whole numbers, one a sample, or of {classes} numbers a sample"
            )
        names[found[0]] = "class"
    for k in rest:
        real = tensors[k].is_floating_point() or tensors[k].dtype == torch.bool
        if names[k] != "class" and not real:
            raise ValueError(
                f"quell.export: {names[k]}: whole numbers: say classes=COUNT if it is the class, "
                "or names=[...] if it is a condition"
            )
    return names


def _places(own: Sequence[str]) -> tuple[int, int | None]:
    """Returns which tensor is x, and which is the time, if one is: the first and the second, unless
    another alone has the name of a time."""
    if len(own) < 2:
        return 0, None
    named = [k for k, name in enumerate(own) if name.lower() in TIMES]
    when = named[0] if len(named) == 1 else 1
    return (1 if when == 0 else 0), when


def _is_class(tensor: Tensor, classes: int) -> bool:
    if tensor.is_floating_point():
        return tensor.shape[1:] == (classes,)
    return tensor.ndim > 0 and tensor[0].numel() == 1


def one_hot(label: Tensor) -> bool:
    """Returns whether classes are told as numbers of which one is 1, not by their index."""
    return label.ndim > 1 and label.is_floating_point()


def _check_names(names: Sequence[str], tensors: Sequence[Tensor]) -> None:
    if len(names) != len(tensors):
        raise ValueError(
            f"quell.export: names: {len(names)} of them, the example has {len(tensors)} tensors"
        )
    if "x" not in names or len(set(names)) != len(names):
        raise ValueError("quell.export: names: must have x among them, and each be another")
    for name, tensor in zip(names, tensors, strict=True):
        if not name or "=" in name:  # the command gives conditions as NAME=VALUE
            raise ValueError(f"quell.export: names: {said(name)}: must be a name, without =")
        if not name.isprintable():
            raise ValueError(
                f"quell.export: names: {said(name)}: must be a name of characters that are printed"
            )
        if name == "time" and tensor.ndim and tensor[0].numel() != 1:
            count = tensor[0].numel()
            raise ValueError(
                f"quell.export: the time has {count} numbers a sample, must be one number"
            )


def check_used(inputs: Inputs, used: set[str]) -> None:
    """Refuses classes and conditions of the example that are no inputs of the program: whatever
    they are, the samples are the same. A time may be left out."""
    for name in inputs.names:
        if name not in used | {"x", "time"}:
            raise ValueError(
                f"quell.export: example: {name}: the network's result does not depend on it: leave "
                "it out" + (", and classes" if name == "class" else "")
            )


class Method(nn.Module):
    """A module that is called by another of its methods than forward, as `autoencoder.decode`."""

    def __init__(self, method: Any) -> None:
        super().__init__()
        self.net, self.name = method.__self__, method.__name__

    def forward(self, x: Tensor, **given: Any) -> Any:
        return getattr(self.net, self.name)(x, **given)


def decoder_of(decode: Any) -> tuple[Any, Any]:
    """Returns a decoder as a module, and the function that says what it takes."""
    if inspect.ismethod(decode) and isinstance(decode.__self__, nn.Module):
        return Method(decode), decode
    return decode, getattr(decode, "forward", None)


def decoding_inputs(function: Any, inputs: Inputs) -> Inputs:
    """Returns the inputs of a decoder: the sample, and what it takes by name of the class (`label`)
    and of the conditions that the network takes."""
    given = {n: t for n, t in inputs.tensors().items() if n not in ("x", "time", "class")}
    label = inputs.tensors().get("class")
    known = ({} if label is None else {"label": label}) | given
    _, *rest = inspect.signature(function).parameters.values()
    keywords = {p.name: known[p.name] for p in rest if p.name in known}
    for p in rest:
        needed = p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        if needed and p.name not in known:
            raise ValueError(
                f"quell.export: decode: takes {p.name}: a decoder takes the sample first, and "
                + (f"beside it may take {', '.join(known)}" if known else
                   "nothing beside it, as the network has neither a class nor conditions")
            )
    names = ["x", *("class" if name not in given else name for name in keywords)]
    made = Inputs((inputs.tensors()["x"],), keywords, names)
    return made if made.batch > 1 else _doubled(made)


def _doubled(inputs: Inputs) -> Inputs:
    """Makes the batch two: torch.export takes a batch of one for a size that is always 1."""
    twice = {
        name: torch.cat([tensor, tensor]) if tensor.ndim else tensor
        for name, tensor in inputs.tensors().items()
    }
    return inputs.with_tensors(twice)
