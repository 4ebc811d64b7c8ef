# SPDX-License-Identifier: MIT
"""Operations whose places are computed, that put elements in order, or that run along a dimension,
as programs and by PyTorch in float64, on other inputs than were traced."""

import pytest
import quell
import torch
import torch.nn.functional as F
from beside import check_each

PLACES = torch.arange(48).reshape(1, 4, 6, 2) * 7 % 6


def check(functions):
    torch.manual_seed(0)
    check_each([lambda module, x, f=f: f(x) for f in functions], torch.randn(3, 4, 6, 6))


def test_diagonals():
    check(
        [
            lambda x: torch.diagonal(x, 1, 2, 3),
            lambda x: torch.diagonal(x, -2, dim1=1, dim2=3),
            lambda x: torch.diagonal(x, -1, dim1=3, dim2=1),
            lambda x: torch.einsum("bcii->bc", x),
            lambda x: torch.einsum("bcii,bcij->bj", x, x),
            lambda x: torch.einsum("bciii->bci", x[:, :, None, :4, :4].expand(-1, -1, 4, -1, -1)),
        ]
    )


def test_diagonals_that_are_written():
    check(
        [
            lambda x: x.diagonal_scatter(x[:, :, 0] * 2, 0, 2, 3),
            lambda x: x.diagonal_scatter(x[:, :, 1, :4], 2, 2, 3),
            lambda x: x.diagonal_scatter(x[:, 0, :, :4], -1, 3, 1),
            lambda x: torch.stack([x[:, 0]] * 6, 1).diagonal_scatter(x[:, 1], 0, 1, 2),
        ]
    )


def test_what_runs():
    check(
        [
            lambda x: x.cumprod(-1),
            lambda x: x.cumprod(1),
            lambda x: x.logcumsumexp(2),
            lambda x: x.relu().log().logcumsumexp(-1).exp(),
            lambda x: x.cummax(-1).values + x.cummax(1).indices,
            lambda x: x.cummin(2).values + x.round().cummin(-1).indices,
        ]
    )


def numbers_of(x):
    """Whole numbers from 0 to 3."""
    return (x.sigmoid() * 3.99).long()


def test_computed_places():
    check(
        [
            lambda x: x.gather(2, x.argmax(2, keepdim=True)),
            lambda x: torch.take_along_dim(x, x.argmin(1, keepdim=True), 1),
            lambda x: x.gather(1, numbers_of(x)[:, :2, :3]),
            lambda x: torch.zeros_like(x).scatter(2, x.argmax(2, keepdim=True), 1.0),
            lambda x: x.scatter(1, numbers_of(x).sort(1).indices, x * 2),
            lambda x: x.scatter(2, PLACES[:, :1, :2, :1].expand(len(x), 4, -1, 6), 0.5),
            lambda x: torch.zeros_like(x).scatter_add(1, numbers_of(x), x),
            lambda x: x.scatter_add(3, PLACES.expand(len(x), -1, -1, -1), x),
            lambda x: x[torch.arange(len(x)), numbers_of(x[:, 0, 0, 0])],
            lambda x: x[torch.arange(len(x))[:, None], torch.arange(4), numbers_of(x[:, :1, 0, 0])],
            lambda x: x[torch.arange(len(x)), -1 - numbers_of(x[:, 0, 0, 0])],
        ]
    )  # fmt: skip


def test_masks_that_are_written():
    def both(x):
        y = x.clone()
        y[y > 0.3] = -2.0
        y[x[:, :, 0, 0] > 0] = 0.5
        return y

    def inner(x):
        y = x.clone()
        y[:, torch.arange(4) > 1] = 7.0
        return y

    mask = torch.arange(36).reshape(6, 6) % 5 == 1

    def region(x):
        y = x.clone()
        y[:, :, mask] = x[:, :, mask].cos()
        y[:, mask[0, :4], 2] = x[:, :1, 5]
        y[:, [True, False, True, False], :, 1] *= 3
        return y

    check([both, inner])
    check([region])


def test_fixed_places_along_several_dimensions():
    rows, columns = torch.tensor([5, 0, -2, 0]), torch.tensor([[1], [4]])

    def put(x):
        y = x.clone()
        y[:, :, rows, columns] = x[:, :, :2, 1:5]
        part = torch.arange(6.0) - x[:, :2, :, 0].movedim(0, 1)
        y[:, torch.tensor([0, 3]), :, torch.tensor([1, 1])] = part
        return y

    check([put])


def test_masks_that_choose():
    mask = torch.arange(36).reshape(6, 6) % 7 < 3
    check([lambda x: x[:, :, mask].sin(), lambda x: x[:, mask[1, :4]], lambda x: x[:, :2, mask[3]]])


def test_order():
    check(
        [
            lambda x: x.sort(2).values,
            lambda x: x.sort(-1, descending=True).indices,
            lambda x: torch.sort(x.round(), dim=1, stable=True).indices,
            lambda x: torch.sort(x.round(), dim=1, stable=True, descending=True).indices,
            lambda x: x.flatten(1).argsort(),
            lambda x: torch.cat([part + 0.0 for part in x.topk(3, -1)], -1),
            lambda x: x.topk(2, 1, largest=False).values,
            lambda x: x.median(-1).values,
            lambda x: x[:, :3].median(1).indices,
            lambda x: x.kthvalue(2, dim=2).values,
            lambda x: torch.quantile(x, 0.3, dim=-1),
        ]
    )


def test_bits():
    def k(x):
        return (x[:, 0, 0] * 100).long()[..., None]

    check(
        [
            lambda x: (k(x) >> torch.arange(7)) & 1,
            lambda x: k(x) & 2 ** torch.arange(7),
            lambda x: (k(x) & 15) + (k(x) << 2) + (k(x) >> 3),
            lambda x: torch.ldexp(x, torch.tensor(3)) + torch.ldexp(x, x.floor()),
            lambda x: x.norm(3, dim=-1) + torch.linalg.vector_norm(x, -torch.inf, dim=-1),
            lambda x: torch.linalg.vector_norm(x.relu(), 0, dim=1),
        ]
    )


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_grid_sample(mode, padding):
    """Up to three times beyond the image."""

    def grid(x):
        return x[:, :2, :5].permute(0, 2, 3, 1) * 1.5

    check(
        [
            lambda x: F.grid_sample(x, grid(x), mode, padding, True),
            lambda x: F.grid_sample(x, grid(x), mode, padding, False),
            lambda x: F.grid_sample(x[:, None], x[:, None, :, :, :3] * 2, mode, padding, False),
        ]
    )


def test_an_affine_map():
    def moved(x):
        theta = x[:, :1, 0, :3].sigmoid().view(-1, 1, 3).repeat(1, 2, 1)
        return F.grid_sample(
            x, F.affine_grid(theta, x.shape, align_corners=True), align_corners=True
        )

    check([moved])


class Beyond(torch.nn.Module):
    """Places that a condition says."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x, t, k):
        return self.function(x, k.long()) * t[:, None]


@pytest.mark.parametrize(
    "function, count",
    [
        (lambda x, k: x.gather(1, k[:, None].expand(-1, 6)), 6),
        (lambda x, k: x.scatter(1, k[:, None], 0.0), 6),
        (lambda x, k: x.scatter_add(1, k[:, None], x[:, :1]), 6),
        (lambda x, k: x.view(-1, 2, 3)[torch.arange(len(x)), k - k, k][:, None] + x, 3),
    ],
)
def test_a_place_that_does_not_exist(function, count, tmp_path):
    """PyTorch fails; quell finds no number."""
    net, path = Beyond(function), tmp_path / "net.safetensors"
    x, t, k = torch.randn(3, 6), torch.rand(3), torch.tensor([0.0, 2.0, 1.0])
    quell.export(net, path, (x, t, k), output="x0", schedule="vp", time="t")
    model = quell.load(path)
    with torch.no_grad():
        right = net(x, torch.full((3,), 0.5), k)
    assert (model(x, 0.5, k=k).mean - right).abs().max() < 1e-6
    for beyond in count, -count - 1, 99:
        with pytest.raises(quell.Error):
            model(x, 0.5, k=torch.full((3,), float(beyond)))
