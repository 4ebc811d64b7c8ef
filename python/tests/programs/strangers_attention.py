# SPDX-License-Identifier: MIT
"""Networks with attention."""

import math

import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import nn


def rope(q, k, base=10000.0):
    d = q.shape[-1]
    n = q.shape[-2]
    inv = base ** (-torch.arange(0, d, 2).float() / d)
    f = torch.outer(torch.arange(n).float(), inv)
    c, self = (f.cos().repeat_interleave(2, -1), f.sin().repeat_interleave(2, -1))

    def rot(x):
        x = x.unflatten(-1, (-1, 2))
        a, b = x.unbind(-1)
        return torch.stack((-b, a), -1).flatten(-2)

    return (q * c + rot(q) * self, k * c + rot(k) * self)


@case
def mha_batch_first_masks():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.a = nn.MultiheadAttention(32, 4, batch_first=True)
            self.c = nn.MultiheadAttention(32, 4, kdim=8, vdim=8, batch_first=True, bias=False)
            self.o = nn.Linear(32, 4)
            self.register_buffer("m", torch.triu(torch.ones(10, 10, dtype=torch.bool), 1))

        def forward(self, x, t, ctx, pad):
            h = self.i(x) + sinus(t, 32)[:, None]
            h = h + self.a(h, h, h, attn_mask=self.m, need_weights=False)[0]
            h = h + self.c(h, ctx, ctx, key_padding_mask=pad < 0.5)[0]
            return self.o(h)

    return (
        Net(),
        (
            torch.randn(BATCH, 10, 4),
            t(),
            torch.randn(BATCH, 6, 8),
            torch.tensor([[1.0, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0]]),
        ),
        {},
    )


@case
def mha_seq_first():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.a = nn.MultiheadAttention(32, 4, add_bias_kv=True, add_zero_attn=True)
            self.o = nn.Linear(32, 4)

        def forward(self, x, t):
            h = (self.i(x) + sinus(t, 32)[:, None]).transpose(0, 1)
            h = h + self.a(h, h, h)[0]
            return self.o(h.transpose(0, 1))

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def encoder_layers():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            l = nn.TransformerEncoderLayer(
                32, 4, 64, activation="gelu", batch_first=True, norm_first=True
            )
            self.e = nn.TransformerEncoder(l, 2, norm=nn.LayerNorm(32), enable_nested_tensor=False)
            self.pos = nn.Parameter(torch.randn(1, 11, 32))
            self.t = nn.Linear(32, 32)
            self.o = nn.Linear(32, 4)

        def forward(self, x, t):
            h = torch.cat([self.t(sinus(t * 1000, 32)).unsqueeze(1), self.i(x)], 1) + self.pos
            return self.o(self.e(h))[:, 1:]

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def encoder_default_nested():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.e = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2
            )
            self.o = nn.Linear(32, 4)

        def forward(self, x, t):
            return self.o(self.e(self.i(x) + sinus(t, 32)[:, None]))

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def encoder_decoder():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.tr = nn.Transformer(32, 4, 1, 2, 64, batch_first=True)
            self.i = nn.Linear(4, 32)
            self.c = nn.Linear(8, 32)
            self.o = nn.Linear(32, 4)

        def forward(self, x, t, c):
            tgt = self.i(x) + sinus(t, 32)[:, None]
            m = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            return self.o(self.tr(self.c(c), tgt, tgt_mask=m, tgt_is_causal=True))

    return (Net(), (torch.randn(BATCH, 10, 4), t(), torch.randn(BATCH, 6, 8)), {})


@case
def rope_gqa():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.q = nn.Linear(32, 32)
            self.kv = nn.Linear(32, 32)
            self.o = nn.Linear(32, 4)
            self.n = nn.RMSNorm(32)

        def forward(self, x, t):
            h = self.n(self.i(x)) + sinus(t, 32)[:, None]
            q = self.q(h).unflatten(-1, (4, 8)).transpose(1, 2)
            k, v = self.kv(h).view(*h.shape[:-1], 2, 2, 8).permute(2, 0, 3, 1, 4)
            q, k = rope(q, k)
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            return self.o(a.transpose(1, 2).flatten(-2))

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def rope_half_llama():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.qkv = nn.Linear(32, 96, bias=False)
            self.o = nn.Linear(32, 4)
            inv = 1.0 / 10000 ** (torch.arange(0, 8, 2).float() / 8)
            self.register_buffer("inv", inv, persistent=False)

        def forward(self, x, t):
            h = self.i(x) + sinus(t, 32)[:, None]
            q, k, v = (
                z.reshape(z.size(0), z.size(1), 4, 8).transpose(1, 2)
                for z in self.qkv(h).split(32, dim=-1)
            )
            f = torch.einsum("i,j->ij", torch.arange(x.size(1), dtype=self.inv.dtype), self.inv)
            emb = torch.cat((f, f), -1)
            cos, sin = (emb.cos()[None, None], emb.sin()[None, None])
            rh = lambda z: torch.cat((-z[..., 4:], z[..., :4]), -1)
            q, k = (q * cos + rh(q) * sin, k * cos + rh(k) * sin)
            a = torch.einsum("bhid,bhjd->bhij", q, k) * 8 ** (-0.5)
            a = (a - a.amax(-1, keepdim=True).detach()).softmax(-1)
            return self.o(
                torch.einsum("bhij,bhjd->bhid", a, v)
                .transpose(1, 2)
                .contiguous()
                .view(x.size(0), x.size(1), -1)
            )

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def shifted_window():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Conv2d(3, 16, 1)
            self.q = nn.Linear(16, 48)
            self.o = nn.Conv2d(16, 3, 1)
            self.bias = nn.Parameter(torch.randn(49, 2))
            c = torch.stack(
                torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
            ).flatten(1)
            r = c[:, :, None] - c[:, None] + 3
            self.register_buffer("idx", r[0] * 7 + r[1])

        def forward(self, x, t):
            h = self.i(x).permute(0, 2, 3, 1)
            h = torch.roll(h, (-2, -2), (1, 2))
            b, H, W, C = h.shape
            w = h.view(b, H // 4, 4, W // 4, 4, C).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, C)
            q, k, v = self.q(w).reshape(-1, 16, 3, 2, 8).permute(2, 0, 3, 1, 4)
            a = q @ k.mT / 8**0.5 + self.bias[self.idx.view(-1)].view(16, 16, 2).permute(2, 0, 1)
            w = (
                (a.softmax(-1) @ v)
                .transpose(1, 2)
                .reshape(-1, H // 4, W // 4, 4, 4, C)
                .permute(0, 1, 3, 2, 4, 5)
                .reshape(b, H, W, C)
            )
            return self.o(torch.roll(w, (2, 2), (1, 2)).permute(0, 3, 1, 2)) * t.view(-1, 1, 1, 1)

    return (Net(), (img(), t()), {})


@case
def linear_attention_elu():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.q = nn.Linear(32, 96)
            self.o = nn.Linear(32, 4)

        def forward(self, x, t):
            h = self.i(x) + sinus(t, 32)[:, None]
            q, k, v = self.q(h).tensor_split(3, -1)
            q, k = (F.elu(q) + 1, F.elu(k) + 1)
            kv = torch.bmm(k.transpose(1, 2), v)
            z = 1 / (torch.einsum("nld,nd->nl", q, k.sum(1)) + 1e-06)
            return self.o(torch.baddbmm(torch.zeros_like(h), q, kv) * z[..., None])

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def relative_position_bias_t5():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.q = nn.Linear(32, 96)
            self.o = nn.Linear(32, 4)
            self.b = nn.Embedding(8, 4)

        def bucket(self, n):
            r = torch.arange(n)[None] - torch.arange(n)[:, None]
            a = r.abs()
            big = 2 + (torch.log(a.float().clamp(min=1) / 2) / math.log(8 / 2) * 2).long()
            return (r > 0).long() * 4 + torch.where(a < 2, a, big.clamp(max=3))

        def forward(self, x, t):
            h = self.i(x) + sinus(t, 32)[:, None]
            q, k, v = (z.unflatten(-1, (4, 8)).movedim(-2, 1) for z in self.q(h).chunk(3, -1))
            return self.o(
                F.scaled_dot_product_attention(
                    q, k, v, attn_mask=self.b(self.bucket(x.shape[1])).permute(2, 0, 1)
                )
                .movedim(1, -2)
                .flatten(-2)
            )

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})


@case
def qk_norm_sigmoid_gate():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Linear(4, 32)
            self.q = nn.Linear(32, 128)
            self.o = nn.Linear(32, 4)
            self.s = nn.Parameter(torch.tensor(2.0))

        def forward(self, x, t):
            h = self.i(x) + sinus(t, 32)[:, None]
            q, k, v, g = (z.unflatten(-1, (4, 8)).transpose(1, 2) for z in self.q(h).chunk(4, -1))
            q, k = (F.normalize(q, dim=-1), F.normalize(k, dim=-1))
            a = F.scaled_dot_product_attention(q, k, v, scale=1.0) * torch.sigmoid(g)
            return self.o(rearr(a)) * self.s.clamp(max=math.log(100)).exp()

    def rearr(a):
        return a.permute(0, 2, 1, 3).flatten(2)

    return (Net(), (torch.randn(BATCH, 10, 4), t()), {})
