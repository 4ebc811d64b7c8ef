# SPDX-License-Identifier: MIT
"""Networks of images, by blocks of papers."""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from einops.layers.torch import Rearrange, Reduce
from strangers import BATCH, case, img, sinus, t
from torch import nn


@case
def axial_film_einops():
    """Attention along rows, then along columns, by einops; the time by FiLM."""

    class Axial(nn.Module):
        def __init__(self, dim, heads=2):
            super().__init__()
            self.heads, self.norm = heads, nn.GroupNorm(4, dim)
            self.qkv, self.out = nn.Conv2d(dim, 3 * dim, 1, bias=False), nn.Conv2d(dim, dim, 1)

        def along(self, h, form):
            q, k, v = (rearrange(p, f"b (n c) h w -> {form}", n=self.heads) for p in h)
            a = torch.einsum("b n i c, b n j c -> b n i j", q, k) * q.shape[-1] ** -0.5
            return torch.einsum("b n i j, b n j c -> b n i c", a.softmax(-1), v)

        def forward(self, x):
            b, _, height, width = x.shape
            h = self.qkv(self.norm(x)).chunk(3, dim=1)
            rows = self.along(h, "(b h) n w c")
            rows = rearrange(rows, "(b h) n w c -> b (n c) h w", b=b, h=height)
            columns = self.along(h, "(b w) n h c")
            columns = rearrange(columns, "(b w) n h c -> b (n c) h w", b=b, w=width)
            return x + self.out(rows + columns)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.into = nn.Sequential(
                Rearrange("b c (h p) (w q) -> b (c p q) h w", p=2, q=2), nn.Conv2d(12, 16, 1)
            )
            self.film = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 32))
            self.axial = Axial(16)
            self.squeeze = nn.Sequential(
                Reduce("b c h w -> b c", "mean"), nn.Linear(16, 16), nn.Sigmoid()
            )
            self.out = nn.Sequential(
                nn.Conv2d(16, 12, 1), Rearrange("b (c p q) h w -> b c (h p) (w q)", p=2, q=2)
            )

        def forward(self, x, t):
            scale, shift = rearrange(self.film(sinus(t, 16)), "b (n c) -> n b c 1 1", n=2)
            h = self.axial(self.into(x) * (scale + 1) + shift)
            return self.out(h * rearrange(self.squeeze(h), "b c -> b c 1 1"))

    return (Net(), (torch.randn(BATCH, 3, 8, 6), t()), {})


@case
def convnext_grn():
    """ConvNeXt V2's blocks (2301.00808) with global response normalisation, channels last."""

    class Response(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.gamma = nn.Parameter(0.1 * torch.randn(1, 1, 1, dim))
            self.beta = nn.Parameter(0.1 * torch.randn(1, 1, 1, dim))

        def forward(self, x):
            size = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
            return (
                self.gamma * (x * size / (size.mean(dim=-1, keepdim=True) + 1e-6)) + self.beta + x
            )

    class Block(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.depth = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
            self.norm = nn.LayerNorm(dim, eps=1e-6)
            self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
            self.act, self.response = nn.GELU(), Response(4 * dim)
            self.scale = nn.Parameter(1e-1 * torch.ones(dim))

        def forward(self, x):
            h = self.norm(self.depth(x).permute(0, 2, 3, 1))
            h = self.down(self.response(self.act(self.up(h)))) * self.scale
            return x + h.permute(0, 3, 1, 2)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 12, 2, stride=2)
            self.blocks = nn.Sequential(*(Block(12) for _ in range(2)))
            self.time = nn.Linear(16, 12)
            self.out = nn.ConvTranspose2d(12, 3, 2, stride=2)

        def forward(self, x, t):
            return self.out(self.blocks(self.stem(x) + self.time(sinus(t, 16))[..., None, None]))

    return (Net(), (img(), t()), {})


@case
def swin_v2_window():
    """Cosine attention in shifted windows, whose bias is a small network of log distances."""

    class Net(nn.Module):
        window, heads, dim = 4, 2, 16

        def __init__(self):
            super().__init__()
            w = self.window
            self.into, self.out = nn.Conv2d(3, self.dim, 1), nn.Conv2d(self.dim, 3, 1)
            self.qkv, self.proj = nn.Linear(self.dim, 3 * self.dim), nn.Linear(self.dim, self.dim)
            self.scale = nn.Parameter(torch.log(10 * torch.ones(self.heads, 1, 1)))
            self.bias = nn.Sequential(
                nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, self.heads, bias=False)
            )
            away = torch.arange(1 - w, w, dtype=torch.float32)
            table = torch.stack(torch.meshgrid(away, away, indexing="ij"), -1) * 8 / (w - 1)
            table = torch.sign(table) * torch.log2(table.abs() + 1.0) / math.log2(8)
            self.register_buffer("table", table[None], persistent=False)
            at = torch.stack(
                torch.meshgrid(torch.arange(w), torch.arange(w), indexing="ij")
            ).flatten(1)
            between = (at[:, :, None] - at[:, None, :]).permute(1, 2, 0) + w - 1
            self.register_buffer("index", between[..., 0] * (2 * w - 1) + between[..., 1])
            areas = torch.zeros(1, 8, 8, 1)
            cuts = (slice(0, -w), slice(-w, -w // 2), slice(-w // 2, None))
            for k, (i, j) in enumerate((i, j) for i in cuts for j in cuts):
                areas[:, i, j, :] = k
            areas = self.windows(areas).squeeze(-1)
            differ = areas[:, None, :] - areas[:, :, None]
            self.register_buffer("mask", differ.masked_fill(differ != 0, -100.0))
            self.norm, self.time = nn.LayerNorm(self.dim), nn.Linear(16, self.dim)

        def windows(self, x):
            b, height, width, c = x.shape
            w = self.window
            x = x.view(b, height // w, w, width // w, w, c)
            return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, w * w, c)

        def attention(self, x):
            n, length, _ = x.shape
            q, k, v = self.qkv(x).reshape(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            a = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
            a = a * torch.clamp(self.scale, max=math.log(1.0 / 0.01)).exp()
            bias = self.bias(self.table).view(-1, self.heads)[self.index.view(-1)]
            bias = bias.view(length, length, -1).permute(2, 0, 1).contiguous()
            a = a + 16 * torch.sigmoid(bias).unsqueeze(0)
            m = self.mask.shape[0]
            a = a.view(n // m, m, self.heads, length, length) + self.mask.unsqueeze(1).unsqueeze(0)
            a = a.view(-1, self.heads, length, length).softmax(-1)
            return self.proj((a @ v).transpose(1, 2).reshape(n, length, -1))

        def forward(self, x, t):
            h = self.into(x).permute(0, 2, 3, 1) + self.time(sinus(t, 16))[:, None, None]
            b, height, width, c = h.shape
            w = self.window
            moved = torch.roll(h, shifts=(-w // 2, -w // 2), dims=(1, 2))
            made = self.attention(self.windows(moved)).view(b, height // w, width // w, w, w, c)
            made = made.permute(0, 1, 3, 2, 4, 5).contiguous().view(b, height, width, c)
            h = h + self.norm(torch.roll(made, shifts=(w // 2, w // 2), dims=(1, 2)))
            return self.out(h.permute(0, 3, 1, 2))

    return (Net(), (img(), t()), {})


@case
def magnitude_preserving():
    """EDM2's layers (2312.02696): weights and values of unit size, sums and concatenations too."""

    def normalize(x, dim=None, eps=1e-4):
        dim = list(range(1, x.ndim)) if dim is None else dim
        norm = torch.linalg.vector_norm(x, dim=dim, keepdim=True, dtype=torch.float32)
        norm = torch.add(eps, norm, alpha=math.sqrt(norm.numel() / x.numel()))
        return x / norm.to(x.dtype)

    def mp_sum(a, b, t=0.5):
        return a.lerp(b, t) / math.sqrt((1 - t) ** 2 + t**2)

    def mp_cat(a, b, dim=1, t=0.5):
        na, nb = a.shape[dim], b.shape[dim]
        c = math.sqrt((na + nb) / ((1 - t) ** 2 + t**2))
        return torch.cat([c / math.sqrt(na) * (1 - t) * a, c / math.sqrt(nb) * t * b], dim=dim)

    def mp_silu(x):
        return F.silu(x) / 0.596

    class Fourier(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.register_buffer("freqs", 2 * torch.pi * torch.randn(channels))
            self.register_buffer("phases", 2 * torch.pi * torch.rand(channels))

        def forward(self, x):
            y = x.to(torch.float32).ger(self.freqs.to(torch.float32)) + self.phases
            return y.cos().to(x.dtype) * math.sqrt(2)

    class Conv(nn.Module):
        def __init__(self, into, out, kernel):
            super().__init__()
            self.out, self.weight = out, nn.Parameter(torch.randn(out, into, *kernel))

        def forward(self, x, gain=1):
            w = normalize(self.weight.to(torch.float32))
            w = (w * (gain / math.sqrt(w[0].numel()))).to(x.dtype)
            return x @ w.t() if w.ndim == 2 else F.conv2d(x, w, padding=w.shape[-1] // 2)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fourier, self.emb = Fourier(16), Conv(16, 24, [])
            self.into, self.res0 = Conv(4, 12, [3, 3]), Conv(12, 24, [3, 3])
            self.res1, self.skip = Conv(24, 12, [3, 3]), Conv(24, 12, [1, 1])
            self.qkv, self.proj, self.out = (
                Conv(12, 36, [1, 1]),
                Conv(12, 12, [1, 1]),
                Conv(12, 3, [3, 3]),
            )
            self.gain_emb, self.gain = nn.Parameter(torch.ones([])), nn.Parameter(torch.tensor(0.7))

        def forward(self, x, t):
            emb = mp_silu(self.emb(self.fourier(t.log() / 4)))
            h = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
            h = normalize(self.into(h), dim=1)
            y = self.res0(mp_silu(h))
            y = mp_silu(y * (emb.unsqueeze(2).unsqueeze(3) * self.gain_emb + 1).to(y.dtype))
            h = mp_sum(h, self.skip(y), 0.3)
            y = self.qkv(h).reshape(h.shape[0], 2, -1, 3, h.shape[2] * h.shape[3])
            q, k, v = normalize(y, dim=2).unbind(3)
            w = torch.einsum("nhcq,nhck->nhqk", q, k / math.sqrt(q.shape[2])).softmax(dim=3)
            y = torch.einsum("nhqk,nhck->nhcq", w, v).reshape(*h.shape)
            h = mp_sum(h, self.proj(y), t=0.3)
            h = self.res1(mp_cat(h, h.flip(1), t=0.5)).clip_(-256, 256)
            return self.out(h, gain=self.gain)

    return (Net(), (img(), t()), {})


@case
def video_windows_with_heads():
    """Windows of volumes and the heads of attention in one rearrangement of ten dimensions."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.o = nn.Linear(3, 12), nn.Linear(4, 3)

        def forward(self, x, t):
            into = "b (d p) (h q) (w r) (n e c) -> n b d h w e (p q r) c"
            back = "b d h w e (p q r) c -> b (d p) (h q) (w r) (e c)"
            sizes = {"p": 2, "q": 2, "r": 2, "e": 2}
            q, k, v = rearrange(self.qkv(x.movedim(1, -1)), into, n=3, **sizes).unbind(0)
            h = rearrange(F.scaled_dot_product_attention(q, k, v), back, **sizes)
            return self.o(h).movedim(-1, 1) + x * t.view(-1, 1, 1, 1, 1)

    return Net(), (torch.randn(BATCH, 3, 4, 4, 4), t()), {}


@case
def inpainting_by_a_fixed_mask():
    """The pixels of a region that is always the same are computed, and put in their places."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("hole", torch.zeros(6, 6, dtype=torch.bool))
            self.hole[1:4, 2:5] = self.hole[5, 0] = True
            self.inside, self.around = nn.Linear(10, 10), nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, x, t):
            h = self.around(x)
            h[:, :, self.hole] = self.inside(h[:, :, self.hole]) * t.view(-1, 1, 1)
            h[:, 0, ~self.hole] = 0.5
            return h

    return Net(), (torch.randn(BATCH, 2, 6, 6), t()), {}
