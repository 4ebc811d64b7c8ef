# SPDX-License-Identifier: MIT
"""Networks of rows, graphs, sets and series."""

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn


@case
def lora_by_sample():
    """Weights of low rank for each sample, from the condition, normalised."""

    class Net(nn.Module):
        def __init__(self, d=7, h=20, r=3):
            super().__init__()
            self.r, self.h, self.d = r, h, d
            self.hyper = nn.Sequential(nn.Linear(4 + 1, 32), nn.ReLU(), nn.Linear(32, r * (d + h)))
            self.a, self.b = nn.Linear(d, h), nn.Linear(h, d)

        def forward(self, x, t, context):
            w = self.hyper(torch.cat([context, t.unsqueeze(1)], 1))
            down, up = w.split([self.r * self.d, self.r * self.h], dim=1)
            down = F.normalize(down.view(-1, self.r, self.d), dim=-1)
            delta = torch.bmm(up.view(-1, self.h, self.r), down)
            W = self.a.weight.unsqueeze(0) + 0.5 * delta
            h = torch.baddbmm(self.a.bias[None, :, None], W, x.unsqueeze(-1)).squeeze(-1)
            return self.b(F.softsign(h))

    return Net(), (torch.randn(BATCH, 7), t(), torch.randn(BATCH, 4)), {}


@case
def capsule_routing():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(0.3 * torch.randn(5, 6, 4, 3))
            self.o = nn.Linear(20, 18)

        def squash(self, s):
            n = (s**2).sum(-1, keepdim=True)
            return n / (1 + n) * s / torch.sqrt(n + 1e-9)

        def forward(self, x, t):
            u = torch.einsum("jiod,bid->bjio", self.w, x)
            b = torch.zeros(x.size(0), 5, 6, device=x.device)
            for it in range(3):
                c = b.softmax(dim=1)
                v = self.squash((c.unsqueeze(-1) * u).sum(dim=2) + t[:, None, None])
                if it < 2:
                    b = b + (u * v.unsqueeze(2)).sum(-1)
            return self.o(v.flatten(1)).view_as(x)

    return Net(), (torch.randn(BATCH, 6, 3), t()), {}


@case
def graph_of_condition():
    """GCN and GAT on an adjacency that is a condition, degrees with zero among them."""

    class Net(nn.Module):
        def __init__(self, d=5, h=12):
            super().__init__()
            self.w1, self.w2 = nn.Linear(d + 1, h), nn.Linear(h, d)
            self.a = nn.Parameter(torch.randn(2 * h, 1))

        def forward(self, x, t, adj):
            b, n, _ = x.shape
            deg = adj.sum(-1)
            inv = deg.pow(-0.5)
            inv[torch.isinf(inv)] = 0.0
            norm = inv.unsqueeze(-1) * adj * inv.unsqueeze(-2)
            h = F.relu(norm @ self.w1(torch.cat([x, t.view(b, 1, 1).expand(b, n, 1)], -1)))
            left = h @ self.a[: h.size(-1)]
            right = h @ self.a[h.size(-1) :]
            e = F.leaky_relu(left + right.mT, 0.2)
            e = torch.where((adj + torch.eye(n)) > 0, e, torch.full_like(e, -9e15))
            return self.w2(F.elu(F.softmax(e, dim=2) @ h)) + x

    adj = torch.tensor([[[0.0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]]).repeat(
        BATCH, 1, 1
    )
    return Net(), (torch.randn(BATCH, 4, 5), t(), adj), {}


@case
def table_of_columns():
    """FT-Transformer: numbers and categories of a row, whose categories are a condition."""

    class Net(nn.Module):
        def __init__(self, n=4, cats=(3, 5, 2), d=12):
            super().__init__()
            self.w, self.b = nn.Parameter(torch.randn(n, d)), nn.Parameter(torch.randn(n, d))
            self.register_buffer("offsets", torch.tensor([0, *cats[:-1]]).cumsum(0))
            self.emb, self.cls = nn.Embedding(sum(cats), d), nn.Parameter(torch.randn(d))
            self.enc = nn.TransformerEncoderLayer(d, 2, 24, activation=F.gelu, batch_first=True)
            self.head, self.t = nn.Linear(d, 1), nn.Linear(16, d)

        def forward(self, x, t, categories):
            num = self.w[None] * x[..., None] + self.b[None]
            cat = self.emb(categories.long() + self.offsets[None])
            h = torch.cat(
                [self.cls.expand(len(x), 1, -1) + self.t(sinus(t, 16))[:, None], num, cat], 1
            )
            h = self.enc(h)
            return self.head(F.relu(h[:, 1 : 1 + x.shape[1]])).squeeze(-1) + h[:, :1, 0]

    return (
        Net(),
        (torch.randn(BATCH, 4), t(), torch.tensor([[2, 4, 1], [0, 1, 0]])),
        {"names": ["x", "time", "categories"]},
    )


@case
def series_decomposition():
    """Moving averages over repeated ends, a norm by the history's own mean and deviation."""

    class Net(nn.Module):
        def __init__(self, k=5, n=12, m=8, c=3):
            super().__init__()
            self.avg, self.k = nn.AvgPool1d(k, stride=1, padding=0), k
            self.seasonal, self.trend = nn.Linear(n + m, m), nn.Linear(n + m, m)
            self.gain, self.bias = nn.Parameter(torch.rand(c) + 0.5), nn.Parameter(torch.zeros(c))

        def decompose(self, x):
            front, end = (
                x[:, 0:1].repeat(1, (self.k - 1) // 2, 1),
                x[:, -1:].repeat(1, (self.k - 1) // 2, 1),
            )
            mean = self.avg(torch.cat([front, x, end], 1).permute(0, 2, 1)).permute(0, 2, 1)
            return x - mean, mean

        def forward(self, x, t, past):
            mu = past.mean(1, keepdim=True).detach()
            sd = torch.sqrt(torch.var(past, dim=1, keepdim=True, unbiased=False) + 1e-5).detach()
            z = (past - mu) / sd * self.gain + self.bias
            s, tr = self.decompose(torch.cat([z, x], 1) * (1 - t)[:, None, None])
            y = self.seasonal(s.permute(0, 2, 1)) + self.trend(tr.permute(0, 2, 1))
            y = (y.permute(0, 2, 1) - self.bias) / (self.gain + 1e-10)
            return y * sd + mu

    return Net(), (torch.randn(BATCH, 8, 3), t(), torch.randn(BATCH, 12, 3)), {}


@case
def csdi_both_ways():
    """Attention along times, then along features, side information of a mask."""

    class Net(nn.Module):
        def __init__(self, c=8, k=3, l=6):
            super().__init__()
            lay = lambda: nn.TransformerEncoder(
                nn.TransformerEncoderLayer(c, 2, 16, activation="gelu"), 1
            )
            self.tl, self.fl = lay(), lay()
            self.i, self.mid, self.o = (
                nn.Conv1d(2, c, 1),
                nn.Conv1d(c, 2 * c, 1),
                nn.Conv1d(c, 1, 1),
            )
            self.side, self.te = nn.Conv1d(5, 2 * c, 1), nn.Embedding(k, 4)
            self.d = nn.Linear(16, c)

        def forward(self, x, t, observed):
            B, K, L = x.shape
            h = torch.stack([x * (1 - observed), x * observed], dim=1)
            h = F.relu(self.i(h.reshape(B, 2, K * L))).reshape(B, -1, K, L)
            C = h.shape[1]
            y = h.reshape(B, C, K * L) + self.d(sinus(t, 16)).unsqueeze(-1)
            y = y.reshape(B, C, K, L).permute(0, 2, 1, 3).reshape(B * K, C, L)
            y = self.tl(y.permute(2, 0, 1)).permute(1, 2, 0).reshape(B, K, C, L)
            y = y.permute(0, 3, 2, 1).reshape(B * L, C, K)
            y = self.fl(y.permute(2, 0, 1)).permute(1, 2, 0)
            y = self.mid(y.reshape(B, L, C, K).permute(0, 2, 3, 1).reshape(B, C, K * L))
            f = (
                self.te(torch.arange(K, device=x.device))
                .unsqueeze(0)
                .unsqueeze(2)
                .expand(B, -1, L, -1)
            )
            s = torch.cat([f.permute(0, 3, 1, 2), observed.unsqueeze(1)], 1).reshape(B, 5, K * L)
            gate, filt = torch.chunk(y + self.side(s), 2, dim=1)
            return self.o(torch.sigmoid(gate) * torch.tanh(filt)).reshape(B, K, L)

    return (
        Net(),
        (
            torch.randn(BATCH, 3, 6),
            t(),
            torch.tensor([[1.0, 0, 1, 1, 0, 1], [0.0, 0, 1, 0, 1, 1]])[:, None].repeat(1, 3, 1),
        ),
        {},
    )


@case
def sinkhorn_routing():
    """Experts by a balanced assignment instead of the best few; the largest gate by comparison."""

    class Net(nn.Module):
        def __init__(self, d=6, e=3):
            super().__init__()
            self.gate = nn.Linear(d, e)
            self.w = nn.Parameter(torch.randn(e, d, d) / 2)
            self.b = nn.Parameter(torch.randn(e, 1, d))

        def forward(self, x, t):
            g = self.gate(x) / (0.5 + t)[:, None, None]
            log = g
            for _ in range(3):
                log = log - log.logsumexp(-1, keepdim=True)
                log = log - log.logsumexp(-2, keepdim=True)
            p = log.exp()
            hard = (p >= p.max(-1, keepdim=True).values).to(p.dtype)
            p = hard + p - p.detach()
            y = torch.matmul(x.unsqueeze(1), self.w) + self.b
            return torch.einsum(
                "bed,be->bd", y.permute(0, 2, 1, 3).flatten(0, 1), p.flatten(0, 1)
            ).view_as(x)

    return Net(), (torch.randn(BATCH, 5, 6), t()), {}


@case
def deep_sets_masked():
    """Masked maxima and means of a set, sizes from the mask."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.phi, self.rho = (
                nn.Sequential(nn.Linear(3, 16), nn.ELU(), nn.Linear(16, 16)),
                nn.Sequential(nn.Linear(16 * 3 + 2, 32), nn.SiLU(), nn.Linear(32, 3)),
            )
            self.l = nn.Linear(3, 16)

        def forward(self, x, t, mask):
            h = self.phi(x)
            m = mask.unsqueeze(-1)
            mx = h.masked_fill(m == 0, torch.finfo(h.dtype).min).amax(1)
            n = mask.sum(1, keepdim=True).clamp_min(1)
            mean = (h * m).sum(1) / n
            g = torch.cat([mx, mean, n.log(), t[:, None]], -1)[:, None].expand(-1, x.size(1), -1)
            return self.rho(torch.cat([self.l(x), g], -1)) * m

    return Net(), (torch.randn(BATCH, 5, 3), t(), torch.tensor([[1.0, 1, 0, 0, 0], [1.0] * 5])), {}


@case
def pointnet_with_tnet():
    """A matrix for each sample, maxima over points, 1x1 convolutions with batch norms."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.t1 = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU())
            self.t2 = nn.Linear(16, 9)
            self.c = nn.Sequential(nn.Conv1d(3, 24, 1), nn.BatchNorm1d(24), nn.ReLU())
            self.o = nn.Conv1d(24 + 24 + 1, 3, 1)

        def forward(self, x, t):
            p = x.transpose(2, 1)
            m = torch.max(self.t1(p), 2, keepdim=True)[0].view(-1, 16)
            iden = torch.eye(3).flatten().view(1, 9).repeat(x.size(0), 1)
            m = (self.t2(m) + iden).view(-1, 3, 3)
            p = torch.bmm(p.transpose(2, 1), m).transpose(2, 1)
            h = self.c(p)
            g, _ = h.max(-1)
            h = torch.cat(
                [
                    h,
                    g.unsqueeze(2).expand(-1, -1, p.shape[2]),
                    t.view(-1, 1, 1).expand(-1, 1, p.shape[2]),
                ],
                1,
            )
            n = torch.linalg.cross(x, x.roll(1, dims=1))
            return self.o(h).mT + 0.1 * n / (torch.linalg.vector_norm(n, dim=-1, keepdim=True) + 1)

    return Net().eval(), (torch.randn(BATCH, 11, 3), t()), {}


@case
def columns_by_a_mask():
    """A table's columns of two kinds, each with its own layers."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("kind", torch.tensor([0, 1, 0, 1, 0]))
            self.one, self.other = nn.Linear(3, 3), nn.Linear(2, 2)

        def forward(self, x, t):
            y, chosen = torch.zeros_like(x), self.kind == 0
            y[:, chosen] = self.one(x[:, chosen]) * t[:, None]
            y[:, ~chosen] = self.other(x[:, [False, True, False, True, False]])
            return y

    return Net(), (torch.randn(BATCH, 5), t()), {}
