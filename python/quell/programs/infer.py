# SPDX-License-Identifier: MIT
"""The shape of the result of each kind of instruction (docs/programs.md)."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from quell.programs.values import Operand, Shape, Value

Rule = Callable[[Sequence[Any], dict[str, Any]], Shape]


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Returns the shape that these broadcast to, by NumPy's rules."""
    rank = max((len(shape) for shape in shapes), default=0)
    made = [1] * rank
    for shape in shapes:
        for k, size in enumerate(shape, rank - len(shape)):
            if size != 1 and made[k] not in (1, size):
                raise AssertionError(f"{shapes} do not go together")
            made[k] = size if size != 1 else made[k]
    return tuple(made)


def _same(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return operands[0].shape


def _map(operands: Sequence[Operand], said: dict[str, Any]) -> Shape:
    return broadcast([o.shape for o in operands if isinstance(o, Value)])


def _reshape(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    assert math.prod(said["shape"]) == math.prod(operands[0].shape)
    return tuple(said["shape"])


def _permute(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return tuple(operands[0].shape[k] for k in said["order"])


def _slice(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    shape = list(operands[0].shape)
    shape[said["dim"]] = len(range(said["start"], said["stop"], said["step"]))
    return tuple(shape)


def _repeat(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return tuple(n * size for n, size in zip(said["counts"], operands[0].shape, strict=True))


def _concat(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    shape = list(operands[0].shape)
    shape[said["dim"]] = sum(o.shape[said["dim"]] for o in operands)
    return tuple(shape)


def _pad(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    borders = zip(said["before"], operands[0].shape, said["after"], strict=True)
    return tuple(before + size + after for before, size, after in borders)


def _linear(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return (*operands[0].shape[:-1], operands[1].shape[0])


def _matmul(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    a, b = operands[0].shape, operands[1].shape
    assert a[-1] == b[-2]
    return (*broadcast([a[:-2], b[:-2]]), a[-2], b[-1])


def _windows(sizes: Shape, window: Sequence[int], said: dict[str, Any]) -> Shape:
    """Returns how often a window fits along each dimension."""
    dilation = said.get("dilation", [1] * len(sizes))
    return tuple(
        (said["before"][k] + size + said["after"][k] - dilation[k] * (window[k] - 1) - 1)
        // said["stride"][k]
        + 1
        for k, size in enumerate(sizes)
    )


def _conv(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    x, weight = operands[0].shape, operands[1].shape
    assert len(x) == len(weight) - 1
    return (weight[0], *_windows(x[1:], weight[2:], said))


def _conv_transpose(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    x, weight = operands[0].shape, operands[1].shape
    assert len(x) == len(weight) - 1
    sizes = [
        (size - 1) * said["stride"][k]
        + said["dilation"][k] * (weight[k + 2] - 1)
        + 1
        - said["before"][k]
        - said["after"][k]
        for k, size in enumerate(x[1:])
    ]
    return (weight[1] * said["groups"], *sizes)


def _attention(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return (*operands[0].shape[:-1], operands[2].shape[-1])


def _reduce(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    shape = operands[0].shape
    if said["keep"]:
        return tuple(1 if k in said["dims"] else size for k, size in enumerate(shape))
    return tuple(size for k, size in enumerate(shape) if k not in said["dims"])


def _nearest(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return tuple(n * size for n, size in zip(said["factors"], operands[0].shape, strict=True))


def _interpolate(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    return (*operands[0].shape[: -len(said["sizes"])], *said["sizes"])


def _pool(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    x = operands[0].shape
    return (x[0], *_windows(x[1:], said["window"], said))


def _gather(operands: Sequence[Value], said: dict[str, Any]) -> Shape:
    shape, index = operands[0].shape, operands[1].shape
    return (*shape[: said["dim"]], *index, *shape[said["dim"] + 1 :])


RULES: dict[str, Rule] = {
    "attention": _attention,
    "concat": _concat,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "expand": lambda operands, said: tuple(said["shape"]),
    "flip": _same,
    "gather": _gather,
    "interpolate": _interpolate,
    "linear": _linear,
    "map": _map,
    "matmul": _matmul,
    "nearest": _nearest,
    "norm": _same,
    "pad": _pad,
    "permute": _permute,
    "pool": _pool,
    "put": _same,
    "reduce": _reduce,
    "repeat": _repeat,
    "reshape": _reshape,
    "slice": _slice,
    "softmax": _same,
}
