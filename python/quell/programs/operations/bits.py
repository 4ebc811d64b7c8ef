# SPDX-License-Identifier: MIT
"""Bits of whole numbers, which float32 has as they are below 2^24: products with powers of two,
quotients and remainders."""

import torch

from quell.programs.build import Builder
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Value, constant


def bits_of(b: Builder, call: Call) -> Value:
    """The bits of a whole number that a constant chooses: its last ones (1, 3, 7, ...), which are a
    remainder, or one of them (1, 2, 4, ...), which is that of a quotient."""
    x, mask = call.first(), call["other"]
    x, mask = (mask, x) if isinstance(x, Constant) else (x, mask)
    if not isinstance(mask, (int, Constant)):
        raise NotKnown(f"{call.name} of computed whole numbers", "arithmetic or where does it")
    given = torch.as_tensor(mask.tensor if isinstance(mask, Constant) else mask)
    if _is_power(given + 1):
        return _rest(b, x, given + 1)
    if not _is_power(given):
        raise NotKnown(f"{call.name} of whole numbers", "arithmetic or where does it")
    down = b.map("floor", [b.map("div", [x, constant(given.float())], torch.float32)], call.dtype)
    return b.map("mul", [_rest(b, down, torch.tensor(2)), constant(given.float())], call.dtype)


def _is_power(given: torch.Tensor) -> bool:
    """Whether all elements are powers of two."""
    return bool(((given > 0) & (given & (given - 1) == 0)).all())


def _rest(b: Builder, x: Value, by: torch.Tensor) -> Value:
    """The remainder of a division by powers of two, which is exact."""
    wide = constant(by.float())
    down = b.map("floor", [b.map("div", [x, wide], torch.float32)], torch.float32)
    return b.map("sub", [x, b.mul(down, wide)], x.dtype)


@lowers("__rshift__", "bitwise_right_shift", "__lshift__", "bitwise_left_shift")
def shifted(b: Builder, call: Call) -> Value:
    by = call["other"]
    if not isinstance(by, (int, Constant)):
        raise NotKnown(f"{call.name} by a computed number", "arithmetic does it")
    left = "left" in call.name or "lshift" in call.name
    exponent = torch.as_tensor(by.tensor if isinstance(by, Constant) else by).double()
    factor = constant(torch.exp2(exponent if left else -exponent).float())
    made = b.map("mul", [call.first(), factor], call.dtype)
    return made if left else b.map("floor", [made], call.dtype)
