# SPDX-License-Identifier: MIT
"""Networks of sequences, tokens and sound."""

import functools
import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


@case
def wavenet_dilated():
    """A causal WaveNet: gates, dilations, sums of skips, weight norms by parametrization."""

    class Layer(nn.Module):
        def __init__(self, dim, dilation):
            super().__init__()
            self.pad, self.time = dilation, nn.Linear(16, dim)
            self.conv = weight_norm(nn.Conv1d(dim, 2 * dim, 2, dilation=dilation))
            self.both = weight_norm(nn.Conv1d(dim, 2 * dim, 1))

        def forward(self, x, e):
            h = F.pad(x + self.time(e).unsqueeze(-1), (self.pad, 0))
            a, b = torch.split(self.conv(h), x.size(1), dim=1)
            rest, skip = self.both(torch.tanh(a) * torch.sigmoid(b)).chunk(2, dim=1)
            return (x + rest) / math.sqrt(2.0), skip

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.into, self.out = nn.Conv1d(1, 12, 1), nn.Conv1d(12, 1, 1)
            self.layers = nn.ModuleList(Layer(12, 2**k) for k in range(4))
            nn.init.normal_(self.out.weight)

        def forward(self, audio, diffusion_step):
            x, e = F.relu(self.into(audio.unsqueeze(1))), sinus(diffusion_step, 16)
            skips = None
            for layer in self.layers:
                x, skip = layer(x, e)
                skips = skip if skips is None else skips + skip
            return self.out(F.relu(skips / math.sqrt(len(self.layers)))).squeeze(1)

    return (Net(), (torch.randn(BATCH, 40), t()), {})


@case
def perceiver_io():
    """Learned latents read a set, work among themselves, and are asked by position."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.latents = nn.Parameter(torch.randn(5, 16))
            self.asks = nn.Parameter(torch.randn(1, 7, 16))
            self.into, self.out = nn.Linear(3, 16), nn.Linear(16, 3)
            self.read = nn.MultiheadAttention(16, 2, kdim=16, vdim=16, batch_first=True)
            self.among = nn.MultiheadAttention(16, 4, batch_first=True, bias=False)
            self.tell = nn.MultiheadAttention(16, 1, batch_first=True, add_bias_kv=True)
            self.norms = nn.ModuleList(nn.LayerNorm(16) for _ in range(3))
            self.time = nn.Linear(16, 16)

        def forward(self, x, t):
            h = self.into(x)
            z = self.latents.unsqueeze(0).repeat(x.size(0), 1, 1) + self.time(sinus(t, 16))[:, None]
            z = z + self.read(self.norms[0](z), h, h, need_weights=False)[0]
            n = self.norms[1](z)
            z = z + self.among(n, n, n)[0]
            return self.out(self.tell(self.asks.expand(len(x), -1, -1) + h, z, z)[0])

    return (Net(), (torch.randn(BATCH, 7, 3), t()), {})


@case
def grouped_queries_alibi():
    """Few keys for many queries, a slope for each head, positions cut from a longer table."""

    class Net(nn.Module):
        def __init__(self, dim=32, heads=4, few=2, longest=64):
            super().__init__()
            self.heads, self.few = heads, few
            self.q, self.kv = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim * few // heads)
            self.out, self.into = nn.Linear(dim, 6), nn.Linear(6, dim)
            self.places = nn.Parameter(torch.randn(1, longest, dim))
            self.register_buffer("slopes", 2.0 ** -(8.0 / heads * torch.arange(1, heads + 1)))
            self.register_buffer("causal", torch.tril(torch.ones(longest, longest)).bool())

        def forward(self, x, t):
            n = x.size(1)
            h = self.into(x) + self.places[:, :n] + t[:, None, None]
            q = self.q(h).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            k, v = self.kv(h).unflatten(-1, (2, self.few, -1)).unbind(2)
            k, v = (
                torch.repeat_interleave(p.transpose(1, 2), self.heads // self.few, 1)
                for p in (k, v)
            )
            at = torch.arange(n, device=x.device)
            bias = -(at[None, :] - at[:, None]).abs() * self.slopes[:, None, None]
            bias = bias.masked_fill(~self.causal[:n, :n], float("-inf"))
            h = F.scaled_dot_product_attention(
                q, k, v, attn_mask=bias.expand(x.size(0), -1, -1, -1)
            )
            return self.out(h.transpose(1, 2).flatten(2))

    return (Net(), (torch.randn(BATCH, 9, 6), t()), {})


@case
def parallel_swiglu_rms():
    """One projection for queries, keys, values and a gated MLP; norms by hand; axial turns."""

    class Norm(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.weight = nn.Parameter(1 + 0.1 * torch.randn(dim))

        def _norm(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)

        def forward(self, x):
            return self._norm(x.float()).type_as(x) * self.weight

    def turned(x, freqs):
        pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * freqs).flatten(3).type_as(x)

    class Net(nn.Module):
        def __init__(self, dim=16, heads=2, side=4):
            super().__init__()
            self.heads, self.sizes = heads, [dim, dim, dim, 2 * 24]
            self.norm, self.qn, self.kn = Norm(dim), Norm(dim // heads), Norm(dim // heads)
            self.fused, self.out = (
                nn.Linear(dim, sum(self.sizes), bias=False),
                nn.Linear(dim + 24, dim),
            )
            self.into, self.last = nn.Linear(3, dim), nn.Linear(dim, 3)
            rates = 1.0 / 100.0 ** (torch.arange(0, dim // heads, 4).float() / (dim // heads))
            i, j = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
            angles = torch.cat([torch.outer(p.flatten().float(), rates) for p in (i, j)], -1)
            self.register_buffer(
                "freqs", torch.polar(torch.ones_like(angles), angles)[:, None], False
            )

        def forward(self, x, t):
            h = self.into(x.flatten(2).transpose(1, 2)) + t[:, None, None]
            q, k, v, gated = self.fused(self.norm(h)).split(self.sizes, dim=-1)
            q, k, v = (p.reshape(*p.shape[:2], self.heads, -1) for p in (q, k, v))
            q, k = turned(self.qn(q), self.freqs), turned(self.kn(k), self.freqs)
            a = F.scaled_dot_product_attention(*(p.transpose(1, 2) for p in (q, k, v)))
            gate, value = gated.chunk(2, -1)
            both = torch.cat([a.transpose(1, 2).flatten(2), F.silu(gate) * value], -1)
            return self.last(h + self.out(both)).transpose(1, 2).unflatten(2, x.shape[2:])

    return (Net(), (torch.randn(BATCH, 3, 4, 4), t()), {})


class Output(NamedTuple):
    sample: torch.Tensor
    hidden: torch.Tensor | None = None


@case
def uvit_token_skips():
    """Time as a token, long skips, a named tuple as the result, a dictionary inside."""

    class Net(nn.Module):
        def __init__(self, dim=16):
            super().__init__()
            self.into, self.out = nn.Linear(4, dim), nn.Linear(dim, 4)
            self.time = nn.Sequential(nn.Linear(16, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim))
            layer = functools.partial(nn.TransformerEncoderLayer, dim, 2, 24, batch_first=True)
            self.blocks = nn.ModuleDict({k: layer() for k in ("down", "middle", "up")})
            self.join, self.places = nn.Linear(2 * dim, dim), nn.Embedding(20, dim)

        def forward(self, x, t):
            h = torch.cat([self.time(sinus(t, 16)).unsqueeze(1), self.into(x)], dim=1)
            h = h + self.places(torch.arange(h.shape[1], device=h.device))
            kept = {"down": self.blocks["down"](h)}
            h = self.blocks["middle"](kept["down"])
            h = self.blocks["up"](self.join(torch.cat([h, kept.pop("down")], dim=-1)))
            return Output(sample=self.out(h[:, 1:]))

    return (Net().eval(), (torch.randn(BATCH, 6, 4), t()), {})


@case
def snake_vocoder():
    """Snake activations, old weight norms of transposed convolutions, blocks summed and divided."""

    class Snake(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.alpha = nn.Parameter(torch.rand(1, dim, 1) + 0.5)

        def forward(self, x):
            return x + (self.alpha + 1e-9).reciprocal() * torch.sin(self.alpha * x).pow(2)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            old = torch.nn.utils.weight_norm
            self.down = old(nn.Conv1d(2, 8, 8, stride=4, padding=2))
            self.up = old(nn.ConvTranspose1d(8, 8, 8, stride=4, padding=2), dim=0)
            self.blocks = nn.ModuleList(
                nn.Sequential(
                    Snake(8), old(nn.Conv1d(8, 8, k, padding=d * (k - 1) // 2, dilation=d))
                )
                for k, d in ((3, 1), (7, 2), (11, 1))
            )
            self.last, self.time = nn.Conv1d(8, 2, 7, padding="same"), nn.Linear(1, 8)

        def forward(self, x, t):
            h = self.up(F.leaky_relu(self.down(x) + self.time(t[:, None])[..., None], 0.1))
            xs = 0
            for block in self.blocks:
                xs += h + block(h)
            return torch.tanh(self.last(xs / len(self.blocks)))

    return (Net(), (torch.randn(BATCH, 2, 16), t()), {})


@case
def state_space_diagonal():
    """S4D: a kernel computed from its parameters, by FFT; a gate."""

    class Kernel(nn.Module):
        def __init__(self, dim, states=8):
            super().__init__()
            self.log_dt = nn.Parameter(torch.rand(dim) * -3 - 1)
            self.log_real = nn.Parameter(torch.log(0.5 * torch.ones(dim, states)))
            self.imaginary = nn.Parameter(math.pi * torch.arange(states).repeat(dim, 1))
            self.c = nn.Parameter(torch.view_as_real(torch.randn(dim, states, dtype=torch.cfloat)))

        def forward(self, length):
            dt, c = self.log_dt.exp(), torch.view_as_complex(self.c)
            a = -torch.exp(self.log_real) + 1j * self.imaginary
            dta = a * dt.unsqueeze(-1)
            k = dta.unsqueeze(-1) * torch.arange(length, device=a.device)
            c = c * (torch.exp(dta) - 1.0) / a
            return 2 * torch.einsum("hn, hnl -> hl", c, torch.exp(k)).real

    class Net(nn.Module):
        def __init__(self, dim=8):
            super().__init__()
            self.kernel, self.d = Kernel(dim), nn.Parameter(torch.randn(dim))
            self.into, self.out = nn.Linear(3, dim), nn.Linear(dim, 3)
            self.gate = nn.Sequential(nn.Conv1d(dim, 2 * dim, 1), nn.GLU(dim=-2))

        def forward(self, x, t):
            u = (self.into(x) + t[:, None, None]).transpose(-1, -2)
            n = u.size(-1)
            k_f = torch.fft.rfft(self.kernel(n), n=2 * n)
            u_f = torch.fft.rfft(u, n=2 * n)
            y = torch.fft.irfft(u_f * k_f, n=2 * n)[..., :n]
            y = self.gate(F.gelu(y + u * self.d.unsqueeze(-1)))
            return self.out(y.transpose(-1, -2))

    return (Net(), (torch.randn(BATCH, 10, 3), t()), {})


@case
def mixer_and_relu_squared():
    """MLP-Mixer with transposes; a gated attention unit of squared ReLUs; ScaleNorm."""

    class Scale(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.g = nn.Parameter(torch.tensor(dim**0.5))

        def forward(self, x):
            return F.normalize(x, p=2.0, dim=-1, eps=1e-5) * self.g

    class Net(nn.Module):
        def __init__(self, dim=12, tokens=8):
            super().__init__()
            self.into, self.out = nn.Linear(5, dim), nn.Linear(dim, 5)
            self.tokens = nn.Sequential(
                nn.Linear(tokens, 16), nn.GELU("tanh"), nn.Linear(16, tokens)
            )
            self.norm, self.rms = Scale(dim), nn.RMSNorm(dim)
            self.hidden, self.qk = nn.Linear(dim, 48), nn.Linear(dim, 6)
            self.gamma, self.beta = nn.Parameter(torch.randn(2, 6)), nn.Parameter(torch.randn(2, 6))
            self.proj = nn.Linear(24, dim)

        def forward(self, x, t):
            h = self.into(x) * torch.exp(-t)[:, None, None]
            h = h + self.tokens(self.norm(h).mT).mT
            n = self.rms(h)
            v, gate = F.silu(self.hidden(n)).chunk(2, dim=-1)
            z = torch.einsum("...d,hd->...hd", F.silu(self.qk(n)), self.gamma) + self.beta
            q, k = z.unbind(dim=-2)
            a = torch.square(F.relu(torch.bmm(q, k.mT) / x.shape[1]))
            return self.out(h + self.proj(torch.bmm(a, v) * gate))

    return (Net(), (torch.randn(BATCH, 8, 5), t()), {})


@case
def old_diffusers_attention():
    """Heads in the batch, baddbmm without its first matrix, softmax that is told its type."""

    class Net(nn.Module):
        def __init__(self, dim=16, heads=4):
            super().__init__()
            self.heads = heads
            self.q, self.k, self.v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
            self.norm, self.proj = nn.LayerNorm(dim), nn.Linear(dim, dim)
            self.into, self.out = nn.Linear(2, dim), nn.Linear(dim, 2)

        def heads_to_batch(self, x):
            b, n, c = x.shape
            x = x.reshape(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3)
            return x.reshape(b * self.heads, n, c // self.heads)

        def forward(self, x, t):
            h = self.into(x) + t.reshape(-1, 1, 1)
            q, k, v = (self.heads_to_batch(f(self.norm(h))) for f in (self.q, self.k, self.v))
            scores = torch.baddbmm(
                torch.empty(q.shape[0], q.shape[1], k.shape[1], dtype=q.dtype), q,
                k.transpose(-1, -2), beta=0, alpha=q.shape[-1] ** -0.5,
            )  # fmt: skip
            p = torch.softmax(scores, dim=-1, dtype=torch.float32).to(v.dtype)
            y = torch.bmm(p, v)
            b, n, c = h.shape
            y = y.reshape(b, self.heads, n, -1).permute(0, 2, 1, 3).reshape(b, n, c)
            return self.out(self.proj(y) + h)

    return (Net(), (torch.randn(BATCH, 7, 2), t()), {})
