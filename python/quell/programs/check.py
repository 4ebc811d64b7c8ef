# SPDX-License-Identifier: MIT
"""Compares a program with the module that it was made from, on other inputs than those of the
trace: other samples, times, labels and conditions, and another size of the batch. Only this finds
what the trace took for a constant although it is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quell._said import one_line
from quell.programs.copies import with_same_weights
from quell.programs.inputs import Inputs, one_hot
from quell.programs.trace import Refused, evaluating
from quell.programs.twin import in_double

COUNT = 3  # the batch of the comparison, other than that of the trace

Evaluate = Callable[[dict[str, NDArray[np.float64]]], NDArray[Any]]


@dataclasses.dataclass
class Expected:
    """Inputs, and the module's outputs for them in float32 and in float64."""

    inputs: dict[str, Tensor]
    single: Tensor
    double: Tensor
    alone: Tensor  # in float64, one by one
    rounded: Tensor  # in float64, with weights that are rounded to float32

    @property
    def own(self) -> float:
        """The difference between float32 and float64, relative to the largest output."""
        size = float(self.double.abs().max()) or 1.0
        return float((self.single.double() - self.rounded).abs().max()) / size

    def sample(self, k: int) -> dict[str, NDArray[np.float64]]:
        """Returns the inputs of one sample."""
        return {
            name: (tensor[k] if tensor.ndim else tensor).double().numpy()
            for name, tensor in self.inputs.items()
        }


def others(
    inputs: Inputs,
    classes: int,
    no_class: Any = None,
    seed: int = 0,
    nones: Mapping[str, Any] | None = None,
    hidden: bool = True,
) -> Inputs:
    """Returns other inputs of the same shapes, and conditions that are not negative if none in the
    example is. The classes are the last one, what stands for no class if it is an index, and
    others. The second sample has what stands for none of the conditions (`nones`); of masks of
    zeros and ones the second is all zeros, unless `hidden` is false, and the third all ones."""
    random = torch.Generator().manual_seed(seed)
    made = {
        name: _labels(tensor, classes, no_class, random)
        if name == "class" and classes
        else _other(name, tensor, random)
        for name, tensor in inputs.tensors().items()
    }
    for name, tensor in inputs.tensors().items():
        if _is_mask(name, tensor):
            made[name] = (torch.rand(made[name].shape, generator=random) < 0.7).to(tensor.dtype)
            made[name][1], made[name][2] = (0 if hidden else 1), 1
        none = (nones or {}).get(name)
        if none is not None and none != "same":
            made[name][1] = 0 if isinstance(none, str) else none
    return inputs.with_tensors(made)


def _is_mask(name: str, tensor: Tensor) -> bool:
    """Returns whether an input of the example is an array of zeros and ones."""
    plain = name not in ("x", "time", "class") and tensor.ndim > 1
    return plain and bool(((tensor == 0) | (tensor == 1)).all())


def _labels(tensor: Tensor, classes: int, no_class: Any, random: torch.Generator) -> Tensor:
    label = torch.randint(classes, (COUNT,), generator=random)
    label[0] = classes - 1
    if isinstance(no_class, int):
        label[1] = no_class
    if not one_hot(tensor):
        return label.to(tensor.dtype).reshape(-1, *tensor.shape[1:])
    onehot = torch.nn.functional.one_hot(label, classes).to(tensor.dtype)
    if no_class == "zeros":
        onehot[1] = 0
    return onehot


def _other(name: str, tensor: Tensor, random: torch.Generator) -> Tensor:
    if not tensor.ndim:
        return tensor * 0.75 if tensor.is_floating_point() else tensor // 2
    shape = (COUNT, *tensor.shape[1:])
    if tensor.dtype == torch.bool:
        return torch.rand(shape, generator=random) < 0.5
    if not tensor.is_floating_point():
        return _between(tensor, shape, random).floor().to(tensor.dtype)
    if name == "time":
        return _between(tensor, shape, random)
    if name != "x" and float(tensor.min()) >= 0:  # a condition such as an energy, or a mask
        return _between(tensor, shape, random)
    spread = tensor.std() if tensor.numel() > 1 else torch.ones(())
    return torch.randn(shape, generator=random) * spread + tensor.mean()


def _between(tensor: Tensor, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Returns random numbers between half the least element of an example and the greatest."""
    low, high = float(tensor.min()) / 2, float(tensor.max())
    return low + (high - low) * torch.rand(shape, generator=random)


def _one(tensors: Mapping[str, Tensor], k: int) -> dict[str, Tensor]:
    return {name: t[k : k + 1] if t.ndim else t for name, t in tensors.items()}


def tensor_of(returned: Any) -> Tensor:
    """Returns the one tensor in what a module returns; refuses none or several."""
    leaves = torch.utils._pytree.tree_leaves(returned)
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    if len(tensors) != 1:
        raise Refused(
            f"quell.export: the network returns {len(tensors)} tensors, must be one: wrap it in a "
            "module that returns the one that is meant"
        )
    return tensors[0]


def expected(
    module: nn.Module,
    inputs: Inputs,
    classes: int,
    no_class: Any = None,
    nones: Mapping[str, Any] | None = None,
    exact: nn.Module | None = None,
) -> Expected:
    """Returns the module's outputs for other inputs.

    Arguments:
        exact: The module with the weights that it has in float64, where those of `module` are
            rounded.
    """
    exact = exact if exact is not None else module
    made = _evaluated(module, exact, others(inputs, classes, no_class, 0, nones))
    if torch.isfinite(made.double).all():
        return made
    if nones and not torch.isfinite(made.double[1]).all() and torch.isfinite(made.double[0]).all():
        raise Refused(
            f"quell.export: none: with what stands for none of {', '.join(nones)} the network's "
            "output is infinite or not a number"
        )
    return _evaluated(module, exact, others(inputs, classes, no_class, 0, nones, hidden=False))


def _evaluated(module: nn.Module, exact: nn.Module, other: Inputs) -> Expected:
    eager: Any = torch.compiler.set_stance
    with torch.no_grad(), evaluating(module), evaluating(exact), eager("force_eager"):
        single = tensor_of(_called(with_same_weights(module), other))
        rounded = tensor_of(in_double(module, other.arguments, other.keywords))
        double = rounded
        if exact is not module:
            double = tensor_of(in_double(exact, other.arguments, other.keywords))
        alone = []
        for k in range(COUNT):
            one = other.with_tensors(_one(other.tensors(), k))
            alone.append(tensor_of(in_double(exact, one.arguments, one.keywords)))
    return Expected(other.tensors(), single, double, torch.cat(alone), rounded)


def evaluated(module: nn.Module, inputs: Inputs) -> Tensor:
    """Returns the module's output in float64."""
    eager: Any = torch.compiler.set_stance
    with torch.no_grad(), evaluating(module), eager("force_eager"):
        return tensor_of(in_double(module, inputs.arguments, inputs.keywords))


def _called(module: nn.Module, inputs: Inputs) -> Any:
    """Calls a module. What fails here was not in the example: the last class, most often."""
    try:
        return module(*inputs.arguments, **inputs.keywords)
    except (IndexError, RuntimeError) as error:
        label = inputs.tensors().get("class")
        told = "" if label is None else f", class {int(_number_of(label).max())} among them"
        raise Refused(
            f"quell.export: the network fails on other inputs than the example's{told}: "
            f"{one_line(error)}"
        ) from error


def _number_of(label: Tensor) -> Tensor:
    return label.argmax(1) if one_hot(label) else label


def check_independent(right: Expected, most: float) -> None:
    """Refuses a module whose outputs for a batch and for its samples one by one differ by more than
    `most`."""
    size = float(right.double.abs().max()) or 1.0
    together = float((right.alone - right.double).abs().max()) / size
    if not together <= most:
        raise Refused(
            "quell.export: the network's samples depend on each other: a batch and its samples "
            f"one by one differ by {together:.1e} of the largest output"
        )


def outputs(evaluate: Evaluate, right: Expected) -> NDArray[Any]:
    """Returns a program's results for all inputs."""
    return np.stack([evaluate(right.sample(k)) for k in range(COUNT)])


def compare(evaluate: Evaluate, right: Expected, most: float) -> float:
    """Returns the largest difference between a program and its module, relative to the largest
    output.

    Raises:
        Refused: The difference is more than `most`, and more than four times that between PyTorch
            in float32 and in float64.
    """
    size = float(right.double.abs().max()) or 1.0
    check_independent(right, most)
    made = outputs(evaluate, right)
    worst = float(np.abs(made - right.double.numpy()).max()) / size
    if not worst <= max(most, 4 * right.own):
        raise Refused(
            f"quell.export: quell and PyTorch differ by {worst:.1e} of the largest output, more "
            f"than {most:.1e}; nothing is written. Does the network choose its way by the values "
            "of its inputs?"
        )
    return worst
