# SPDX-License-Identifier: MIT
"""Habits of code: contexts, numpy, caches, recursion, weights that are computed in each call."""

import contextlib
import functools
import logging
import math
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import Tensor, nn


@case
def rope_in_double():
    """Video transformers' turns in complex128, autocast switched off by decorators."""

    def rope_params(n, d, theta=10000):
        f = torch.outer(
            torch.arange(n), 1.0 / torch.pow(theta, torch.arange(0, d, 2).to(torch.float64).div(d))
        )
        return torch.polar(torch.ones_like(f), f)

    @torch.autocast("cuda", enabled=False)
    def rope_apply(x, grid, freqs):
        n, c = x.size(2), x.size(3) // 2
        fs = freqs.split([c - 2 * (c // 3), c // 3, c // 3], dim=1)
        out = []
        f, h, w = grid
        for i in range(x.shape[0]):
            xi = torch.view_as_complex(
                x[i, : f * h * w].to(torch.float64).reshape(f * h * w, n, -1, 2)
            )
            fi = torch.cat(
                [
                    fs[0][:f].view(f, 1, 1, -1).expand(f, h, w, -1),
                    fs[1][:h].view(1, h, 1, -1).expand(f, h, w, -1),
                    fs[2][:w].view(1, 1, w, -1).expand(f, h, w, -1),
                ],
                dim=-1,
            ).reshape(f * h * w, 1, -1)
            out.append(torch.cat([torch.view_as_real(xi * fi).flatten(2), x[i, f * h * w :]]))
        return torch.stack(out).float()

    class Norm(nn.Module):
        def __init__(self, d, eps=1e-5):
            super().__init__()
            self.eps, self.weight = eps, nn.Parameter(torch.ones(d))

        def _norm(self, x):
            return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + self.eps)

        def forward(self, x):
            return self._norm(x.float()).type_as(x) * self.weight

    class Net(nn.Module):
        def __init__(self, d=24, heads=2):
            super().__init__()
            self.heads, self.patch = heads, nn.Conv3d(2, d, (1, 2, 2), (1, 2, 2))
            self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
            self.nq, self.nk = Norm(d), Norm(d)
            self.modulation = nn.Parameter(torch.randn(1, 3, d) / d**0.5)
            self.te = nn.Sequential(nn.Linear(16, d), nn.SiLU(), nn.Linear(d, 3 * d))
            self.head = nn.Linear(d, 8)
            c = d // heads
            self.freqs = torch.cat(
                [
                    rope_params(64, c - 4 * (c // 6)),
                    rope_params(64, 2 * (c // 6)),
                    rope_params(64, 2 * (c // 6)),
                ],
                dim=1,
            )

        def forward(self, x, t):
            h = self.patch(x)
            grid = h.shape[2:]
            h = h.flatten(2).transpose(1, 2)
            with torch.amp.autocast("cuda", dtype=torch.float32):
                e = (self.modulation + self.te(sinus(t, 16)).unflatten(1, (3, -1))).chunk(3, dim=1)
            b, s, n, d = *h.shape[:2], self.heads, h.shape[-1] // self.heads
            y = F.layer_norm(h, (h.shape[-1],)).float() * (1 + e[1]) + e[0]
            q, k, v = (
                self.nq(self.q(y)).view(b, s, n, d),
                self.nk(self.k(y)).view(b, s, n, d),
                self.v(y).view(b, s, n, d),
            )
            q, k = rope_apply(q, grid, self.freqs), rope_apply(k, grid, self.freqs)
            a = F.scaled_dot_product_attention(
                q.transpose(1, 2),
                k.transpose(1, 2),
                v.transpose(1, 2),
                attn_mask=None,
                is_causal=False,
                dropout_p=0.0,
            )
            h = h + self.o(a.transpose(1, 2).contiguous().flatten(2)) * e[2]
            f, hh, w = grid
            y = self.head(h).view(b, f, hh, w, 1, 2, 2, 2)
            return torch.einsum("bfhwpqrc->bcfphqwr", y).reshape(b, 2, f, hh * 2, w * 2)

    return Net(), (torch.randn(BATCH, 2, 2, 4, 6), t()), {}


@case
def numpy_in_forward():
    """numpy's square roots and products of shapes, tables from arrays, asserts and prints."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.randn(8, 3, 3, 3))
            self.o = nn.Conv2d(8, 3, 1)
            self.log = logging.getLogger(__name__)
            self.grid = np.linspace(-1, 1, 8)

        def forward(self, x, t):
            assert x.ndim == 4 and x.shape[1] == 3, f"bad shape {x.shape}"
            self.log.debug("shape %s", x.shape)
            fan = np.prod(self.w.shape[1:])
            h = F.conv2d(x, self.w / np.sqrt(fan), padding=1) * np.sqrt(2)
            g = torch.from_numpy(self.grid).to(x)
            yy, xx = torch.meshgrid(g, g, indexing="ij")
            h = (
                h
                + torch.as_tensor(np.stack([np.sin(self.grid)] * 8), dtype=x.dtype)[
                    None, :, :, None
                ]
                * yy
                + xx.mul(np.float32(0.5))
            )
            k = int(np.sqrt(h.shape[-1] * h.shape[-2]))
            return (
                self.o(F.silu(h).reshape(h.shape[0], -1, k, k))
                / math.sqrt(float(np.log(4)))
                * t.view([-1] + [1] * (x.dim() - 1))
            )

    return Net(), (img(), t()), {}


@case
def inference_mode_and_contexts():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(5, 16), nn.Linear(16, 4)
            self.use_ckpt = False

        @property
        def device(self):
            return next(self.parameters()).device

        @property
        def dtype(self):
            return next(iter(self.parameters())).dtype

        @functools.lru_cache(maxsize=None)
        def table(self, n):
            return torch.arange(n, device=self.device, dtype=self.dtype) / n

        @torch.inference_mode()
        def forward(self, x, t):
            x = x.to(self.device, dtype=self.dtype, non_blocking=True).requires_grad_(False)
            ctx = (
                torch.autocast(device_type="cuda", dtype=torch.bfloat16)
                if torch.cuda.is_available()
                else contextlib.nullcontext()
            )
            with (
                ctx,
                torch.nn.attention.sdpa_kernel([torch.nn.attention.SDPBackend.MATH]),
                torch.set_grad_enabled(False),
            ):
                h = self.a(torch.cat((x, t[..., None]), -1))
                if (
                    torch.compiler.is_compiling()
                    or torch.jit.is_scripting()
                    or torch.onnx.is_in_onnx_export()
                ):
                    h = h + 0.0
                q = h.view(-1, 1, 4, 4)
                h = h + F.scaled_dot_product_attention(q, q, q).flatten(1)
            if self.training:
                h = F.dropout(h)
            return self.b(F.silu(h, inplace=True) * self.table(16)).data

    return Net(), (torch.randn(BATCH, 4), t()), {}


@case
def weight_standardised():
    class WSConv(nn.Conv2d):
        def forward(self, x):
            eps = 1e-5 if x.dtype == torch.float32 else 1e-3
            w = self.weight
            mean = w.mean(dim=(1, 2, 3), keepdim=True)
            var = torch.var(w, dim=(1, 2, 3), keepdim=True, unbiased=False)
            return F.conv2d(
                x,
                (w - mean) * (var + eps).rsqrt(),
                self.bias,
                self.stride,
                self.padding,
                self.dilation,
                self.groups,
            )

    class MP(nn.Module):
        def __init__(self, i, o, k):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(o, i, *k))

        def forward(self, x, gain=1):
            w = self.weight.to(torch.float32)
            if self.training:
                with torch.no_grad():
                    self.weight.copy_(w)
            n = torch.linalg.vector_norm(
                w, dim=list(range(1, w.ndim)), keepdim=True, dtype=torch.float32
            )
            w = w / torch.add(1e-4, n, alpha=np.sqrt(n.numel() / w.numel()))
            w = w * (gain / np.sqrt(w[0].numel()))
            w = w.to(x.dtype)
            return x @ w.t() if w.ndim == 2 else F.conv2d(x, w, padding=(w.shape[-1] // 2,))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.m, self.e, self.o, self.g = (
                WSConv(3, 8, 3, padding=1),
                MP(8, 8, [3, 3]),
                MP(16, 8, []),
                MP(8, 3, [1, 1]),
                nn.Parameter(torch.tensor(0.7)),
            )

        def forward(self, x, t):
            h = self.a(x)
            c = self.e(sinus(t, 16), gain=self.g) + 1
            y = F.silu(h * c[:, :, None, None].to(h.dtype)) / 0.596
            return self.o(torch.lerp(h, self.m(y), 0.3) / np.sqrt(0.7**2 + 0.3**2), gain=self.g)

    return Net(), (img(), t()), {}


@case
def configured_recursive():
    """A U-Net built by recursion from a dataclass, blocks by name, keywords passed on."""

    @dataclass
    class Config:
        dims: Tuple[int, ...] = (8, 12, 16)
        act: str = "silu"
        kwargs: Dict[str, Any] = field(default_factory=lambda: {"eps": 1e-6})

    ACTS = {"silu": F.silu, "gelu": functools.partial(F.gelu, approximate="tanh")}

    class Res(nn.Module):
        def __init__(self, i, o, cfg):
            super().__init__()
            self.act, self.n, self.c = (
                ACTS[cfg.act],
                nn.GroupNorm(4, i, **cfg.kwargs),
                nn.Conv2d(i, o, 3, padding="same"),
            )
            self.s = nn.Identity() if i == o else nn.Conv2d(i, o, 1)
            self.t = nn.Linear(16, 2 * o)

        def forward(self, x, *, emb: Optional[Tensor] = None, scale: float = 1.0, **_: Any):
            h = self.c(self.act(self.n(x)))
            if emb is not None:
                a, b = self.t(emb)[(...,) + (None,) * (h.ndim - 2)].chunk(2, dim=1)
                h = torch.addcmul(b, h, 1 + a)
            return self.s(x).add_(h, alpha=scale)

    class Level(nn.Module):
        def __init__(self, dims, cfg):
            super().__init__()
            d, *rest = dims
            self.a = Res(d, d, cfg)
            self.inner = None
            if rest:
                self.down, self.inner, self.up = (
                    nn.Conv2d(d, rest[0], 3, 2, 1),
                    Level(rest, cfg),
                    nn.ConvTranspose2d(rest[0], d, 2, 2),
                )
                self.b = Res(2 * d, d, cfg)

        def forward(self, x, **kw):
            h = self.a(x, **kw)
            if self.inner is None:
                return h
            y = self.up(self.inner(self.down(h), **kw))
            return self.b(
                torch.cat((h, y[..., : h.shape[-2], : h.shape[-1]]), dim=1), **{**kw, "scale": 0.7}
            )

    class Net(nn.Module):
        def __init__(self, cfg=None):
            super().__init__()
            self.cfg = cfg or Config()
            self.i, self.u, self.o = (
                nn.Conv2d(3, 8, 1),
                Level(list(self.cfg.dims), self.cfg),
                nn.Sequential(nn.GroupNorm(1, 8), nn.SiLU(), nn.Conv2d(8, 3, 1)),
            )

        def forward(self, x: Tensor, t: Tensor, *args, **kwargs) -> Tensor:
            return self.o(self.u(self.i(x), emb=sinus(t, 16), **kwargs))

    return Net(), (torch.randn(BATCH, 3, 6, 6), t()), {}
