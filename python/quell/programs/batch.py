# SPDX-License-Identifier: MIT
"""The size of the batch, which torch.export leaves as a symbol in the sizes. A program describes
one sample: every size must be a multiple of the batch or independent of it, and the batch becomes
1."""

from typing import Any

import torch


OF_THE_BATCH = "is neither a multiple of the batch nor free of it"


class DependsOnBatch(Exception):
    """A size depends on the batch and is not a multiple of it."""


def of_one_sample(size: Any) -> int:
    """Returns a size of torch's, or another whole number, for a batch of 1."""
    if not isinstance(size, torch.SymInt):
        return int(size)
    expression = size.node.expr
    symbols = list(expression.free_symbols)
    for symbol in symbols[1:]:  # sizes that torch did not have to compare: all are the batch
        expression = expression.subs(symbol, symbols[0])
    if not symbols:
        return int(expression)
    multiple = expression.subs(symbols[0], 1)
    if (expression - multiple * symbols[0]).simplify() != 0:
        shown = expression.subs(symbols[0], type(symbols[0])("batch"))
        raise DependsOnBatch(f"a size of {shown} {OF_THE_BATCH}")
    return int(multiple)


def shape_of(tensor: torch.Tensor) -> tuple[int, ...]:
    """Returns the shape for a batch of 1."""
    return tuple(of_one_sample(size) for size in tensor.shape)
