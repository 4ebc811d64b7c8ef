# SPDX-License-Identifier: MIT
"""Networks of molecules, crystals, documents and sound."""

import math

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn


@case
def distogram_and_outer_products():
    """AlphaFold's triangle products, means of outer products, binned distances, a bias."""

    class Net(nn.Module):
        def __init__(self, s=8, p=6, h=2):
            super().__init__()
            self.h = h
            self.i, self.l, self.r = nn.Linear(3, s), nn.Linear(s, 3), nn.Linear(s, 3)
            self.op = nn.Linear(9, p)
            self.a, self.b, self.g, self.tn = (
                nn.Linear(p, p),
                nn.Linear(p, p),
                nn.Linear(p, p),
                nn.LayerNorm(p),
            )
            self.register_buffer("bins", torch.linspace(0.5, 3, 7))
            self.bin, self.bias, self.qkv, self.o = (
                nn.Linear(8, p),
                nn.Linear(p, h, bias=False),
                nn.Linear(s, 3 * s),
                nn.Linear(s, 3),
            )

        def forward(self, x, t):
            s = self.i(x) * torch.exp(-t)[:, None, None]
            o = torch.einsum("bia,bjc->bijac", self.l(s), self.r(s)).flatten(-2)
            d = torch.cdist(x, x)
            z = self.op(o) + self.bin(F.one_hot(torch.bucketize(d, self.bins), 8).to(x.dtype))
            n = self.tn(z)
            tri = torch.einsum("bikc,bjkc->bijc", torch.sigmoid(self.g(n)) * self.a(n), self.b(n))
            z = z + tri / x.shape[1] ** 0.5
            z = 0.5 * (z + z.transpose(1, 2))
            q, k, v = self.qkv(s).view(*s.shape[:2], 3, self.h, -1).unbind(2)
            a = torch.einsum("bihc,bjhc->bhij", q, k) * q.shape[-1] ** -0.5 + self.bias(z).permute(
                0, 3, 1, 2
            )
            return self.o(torch.einsum("bhij,bjhc->bihc", a.softmax(-1), v).flatten(2))

    return Net(), (torch.randn(BATCH, 6, 3), t()), {}


@case
def vector_features():
    """Equivariant message passing with vectors: norms, unit vectors, radial bases, a cutoff."""

    class Net(nn.Module):
        def __init__(self, f=8, k=6, cut=5.0):
            super().__init__()
            self.f, self.cut = f, cut
            self.emb, self.phi, self.w, self.u, self.v, self.mix = (
                nn.Linear(1, f),
                nn.Sequential(nn.Linear(f, f), nn.SiLU(), nn.Linear(f, 3 * f)),
                nn.Linear(k, 3 * f),
                nn.Linear(f, f, bias=False),
                nn.Linear(f, f, bias=False),
                nn.Sequential(nn.Linear(2 * f, f), nn.SiLU(), nn.Linear(f, 3 * f)),
            )
            self.out = nn.Linear(f, 1, bias=False)
            self.register_buffer("n", torch.arange(1, k + 1))

        def forward(self, x, t):
            B, N, _ = x.shape
            s = self.emb(t[:, None, None].expand(B, N, 1))
            v = torch.zeros(B, N, 3, self.f, device=x.device)
            r = x[:, :, None] - x[:, None, :]
            d = torch.linalg.norm(r + torch.eye(N)[None, ..., None], dim=-1)
            rbf = torch.sin(self.n * math.pi / self.cut * d[..., None]) / d[..., None]
            fc = torch.where(
                d < self.cut, 0.5 * (torch.cos(math.pi * d / self.cut) + 1.0), torch.zeros_like(d)
            ) * (1 - torch.eye(N))
            W = self.w(rbf) * fc[..., None]
            ds, dv1, dv2 = torch.split(self.phi(s)[:, None] * W, self.f, dim=-1)
            s = s + ds.sum(2)
            v = v + (
                v[:, None] * dv1[:, :, :, None] + (r / d[..., None])[..., None] * dv2[:, :, :, None]
            ).sum(2)
            U, V = self.u(v), self.v(v)
            a, b, c = self.mix(torch.cat([s, V.norm(dim=-2)], -1)).chunk(3, -1)
            v = v + U * b.unsqueeze(-2)
            s = s + a + c * (U * V).sum(-2)
            y = self.out(v * torch.sigmoid(s).unsqueeze(2)).squeeze(-1)
            return y - y.mean(dim=1, keepdim=True)

    return Net(), (torch.randn(BATCH, 5, 3), t()), {}


@case
def periodic_crystal():
    """Fractional coordinates: differences wrapped to the cell, sines of them, remainders."""

    class Net(nn.Module):
        def __init__(self, k=4, h=16):
            super().__init__()
            self.e, self.o, self.lat = (
                nn.Sequential(nn.Linear(6 * k + 1 + 9, h), nn.SiLU(), nn.Linear(h, h)),
                nn.Linear(h, 3),
                None,
            )
            self.register_buffer("k", 2 * math.pi * torch.arange(k))

        def forward(self, x, t, lattice):
            frac = x % 1.0
            d = (frac[:, :, None] - frac[:, None]) % 1.0
            ang = (d[..., None] * self.k).flatten(-2)
            g = lattice @ lattice.transpose(-1, -2)
            h = torch.cat(
                [
                    ang.sin(),
                    ang.cos(),
                    t.view(-1, 1, 1, 1).expand(*d.shape[:3], 1),
                    g.view(-1, 1, 1, 9).expand(*d.shape[:3], 9),
                ],
                -1,
            )
            m = self.e(h).mean(2)
            v = self.o(m)
            cart = torch.einsum("bni,bij->bnj", v, lattice)
            vol = torch.abs(
                torch.sum(lattice[:, 0] * torch.cross(lattice[:, 1], lattice[:, 2], dim=-1), -1)
            )
            return cart / vol.clamp(min=0.1)[:, None, None] ** (1 / 3)

    return (
        Net(),
        (
            torch.rand(BATCH, 5, 3),
            t(),
            torch.eye(3).repeat(BATCH, 1, 1) + 0.1 * torch.randn(BATCH, 3, 3),
        ),
        {},
    )


@case
def flex_like_masks():
    """Masks of documents by comparing what a condition has, sliding windows, attention's sinks."""

    class Net(nn.Module):
        def __init__(self, d=16, h=4, w=3):
            super().__init__()
            self.h, self.w = h, w
            self.i, self.qkv, self.o = (
                nn.Linear(4, d),
                nn.Linear(d, 3 * d, bias=False),
                nn.Linear(d, 4),
            )
            self.sink = nn.Parameter(torch.randn(h, 1, 1))
            self.soft = 20.0

        def forward(self, x, t, doc):
            b, n, _ = x.shape
            q, k, v = (
                self.qkv(self.i(x) + t.view(b, 1, 1))
                .view(b, n, 3, self.h, -1)
                .permute(2, 0, 3, 1, 4)
            )
            s = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            s = torch.tanh(s / self.soft) * self.soft
            at = torch.arange(n)
            ok = (doc[:, :, None] == doc[:, None, :]) & ((at[:, None] - at[None]).abs() <= self.w)[
                None
            ]
            s = s.masked_fill(~ok[:, None], torch.finfo(s.dtype).min)
            s = torch.cat([s, self.sink.expand(b, -1, n, 1)], dim=-1)
            p = (s - s.max(dim=-1, keepdim=True).values).softmax(dim=-1, dtype=torch.float32)[
                ..., :-1
            ]
            return self.o((p @ v).transpose(1, 2).reshape(b, n, -1))

    return (
        Net(),
        (
            torch.randn(BATCH, 7, 4),
            t(),
            torch.tensor([[0.0, 0, 0, 1, 1, 2, 2], [0.0, 0, 0, 0, 0, 1, 1]]),
        ),
        {},
    )


@case
def multi_rate_audio():
    """Strided convolutions with GLU, an LSTM at the bottom, crops in the middle."""

    class Net(nn.Module):
        def __init__(self, c=8):
            super().__init__()
            self.enc = nn.ModuleList(
                [
                    nn.Sequential(
                        nn.Conv1d(2 if i == 0 else c, c, 8, 4),
                        nn.ReLU(),
                        nn.Conv1d(c, 2 * c, 1),
                        nn.GLU(1),
                    )
                    for i in range(2)
                ]
            )
            self.dec = nn.ModuleList(
                [
                    nn.Sequential(
                        nn.Conv1d(c, 2 * c, 3, padding=1),
                        nn.GLU(dim=1),
                        nn.ConvTranspose1d(c, c if i else 2, 8, 4),
                    )
                    for i in range(2)
                ][::-1]
            )
            self.lstm, self.lin, self.t = (
                nn.LSTM(c, c, 1, bidirectional=True),
                nn.Linear(2 * c, c),
                nn.Linear(16, c),
            )

        def valid(self, n):
            for _ in range(2):
                n = max(math.ceil((n - 8) / 4) + 1, 1)
            for _ in range(2):
                n = (n - 1) * 4 + 8
            return n

        def forward(self, mix, t):
            n = mix.shape[-1]
            mono = mix.mean(1, keepdim=True)
            mean, std = mono.mean(-1, keepdim=True), mono.std(-1, keepdim=True)
            x = (mix - mean) / (1e-5 + std)
            delta = self.valid(n) - n
            x = F.pad(x, (delta // 2, delta - delta // 2))
            saved = []
            for e in self.enc:
                x = e(x)
                saved.append(x)
            y = self.lstm((x + self.t(sinus(t, 16))[:, :, None]).permute(2, 0, 1))[0]
            x = x + self.lin(y).permute(1, 2, 0)
            for d in self.dec:
                x = d(x + saved.pop(-1)[..., : x.shape[-1]])
            off = x.shape[-1] - n
            return x[..., off // 2 : -(off - off // 2) or None] * std + mean

    return Net(), (torch.randn(BATCH, 2, 61), t()), {}
