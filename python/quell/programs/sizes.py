# SPDX-License-Identifier: MIT
"""Networks that do something else when there are many samples. A program is that of one sample, and
the check of a file has few: where torch.export had to look at the size of the batch, the module is
called with a large one."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MANY, SOME = 17, 5  # samples: of a small network, and of one whose samples are large
SMALL = 2**16  # numbers in a sample
NEAR = 1e-4  # what a sample may differ in another batch, by sums in another order


def narrowed(program: torch.export.ExportedProgram) -> bool:
    """Whether a graph is only for some sizes of the batch, of which torch.export takes 2 for the
    least."""
    ranges = program.range_constraints.values()
    return any(not _is_free(bounds.upper) or int(bounds.lower) > 2 for bounds in ranges)


def _is_free(upper: Any) -> bool:
    try:
        return bool(upper > 2**31)  # SymPy's infinities can be compared, and not all become an int
    except TypeError:
        return True


def _repeated(value: Any, count: int) -> Any:
    if not isinstance(value, Tensor) or not value.ndim:
        return value
    return value[torch.arange(count) % len(value)]


def _largest(value: Any) -> float:
    return float(value.double().nan_to_num(0, 0, 0).abs().max()) if value.numel() else 0.0


def other_in_many(
    module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> int | None:
    """Returns the size of a batch in which samples differ from what they are in that of a call;
    None if there is none, or if nothing can be said, as of a network with random numbers."""
    given = [a for a in (*arguments, *keywords.values()) if isinstance(a, Tensor) and a.ndim]
    if not given:
        return None
    few = len(given[0])
    many = MANY if given[0].numel() <= SMALL * few else SOME

    def called(count: int) -> list[Tensor]:
        told = torch.utils._pytree.tree_map(
            lambda value: _repeated(value, count), (tuple(arguments), dict(keywords))
        )
        leaves = torch.utils._pytree.tree_leaves(module(*told[0], **told[1]))
        return [part[:few].clone() for part in leaves if isinstance(part, Tensor) and part.ndim]

    with contextlib.suppress(Exception), torch.no_grad():
        first, again, large = called(few), called(few), called(many)
        off = [
            [_largest(y.double() - x.double()) / (_largest(x) or 1.0)
             for x, y in zip(first, other, strict=True)]
            for other in (again, large)
        ]  # fmt: skip
        if max(off[0], default=0.0) < NEAR <= max(off[1], default=0.0):
            return many
    return None
