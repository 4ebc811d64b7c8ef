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
from quell.programs.lower import Lowered
from quell.programs.trace import Refused, evaluating
from quell.programs.twin import in_double
from quell.programs.values import number

COUNT = 3  # the batch of the comparison, other than that of the trace
MOST_OWN = 1e-2  # what float32 may be off float64 in PyTorch itself: beyond it nothing is compared
MOST_AGAIN = 1e-5  # what a second call may differ, by sums in another order
MOST_COLUMN = 1e-2  # what a column may be off, relative to its own size
LEAST_COLUMN = 1e-9  # of the largest output: a column below it may be the rounding of 0

Evaluate = Callable[[dict[str, NDArray[np.float64]]], NDArray[Any]]


@dataclasses.dataclass
class Expected:
    """Inputs, and the module's outputs for them in float32 and in float64."""

    inputs: dict[str, Tensor]
    single: Tensor
    double: Tensor
    alone: Tensor  # in float64, one by one
    rounded: Tensor  # in float64, with weights that are rounded to float32
    again: Tensor  # in float32, by a second call
    faster: bool  # whether PyTorch may go another way in evaluation than in training

    @property
    def own(self) -> float:
        """The difference between float32 and float64, relative to the largest output, where float32
        is finite."""
        return self._off(self.single.double() - self.rounded)

    @property
    def changed(self) -> float:
        """The difference between two calls, relative to the largest output."""
        return self._off(self.again.double() - self.single.double())

    def _off(self, difference: Tensor) -> float:
        size = float(self.double.abs().max()) or 1.0
        return float(difference.nan_to_num(0, 0, 0).abs().max()) / size

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
            made[name] = _mask(tensor, random)
            made[name][1], made[name][2] = (0 if hidden else 1), 1
        none = (nones or {}).get(name)
        if none is not None and none != "same":
            made[name][1] = 0 if isinstance(none, str) else none
    return inputs.with_tensors(made)


def _is_mask(name: str, tensor: Tensor) -> bool:
    """Returns whether an input of the example is an array of zeros and ones."""
    plain = name not in ("x", "time", "class") and tensor.ndim > 1
    return plain and bool(((tensor == 0) | (tensor == 1)).all())


def _mask(tensor: Tensor, random: torch.Generator) -> Tensor:
    """Returns another mask. Where the rows of the example have their ones at the beginning, or at
    the end, so have those of the other."""
    made = (_rand((COUNT, *tensor.shape[1:]), random) < 0.7).to(tensor.dtype)
    for falling in (True, False):
        if bool((tensor.sort(-1, descending=falling)[0] == tensor).all()):
            return made.sort(-1, descending=falling)[0]
    return made


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
        return _rand(shape, random) < 0.5
    if not tensor.is_floating_point():
        return _between(tensor, shape, random).floor().to(tensor.dtype)
    if name == "time":
        return _between(tensor, shape, random)
    if name != "x" and float(tensor.min()) >= 0:  # a condition such as an energy, or a mask
        return _between(tensor, shape, random)
    spread = float(tensor.std()) if tensor.numel() > 1 else 0.0
    made = torch.randn(shape, generator=random, dtype=tensor.dtype)
    return made * (spread or 1) + tensor.mean()


def _between(tensor: Tensor, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Returns random numbers between half the least element of an example and the greatest; between
    0 and 1 where all are 0, but for whole numbers, which may be indices of a table of one row."""
    low, high = float(tensor.min()) / 2, float(tensor.max())
    if high == low == 0 and tensor.is_floating_point():
        high = 1.0
    return low + (high - low) * _rand(shape, random)


def _rand(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Whatever the default type of the caller's is."""
    return torch.rand(shape, generator=random, dtype=torch.float32)


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
    made = tensors[0]
    if made.is_complex():
        raise Refused(
            "quell.export: the network returns complex numbers: return torch.view_as_real(...), as "
            "samples are real"
        )
    return made if made.is_floating_point() else made.double()


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


def _has_faster(module: nn.Module) -> bool:
    kinds = (nn.TransformerEncoder, nn.TransformerEncoderLayer)
    found = any(isinstance(part, kinds) for part in module.modules())
    return found and torch.backends.mha.get_fastpath_enabled()


def _check_repeats(right: Expected) -> None:
    """Refuses a module of which nothing can be compared: two calls differ, or PyTorch itself gives
    something else in float32 than in float64, or something that is no number."""
    if not torch.isfinite(right.double).all():
        raise Refused("quell.export: the network's output is infinite or not a number in float64")
    if right.changed > MOST_AGAIN:
        raise Refused(
            f"quell.export: two calls with the same inputs differ by {right.changed:.1e} of the "
            "largest output: forward draws random numbers, or keeps something from call to call, "
            "which a program does not: remove that, or make it an input"
        )
    if right.own > MOST_OWN:
        faster = (
            "nn.TransformerEncoder goes another way in evaluation than in training, which leaves "
            "out what is padded: call torch.backends.mha.set_fastpath_enabled(False) before"
        )
        other = "does the network round, or choose its way by the values of its inputs?"
        raise Refused(
            "quell.export: PyTorch's own results in float32 and in float64 differ by "
            f"{right.own:.1e} of the largest output: {faster if right.faster else other}"
        )


def _evaluated(module: nn.Module, exact: nn.Module, other: Inputs) -> Expected:
    eager: Any = torch.compiler.set_stance
    with torch.no_grad(), evaluating(module), evaluating(exact), eager("force_eager"):
        own = with_same_weights(module)
        single = tensor_of(_called(own, _cloned(other))).clone()
        again = tensor_of(_called(own, _cloned(other)))
        rounded = _in_double(module, other)
        double = rounded if exact is module else _in_double(exact, other)
        each = [other.with_tensors(_one(other.tensors(), k)) for k in range(COUNT)]
        alone = [_in_double(exact, one) for one in each]
    faster = _has_faster(module)
    return Expected(other.tensors(), single, double, torch.cat(alone), rounded, again, faster)


def _cloned(inputs: Inputs) -> Inputs:
    """Returns inputs that the network may change."""
    return inputs.with_tensors({name: t.clone() for name, t in inputs.tensors().items()})


def _in_double(module: nn.Module, inputs: Inputs) -> Tensor:
    given = _cloned(inputs)
    try:
        return tensor_of(in_double(module, given.arguments, given.keywords))
    except (IndexError, RuntimeError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        count = "for one sample" if inputs.batch == 1 else f"for {inputs.batch} samples"
        raise Refused(
            f"quell.export: the network fails in float64 {count}: {one_line(error)}"
        ) from error


def evaluated(module: nn.Module, inputs: Inputs) -> Tensor:
    """Returns the module's output in float64."""
    eager: Any = torch.compiler.set_stance
    with torch.no_grad(), evaluating(module), eager("force_eager"):
        return _in_double(module, inputs)


def fails(module: nn.Module, inputs: Inputs) -> bool:
    """Returns whether a module cannot be called."""
    given = _cloned(inputs)
    try:
        with torch.no_grad(), evaluating(module):
            with_same_weights(module)(*given.arguments, **given.keywords)
    except Exception:
        return True
    return False


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
    difference = (right.alone - right.double).abs()
    together = float(difference.max()) / size
    off, column = _worst_column(difference, right, most, 0.0)
    if not together <= most or off:
        where = f"largest output in column {column}" if together <= most else "largest output"
        raise Refused(
            "quell.export: the network's samples depend on each other: a batch and its samples "
            f"one by one differ by {max(off, together):.1e} of the {where}"
        )


def _worst_column(
    difference: Tensor, right: Expected, most: float, own: float
) -> tuple[float, int]:
    """Returns the largest difference in a column that is off by more than `most` of its own largest
    output and `own` times what PyTorch's float32 is, with the column; 0 if there is none. The
    columns of samples are their first and their last dimension: what a column holds may be small
    beside the others."""
    if difference.ndim < 2:
        return 0.0, 0
    ours = (right.single.double() - right.rounded).nan_to_num(0, 0, 0)
    worst = (0.0, 0)
    for dim in (1, -1):
        size = _largest(right.double, dim)
        seen = size > LEAST_COLUMN * size.max()
        off = _largest(difference, dim)
        wrong = seen & (off > most * size + own * _largest(ours, dim))
        share = torch.where(wrong, off / size.clamp_min(1e-300), 0.0)
        worst = max(worst, (float(share.max()), int(share.argmax())))
    return worst


def _largest(values: Tensor, dim: int) -> Tensor:
    return values.double().abs().movedim(dim, 0).flatten(1).amax(1)


def outputs(evaluate: Evaluate, right: Expected) -> NDArray[Any]:
    """Returns a program's results for all inputs."""
    return np.stack([evaluate(right.sample(k)) for k in range(COUNT)])


def _whole_above(program: Lowered | None) -> str | None:
    """Returns the line of an instruction that computes whole numbers with one above 2^24."""
    for result in program.results if program is not None else ():
        numbers = [number(o) for o in result.operands]
        if not result.real and any(n is not None and abs(n) > 2**24 for n in numbers):
            return result.source
    return None


def _reason(program: Lowered | None) -> str:
    """Returns what may be why a program is not what its module is."""
    line = _whole_above(program)
    if line is None:
        return "Does the network choose its way by the values of its inputs?"
    return (
        "It computes whole numbers above 2^24, which a program rounds to float32: make a table of "
        "the results in __init__, and let forward look them up"
        + (f"\n      {line}" if line else "")
    )


def compare(
    evaluate: Evaluate, right: Expected, most: float, program: Lowered | None = None
) -> float:
    """Returns the largest difference between a program and its module, relative to the largest
    output.

    Arguments:
        program: What is evaluated, in which reasons for a difference are sought.

    Raises:
        Refused: The difference is more than `most`, and more than four times that between PyTorch
            in float32 and in float64.
    """
    size = float(right.double.abs().max()) or 1.0
    _check_repeats(right)
    check_independent(right, most)
    made = outputs(evaluate, right)
    worst = float(np.abs(made - right.double.numpy()).max()) / size
    if not worst <= max(most, 4 * right.own):
        raise Refused(
            f"quell.export: quell and PyTorch differ by {worst:.1e} of the largest output, more "
            f"than {most:.1e}; nothing is written. {_reason(program)}"
        )
    difference = torch.from_numpy(np.abs(made - right.double.numpy()))
    off, column = _worst_column(difference, right, max(MOST_COLUMN, 10 * most), 16.0)
    if off:
        raise Refused(
            f"quell.export: quell and PyTorch differ by {off:.1e} of the largest output in column "
            f"{column}, whose outputs are small beside those of others; nothing is written. Does "
            "the network need float64, or choose its way by the values of its inputs?"
        )
    return worst
