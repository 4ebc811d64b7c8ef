# SPDX-License-Identifier: MIT
"""Instructions of more dimensions than a program has, beside PyTorch in float64; and how many
permutations one becomes."""

import itertools

import pytest
import torch
from beside import check_each
from quell.programs.wide import MOST, _runs, steps_of

SIZES = (2, 3, 1, 2, 2, 3, 2, 2, 2, 1, 2)


def wide(x):
    return x.reshape(x.shape[0], *SIZES)


def test_what_is_done_to_them():
    torch.manual_seed(0)
    check_each(
        [
            lambda m, x, f=f: f(wide(x))
            for f in (
                lambda x: x.permute(0, 5, 1, 9, 3, 7, 11, 4, 2, 6, 8, 10),
                lambda x: x.permute(0, 11, 9, 10, 8, 5, 4, 7, 6, 2, 3, 1),
                lambda x: x.transpose(1, 11).transpose(2, 9).movedim(5, 8),
                lambda x: x[:, :, 1:, :, :, :, ::2].movedim(5, 1),
                lambda x: x.flip(2, 5, 6).movedim(7, 2),
                lambda x: x.sum((2, 5)) - 3 * x.mean((2, 5)),
                lambda x: x.var((1, 5, 6), keepdim=True).movedim(2, 7),
                lambda x: x.amax(6, keepdim=True).movedim(11, 2),
                lambda x: x.softmax(5).movedim(2, 9),
                lambda x: torch.cat([x, x.cos()], 8).movedim(8, 1),
                lambda x: (x[:, :, :1] * torch.arange(2.0)).movedim(4, 9).sin(),
                lambda x: x[:, :, :1].expand(*x.shape[:2], 4, *x.shape[3:]).movedim(2, 8),
                lambda x: x.repeat(1, 1, 2, 1, 1, 3, *[1] * 6).movedim(5, 1),
                lambda x: x[:, :, [2, 0, 0]].movedim(2, 7),
                lambda x: (x @ torch.arange(6.0).reshape(2, 3)).movedim(11, 1),
            )
        ],
        torch.randn(2, 2 * 3 * 2 * 2 * 3 * 2 * 2 * 2 * 2),
    )


def made_of(steps, count):
    order = list(range(count))
    for step in steps:
        order = [order[k] for k in step]
    return order


@pytest.mark.parametrize("count", [2, 8, 9, 10, 12])
def test_one_or_two_permutations(count):
    torch.manual_seed(count)
    for _ in range(30):
        order = torch.randperm(count).tolist()
        steps = steps_of(order)
        if steps is None:  # beyond ten dimensions there are such
            assert count > 10
            continue
        assert len(steps) <= (1 if count <= MOST else 2) and made_of(steps, count) == order
        assert all(len(_runs(step)) <= MOST for step in steps)


def test_each_permutation_of_few():
    for order in itertools.permutations(range(5)):
        assert made_of(steps_of(list(order)), 5) == list(order)
