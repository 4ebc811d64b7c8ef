# SPDX-License-Identifier: MIT
"""Networks that go along a sequence step by step, and attention of other forms."""

import math

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn


@case
def gru_cells_unrolled():
    class Net(nn.Module):
        def __init__(self, n=3, d=20):
            super().__init__()
            self.cell, self.back = nn.GRUCell(n + 1, d), nn.GRUCell(n + 1, d)
            self.h0 = nn.Linear(16, d)
            self.out = nn.Linear(2 * d, n)

        def forward(self, x, t):
            h = torch.tanh(self.h0(sinus(t, 16)))
            g = torch.zeros_like(h)
            inp = torch.cat([x, t.view(-1, 1, 1).expand(*x.shape[:2], 1)], 2)
            fwd, bwd = [], []
            for i in range(x.size(1)):
                h = self.cell(inp[:, i], h)
                g = self.back(inp[:, -1 - i], g)
                fwd.append(h)
                bwd.insert(0, g)
            return self.out(torch.cat([torch.stack(fwd, 1), torch.stack(bwd, 1)], -1))

    return Net(), (torch.randn(BATCH, 9, 3), t()), {}


@case
def lstm_cell_and_rnn():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTMCell(4, 11)
            self.rnn = nn.RNN(
                11, 7, num_layers=2, nonlinearity="relu", batch_first=True, bidirectional=True
            )
            self.proj = nn.LSTM(14, 9, proj_size=5)
            self.o = nn.Linear(5, 4)

        def forward(self, x, t):
            hx = torch.zeros(x.shape[0], 11, device=x.device, dtype=x.dtype) + t[:, None]
            cx = hx.clone()
            ys = []
            for step in x.unbind(1):
                hx, cx = self.cell(step, (hx, cx))
                ys += [hx]
            y, _ = self.rnn(torch.stack(ys, dim=1))
            y, (hn, cn) = self.proj(y.transpose(0, 1))
            return self.o(y.transpose(0, 1) + hn[-1][:, None])

    return Net(), (torch.randn(BATCH, 6, 4), t()), {}


@case
def gru_encoder_of_history():
    """A condition that is a sequence of another length: its last state."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.enc = nn.GRU(2, 12, num_layers=2, batch_first=True, dropout=0.1)
            self.mlp = nn.Sequential(
                nn.Linear(5 + 12 + 16, 33), nn.SiLU(), nn.Dropout(0.2), nn.Linear(33, 5)
            )

        def forward(self, x, t, history):
            _, hn = self.enc(history)
            return self.mlp(torch.cat((x, hn[-1], sinus(t, 16)), dim=-1))

    return Net(), (torch.randn(BATCH, 5), t(), torch.randn(BATCH, 8, 2)), {}


@case
def music_skew_attention():
    """Relative positions by the skew of a padded product."""

    class Net(nn.Module):
        def __init__(self, d=24, h=3, n=10):
            super().__init__()
            self.h = h
            self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, 4)
            self.i = nn.Linear(4, d)
            self.rel = nn.Parameter(torch.randn(n, d // h))
            self.register_buffer("mask", torch.triu(torch.full((n, n), float("-inf")), 1))

        def skew(self, qe):
            b, h, n, _ = qe.shape
            p = F.pad(qe, (1, 0))
            return p.reshape(b, h, n + 1, n)[:, :, 1:, :]

        def forward(self, x, t):
            b, n, _ = x.shape
            q, k, v = (
                self.qkv(self.i(x) + t[:, None, None])
                .reshape(b, n, 3, self.h, -1)
                .permute(2, 0, 3, 1, 4)
            )
            s = self.skew(q @ self.rel.T) + q @ k.transpose(-2, -1)
            a = torch.softmax(s / math.sqrt(q.shape[-1]) + self.mask[:n, :n], -1)
            return self.o((a @ v).transpose(1, 2).reshape(b, n, -1))

    return Net(), (torch.randn(BATCH, 10, 4), t()), {}


@case
def selective_scan_unrolled():
    """Mamba's block as its reference computes it."""

    class Net(nn.Module):
        def __init__(self, d=6, inner=12, n=4, rank=2):
            super().__init__()
            self.rank, self.n = rank, n
            self.inp = nn.Linear(d, 2 * inner, bias=False)
            self.conv = nn.Conv1d(inner, inner, 4, groups=inner, padding=3)
            self.xp = nn.Linear(inner, rank + 2 * n, bias=False)
            self.dt = nn.Linear(rank, inner)
            self.A_log = nn.Parameter(torch.log(torch.arange(1, n + 1).float().repeat(inner, 1)))
            self.D = nn.Parameter(torch.ones(inner))
            self.out = nn.Linear(inner, d, bias=False)

        def forward(self, x, t):
            l = x.shape[1]
            u, res = self.inp(x * (1 + t)[:, None, None]).chunk(2, dim=-1)
            u = F.silu(self.conv(u.transpose(1, 2))[..., :l].transpose(1, 2))
            A = -torch.exp(self.A_log.float())
            dt, B, C = torch.split(self.xp(u), [self.rank, self.n, self.n], dim=-1)
            dt = F.softplus(self.dt(dt))
            dA = torch.exp(torch.einsum("bld,dn->bldn", dt, A))
            dB = torch.einsum("bld,bln,bld->bldn", dt, B, u)
            h = torch.zeros(x.size(0), u.size(-1), self.n, device=x.device)
            ys = []
            for i in range(l):
                h = dA[:, i] * h + dB[:, i]
                ys.append(torch.einsum("bdn,bn->bd", h, C[:, i]))
            y = torch.stack(ys, dim=1) + u * self.D
            return self.out(y * F.silu(res))

    return Net(), (torch.randn(BATCH, 7, 6), t()), {}


@case
def rwkv_time_mix():
    """Token shift by a negative pad, and the sum of weights as a loop with maxima."""

    class Net(nn.Module):
        def __init__(self, d=10):
            super().__init__()
            self.shift = nn.ZeroPad2d((0, 0, 1, -1))
            self.mk, self.mv, self.mr = (nn.Parameter(torch.rand(1, 1, d)) for _ in range(3))
            self.k, self.v, self.r, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
            self.w, self.u = nn.Parameter(torch.randn(d)), nn.Parameter(torch.randn(d))

        def forward(self, x, t):
            x = x + t[:, None, None]
            xx = self.shift(x)
            k = self.k(x * self.mk + xx * (1 - self.mk))
            v = self.v(x * self.mv + xx * (1 - self.mv))
            r = torch.sigmoid(self.r(x * self.mr + xx * (1 - self.mr)))
            w = -torch.exp(self.w)
            num, den, mx = (
                torch.zeros_like(x[:, 0]),
                torch.zeros_like(x[:, 0]),
                torch.zeros_like(x[:, 0]) - 1e38,
            )
            out = torch.zeros_like(x)
            for i in range(x.shape[1]):
                kk, vv = k[:, i], v[:, i]
                q = torch.maximum(mx, self.u + kk)
                e1, e2 = torch.exp(mx - q), torch.exp(self.u + kk - q)
                out[:, i] = (e1 * num + e2 * vv) / (e1 * den + e2)
                q = torch.maximum(mx + w, kk)
                e1, e2 = torch.exp(mx + w - q), torch.exp(kk - q)
                num, den, mx = e1 * num + e2 * vv, e1 * den + e2, q
            return self.o(r * out)

    return Net(), (torch.randn(BATCH, 6, 10), t()), {}


@case
def nystrom_attention():
    """Landmarks by means, and a pseudo-inverse by iteration."""

    class Net(nn.Module):
        def __init__(self, d=16, h=2, m=4):
            super().__init__()
            self.h, self.m = h, m
            self.qkv, self.o, self.i = nn.Linear(d, 3 * d), nn.Linear(d, 3), nn.Linear(3, d)
            self.res = nn.Conv2d(h, h, (5, 1), padding=(2, 0), groups=h, bias=False)

        def pinv(self, x):
            a = x.abs()
            col, row = a.sum(dim=-1), a.sum(dim=-2)
            z = x.transpose(-1, -2) / (col.amax(-1) * row.amax(-1))[..., None, None]
            eye = torch.eye(x.shape[-1], device=x.device)[None]
            for _ in range(4):
                xz = x @ z
                z = 0.25 * z @ (13 * eye - (xz @ (15 * eye - (xz @ (7 * eye - xz)))))
            return z

        def forward(self, x, t):
            b, n, _ = x.shape
            q, k, v = (
                self.qkv(self.i(x) + t[:, None, None])
                .view(b, n, 3, self.h, -1)
                .permute(2, 0, 3, 1, 4)
                .unbind(0)
            )
            q = q * q.shape[-1] ** -0.5
            ql, kl = (p.reshape(b, self.h, self.m, n // self.m, -1).mean(-2) for p in (q, k))
            a, c, d = ((q @ kl.mT).softmax(-1), (ql @ kl.mT).softmax(-1), (ql @ k.mT).softmax(-1))
            y = (a @ self.pinv(c)) @ (d @ v) + self.res(v)
            return self.o(y.transpose(1, 2).flatten(-2))

    return Net(), (torch.randn(BATCH, 12, 3), t()), {}


@case
def transformer_whole():
    """nn.Transformer: source from a condition, causal target."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.tr = nn.Transformer(12, 3, 1, 2, 20, dropout=0.1, batch_first=True)
            self.s, self.i, self.o = nn.Linear(2, 12), nn.Linear(4, 12), nn.Linear(12, 4)

        def forward(self, x, t, scene):
            src = self.s(scene)
            tgt = self.i(x) + t.unsqueeze(-1).unsqueeze(-1)
            mask = nn.Transformer.generate_square_subsequent_mask(tgt.size(1), device=x.device)
            return self.o(self.tr(src, tgt, tgt_mask=mask, tgt_is_causal=True))

    return Net(), (torch.randn(BATCH, 5, 4), t(), torch.randn(BATCH, 3, 2)), {}


@case
def attention_weights_used():
    """MultiheadAttention whose mean weights enter the result."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.MultiheadAttention(12, 3, add_zero_attn=True, batch_first=True)
            self.i, self.o = nn.Linear(4, 12), nn.Linear(12, 4)

        def forward(self, x, t):
            h = self.i(x)
            y, w = self.a(h, h, h, need_weights=True, average_attn_weights=True)
            own = torch.diagonal(w, dim1=-2, dim2=-1).unsqueeze(-1)
            return self.o(y * (1 - own)) + own * x * t[:, None, None]

    return Net(), (torch.randn(BATCH, 6, 4), t()), {}


@case
def padded_encoder_of_torch():
    """nn.TransformerEncoder with a mask of padding that is a condition."""

    class Net(nn.Module):
        def __init__(self, d=16):
            super().__init__()
            self.i, self.o, self.t = nn.Linear(3, d), nn.Linear(d, 3), nn.Linear(16, d)
            self.enc = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(
                    d, 4, 40, activation="gelu", batch_first=True, norm_first=True
                ),
                2,
                norm=nn.LayerNorm(d),
                enable_nested_tensor=False,
            )

        def forward(self, x, t, padding):
            h = self.i(x) + self.t(sinus(t, 16))[:, None]
            h = self.enc(h, src_key_padding_mask=padding)
            return self.o(h).masked_fill(padding[..., None], 0)

    return (
        Net(),
        (torch.randn(BATCH, 7, 3), t(), torch.tensor([[False] * 5 + [True] * 2, [False] * 7])),
        {},
    )


@case
def interleaved_sinus_odd():
    """An odd size, written into an empty table by strides, at the net's own positions."""

    class Net(nn.Module):
        def __init__(self, d=17):
            super().__init__()
            self.d = d
            self.i, self.o = nn.Linear(3, d), nn.Linear(d, 3)
            pe = torch.zeros(50, d)
            pos = torch.arange(0, 50, dtype=torch.float).unsqueeze(1)
            div = torch.exp(torch.arange(0, d, 2).float() * (-math.log(10000.0) / d))
            pe[:, 0::2] = torch.sin(pos * div)
            pe[:, 1::2] = torch.cos(pos * div)[:, : d // 2]
            self.register_buffer("pe", pe.unsqueeze(0))

        def embed(self, t):
            e = torch.empty(t.shape[0], self.d, device=t.device)
            half = (self.d + 1) // 2
            w = t[:, None] / torch.pow(10000.0, torch.arange(half).float() * 2 / self.d)
            e[:, 0::2] = w.sin()
            e[:, 1::2] = w[:, :-1].cos()
            return e

        def forward(self, x, t):
            h = self.i(x) + self.pe[:, : x.size(1)]
            return self.o(F.relu6(h + self.embed(1000 * t).unsqueeze(1)))

    return Net(), (torch.randn(BATCH, 6, 3), t()), {}
