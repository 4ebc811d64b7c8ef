# SPDX-License-Identifier: MIT
"""Networks with conditions and guidance."""

import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import nn


@case
def cond_dict():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(5 + 1 + 3 + 2, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t, cond: dict):
            h = torch.cat([x, t[:, None], cond["energy"].log(), cond["angle"]], -1)
            return self.b(F.softplus(self.a(h)))

    return (
        Net(),
        {
            "x": torch.randn(BATCH, 5),
            "t": t(),
            "cond": {"energy": torch.rand(BATCH, 3) + 1, "angle": torch.randn(BATCH, 2)},
        },
        {},
    )


@case
def where_masks():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 32)
            self.b = nn.Linear(32, 4)
            self.null = nn.Parameter(torch.randn(32))

        def forward(self, x, t, mask):
            h = self.a(x)
            h = torch.where(mask[..., None] > 0.5, h, self.null)
            w = (
                (h @ h.transpose(1, 2) / 32**0.5)
                .masked_fill(mask[:, None, :] < 0.5, -1000000000.0)
                .softmax(-1)
            )
            return self.b(w @ h).masked_fill((mask < 0.5).unsqueeze(-1), 0.0) * t.reshape(-1, 1, 1)

    return (
        Net(),
        (torch.randn(BATCH, 6, 4), t(), torch.tensor([[1.0, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]])),
        {},
    )


@case
def bool_mask():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 32)
            self.b = nn.Linear(32, 4)

        def forward(self, x, t, mask):
            h = F.gelu(self.a(x), approximate="tanh") * mask.unsqueeze(-1)
            p = h.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
            return self.b(h + p[:, None]) * t[:, None, None] * (~mask).logical_not()[..., None]

    return (
        Net(),
        (
            torch.randn(BATCH, 6, 4),
            t(),
            torch.tensor([[True, True, True, False, False, False], [True] * 6]),
        ),
        {},
    )


@case
def adaln_zero():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Conv2d(3, 32, 2, 2)
            self.n = nn.LayerNorm(32, elementwise_affine=False, eps=1e-06)
            self.m = nn.Sequential(nn.SiLU(), nn.Linear(32, 96))
            self.f = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))
            self.o = nn.Linear(32, 12)
            self.y = nn.Embedding(11, 32)

        def forward(self, x, t, y):
            h = self.i(x).flatten(2).mT
            c = sinus(t * 1000, 32) + self.y(y)
            sh, sc, g = self.m(c).unsqueeze(1).chunk(3, -1)
            h = h + g * self.f(torch.addcmul(sh, self.n(h), 1 + sc))
            z = self.o(h)
            n = int(z.shape[1] ** 0.5)
            return (
                z.reshape(-1, n, n, 2, 2, 3).permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, 2 * n, 2 * n)
            )

    return (Net(), (img(), t(), torch.tensor([3, 9])), {"classes": 10, "no_class": 10})


@case
def cfg_null_embedding():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 32)
            self.e = nn.Linear(8, 32)
            self.null = nn.Parameter(torch.zeros(1, 32))
            self.b = nn.Linear(32, 2)

        def forward(self, x, t, c, drop):
            e = self.e(c)
            e = torch.where(drop.bool()[:, None], self.null.expand(e.shape[0], -1), e)
            return self.b(F.silu(self.a(x) + e)) * t[:, None]

    return (
        Net(),
        (torch.randn(BATCH, 2), t(), torch.randn(BATCH, 8), torch.tensor([0.0, 1.0])),
        {},
    )


@case
def cfg_inside():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 32)
            self.e = nn.Embedding(5, 32)
            self.b = nn.Linear(32, 2)

        def net(self, x, t, y):
            return self.b(F.silu(self.a(torch.cat([x, t[:, None]], 1)) + self.e(y)))

        def forward(self, x, t, y):
            both = self.net(
                torch.cat([x, x]), torch.cat([t, t]), torch.cat([y, torch.full_like(y, 4)])
            )
            c, u = both.chunk(2)
            return u + 2.0 * (c - u)

    return (Net(), (torch.randn(BATCH, 2), t(), torch.tensor([0, 3])), {"classes": 4})


@case
def graph_dense():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Sequential(nn.Linear(1 + 1, 16), nn.SiLU(), nn.Linear(16, 1))

        def forward(self, x, t, mask):
            d = x.unsqueeze(2) - x.unsqueeze(1)
            r = (d**2).sum(-1, keepdim=True)
            w = (
                self.e(torch.cat([r, t[:, None, None, None].expand_as(r)], -1))
                * (mask[:, :, None] * mask[:, None])[..., None]
                * (1 - torch.eye(x.shape[1]))[None, ..., None]
            )
            y = x + (w * d / (r.sqrt() + 1)).sum(2)
            m = mask[..., None]
            return (y - (y * m).sum(1, keepdim=True) / m.sum(1, keepdim=True)) * m

    return (
        Net(),
        (torch.randn(BATCH, 6, 3), t(), torch.tensor([[1.0, 1, 1, 1, 0, 0], [1] * 6])),
        {},
    )


@case
def labels_of_a_bounded_table():
    """Embeddings that PyTorch clips to a norm as it reads them."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(5, 6, max_norm=1.0, padding_idx=0)
            self.small = nn.Embedding(5, 6, max_norm=0.5, norm_type=1.0)
            nn.init.normal_(self.e.weight, std=3)
            self.line = nn.Linear(6, 6)

        def forward(self, x, t, y):
            return self.line(x + self.e(y)) * t[:, None] + self.small(y)

    return Net(), (torch.randn(BATCH, 6), t(), torch.tensor([1, 4])), {"classes": 5}
