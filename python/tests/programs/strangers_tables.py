# SPDX-License-Identifier: MIT
"""Networks of rows, points and functions, and weights that are computed."""

import math

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn
from torch.func import functional_call


@case
def siren_of_fourier_features():
    """Coordinates by random Fourier features, sines of 30 x."""

    class Sine(nn.Module):
        def __init__(self, into, out, w0=30.0):
            super().__init__()
            self.w0, self.linear = w0, nn.Linear(into, out)
            nn.init.uniform_(self.linear.weight, -((6 / into) ** 0.5) / w0, (6 / into) ** 0.5 / w0)

        def forward(self, x):
            return torch.sin(self.w0 * self.linear(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("b", 2.0 * torch.randn(3, 8))
            self.net = nn.Sequential(Sine(17, 32), Sine(32, 32), nn.Linear(32, 3))

        def forward(self, x, t):
            p = 2 * math.pi * x @ self.b
            return self.net(torch.cat([torch.sin(p), torch.cos(p), t.unsqueeze(-1)], dim=-1))

    return (Net(), (torch.randn(BATCH, 3), t()), {})


@case
def hypernetwork():
    """The weights of two layers are computed from the time."""

    class Net(nn.Module):
        def __init__(self, dim=5, hidden=8):
            super().__init__()
            self.sizes = [(hidden, dim), (hidden,), (dim, hidden), (dim,)]
            count = sum(math.prod(s) for s in self.sizes)
            self.hyper = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, count))

        def forward(self, x, t):
            flat, parts = self.hyper(sinus(t, 16)), []
            begin = 0
            for size in self.sizes:
                end = begin + math.prod(size)
                parts.append(flat[:, begin:end].reshape(-1, *size))
                begin = end
            w1, b1, w2, b2 = parts
            h = torch.tanh(torch.bmm(w1, x.unsqueeze(-1)).squeeze(-1) + b1)
            return torch.einsum("boi,bi->bo", w2, h) + b2

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def ensemble_by_functional_call():
    """The mean of a network with weights that are scaled, called as functions."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(6, 16), nn.SiLU(), nn.Linear(16, 5))
            self.scales = nn.Parameter(torch.tensor([0.5, 1.0, 2.0]))

        def forward(self, x, t):
            own = dict(self.net.named_parameters())
            h = torch.cat([x, t[:, None]], 1)
            made = [
                functional_call(self.net, {k: v * s for k, v in own.items()}, (h,))
                for s in self.scales
            ]
            return torch.stack(made).mean(0)

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def spline_layers():
    """A Kolmogorov-Arnold layer: B-splines by their recursion."""

    class Layer(nn.Module):
        def __init__(self, into, out, count=5, order=3):
            super().__init__()
            self.order = order
            step = 2 / count
            grid = (
                (torch.arange(-order, count + order + 1) * step - 1).expand(into, -1).contiguous()
            )
            self.register_buffer("grid", grid)
            self.base = nn.Parameter(torch.randn(out, into) / into**0.5)
            self.spline = nn.Parameter(0.3 * torch.randn(out, into, count + order))

        def forward(self, x):
            grid, y = self.grid, x.unsqueeze(-1)
            bases = ((y >= grid[:, :-1]) & (y < grid[:, 1:])).to(x.dtype)
            for k in range(1, self.order + 1):
                left = (y - grid[:, : -(k + 1)]) / (grid[:, k:-1] - grid[:, : -(k + 1)])
                right = (grid[:, k + 1 :] - y) / (grid[:, k + 1 :] - grid[:, 1:(-k)])
                bases = left * bases[:, :, :-1] + right * bases[:, :, 1:]
            spline = F.linear(bases.view(x.size(0), -1), self.spline.view(self.spline.shape[0], -1))
            return F.linear(F.silu(x), self.base) + spline

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([Layer(5, 8), Layer(8, 4)])

        def forward(self, x, t):
            h = torch.hstack([x, t[:, None]])
            for layer in self.layers:
                h = layer(torch.tanh(h))
            return h

    return (Net(), (torch.randn(BATCH, 4), t()), {})


@case
def schnet_points():
    """Points in space: distances, radial functions, a smooth cutoff, sums over neighbours."""

    class Net(nn.Module):
        def __init__(self, dim=12):
            super().__init__()
            self.register_buffer("centres", torch.linspace(0, 4, 10))
            self.kinds = nn.Parameter(torch.randn(6, dim))
            self.filter = nn.Sequential(nn.Linear(10, dim), nn.Softplus(), nn.Linear(dim, dim))
            self.mix, self.weight = nn.Linear(dim, dim), nn.Linear(dim, 1, bias=False)

        def forward(self, x, t):
            d = torch.cdist(x, x)
            radial = torch.exp(-2.0 * (d.unsqueeze(-1) - self.centres).pow(2))
            cut = 0.5 * (torch.cos(d * math.pi / 4.0) + 1.0) * (d < 4.0).float()
            cut = cut * (1 - torch.eye(x.shape[1], device=x.device))
            h = (self.kinds + t[:, None, None]).expand(x.shape[0], -1, -1)
            w = self.filter(radial) * cut.unsqueeze(-1)
            h = h + F.softplus(self.mix((w * h.unsqueeze(1)).sum(2))) - math.log(2.0)
            away = x.unsqueeze(2) - x.unsqueeze(1)
            scale = self.weight(w * (h.unsqueeze(1) + h.unsqueeze(2)))
            moved = (away * scale / (d.unsqueeze(-1) + 1)).sum(2)
            return x + torch.cross(moved, x.roll(1, 1), dim=-1) * 0.1 + moved

    return (Net(), (torch.randn(BATCH, 6, 3), t()), {})


@case
def fixed_graph_scatter():
    """Messages along fixed edges: rows by index, sums by scatter_add and index_add, means."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            edges = torch.tensor([[0, 1, 2, 3, 4, 0, 2], [1, 2, 3, 4, 0, 2, 4]])
            self.register_buffer("src", edges[0])
            self.register_buffer("dst", edges[1])
            self.register_buffer(
                "degree", torch.bincount(edges[1], minlength=5).clamp(min=1).float()
            )
            self.message = nn.Sequential(nn.Linear(7, 16), nn.ReLU6(), nn.Linear(16, 3))
            self.update = nn.GRUCell(3, 3)

        def forward(self, x, t):
            for _ in range(2):
                time = t[:, None, None].expand(-1, len(self.src), 1)
                m = self.message(torch.cat([x[:, self.src], x[:, self.dst], time], -1))
                index = self.dst.view(1, -1, 1).expand(x.size(0), -1, m.size(-1))
                total = torch.zeros_like(x).scatter_add(1, index, m) / self.degree[:, None]
                also = torch.zeros_like(x).index_add_(1, self.src, m)
                h = self.update((total + also).flatten(0, 1), x.flatten(0, 1))
                x = h.view_as(x)
            return x

    return (Net(), (torch.randn(BATCH, 5, 3), t()), {})


@case
def scalar_buffers():
    """Numbers as buffers without dimensions, one of them asked for by item()."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("sigma_data", torch.tensor(0.5))
            self.register_buffer("mean", torch.tensor([0.1, -0.2, 0.3, 0.4]))
            self.register_buffer("count", torch.tensor(3, dtype=torch.long))
            self.register_buffer("limit", torch.tensor(4.0, dtype=torch.float64))
            self.net = nn.Sequential(nn.Linear(5, 16), nn.SELU(), nn.Linear(16, 4))

        def forward(self, x, t):
            s = self.sigma_data
            c_skip = s**2 / (t**2 + s**2)
            c_out = t * s / torch.sqrt(t**2 + s**2)
            y = (x - self.mean) / torch.hypot(s, t)[:, None]
            for _ in range(int(self.count)):
                y = self.net(torch.cat([y, (t.log() / 4)[:, None]], 1)).clamp(
                    -self.limit, self.limit
                )
            made = c_skip[:, None] * x + c_out[:, None] * y
            return made * self.sigma_data.item() + self.mean

    return (Net(), (torch.randn(BATCH, 4), t()), {})


@case
def soft_experts():
    """A mixture of experts whose weights are stacked; the gate is a softmax of all."""

    class Net(nn.Module):
        def __init__(self, experts=4, dim=6, hidden=10):
            super().__init__()
            self.first = nn.ParameterList(torch.randn(dim, hidden) / 3 for _ in range(experts))
            self.second = nn.Parameter(torch.randn(experts, hidden, dim) / 3)
            self.gate = nn.Linear(dim, experts)
            self.low, self.high = (
                nn.Parameter(torch.randn(dim, 2)),
                nn.Parameter(torch.randn(2, dim)),
            )

        def forward(self, x, t):
            h = x + t[:, None]
            g = self.gate(h).softmax(-1)
            made = torch.einsum("bd,edh->beh", h, torch.stack(list(self.first)))
            made = torch.einsum("beh,ehd->bed", F.gelu(made), self.second)
            lora = h @ (self.low @ self.high) * 0.25
            return torch.sum(made * g[..., None], dim=1) + lora

    return (Net(), (torch.randn(BATCH, 6), t()), {})


@case
def time_in_bins():
    """The time in bins of a table, and between their middles."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("edges", torch.linspace(0, 1, 9))
            self.table, self.net = nn.Embedding(10, 8), nn.Linear(4, 8)
            self.out = nn.Linear(8, 4)

        def forward(self, x, t):
            bins = torch.bucketize(t, self.edges)
            other = torch.searchsorted(self.edges, t, right=True)
            h = self.net(x) + self.table(bins) * self.table.weight[other]
            return self.out(F.gelu(h))

    return (Net(), (torch.randn(BATCH, 4), t()), {})


@case
def schedule_by_gather():
    """The time as an index of a schedule's table, read in each of the ways that codes have."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("bar", torch.cumprod(1 - torch.linspace(1e-4, 0.02, 100), 0))
            self.net, self.table = nn.Linear(6, 6), nn.Embedding(100, 6)

        def forward(self, x, t):
            k = torch.round(t * 99).to(torch.int64)
            a = torch.gather(self.bar, -1, k).reshape(-1, *((1,) * (x.dim() - 1)))
            made = (self.net(x) + self.table(k)) * a.sqrt() - (1 - a).sqrt() * x
            more = torch.index_select(self.bar, 0, k)[:, None] + torch.take(self.bar, k)[:, None]
            return made + self.bar[k][:, None] * more

    return (Net(), (torch.randn(BATCH, 6), t()), {})


@case
def lengths_of_sets():
    """A set with as many points as a condition says; what is beyond is masked everywhere."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.into, self.out = nn.Linear(3, 16), nn.Linear(16, 3)
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
            self.norm = nn.LayerNorm(16)

        def forward(self, x, t, count):
            there = torch.arange(x.shape[1], device=x.device)[None] < count[:, None]
            h = self.into(x) + t[:, None, None]
            h = h + self.attention(h, h, h, key_padding_mask=~there, need_weights=False)[0]
            mean = (h * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
            h = torch.where(there[..., None], self.norm(h + mean[:, None]), h.new_zeros(()))
            return self.out(h) * there.unsqueeze(-1)

    return (Net(), (torch.randn(BATCH, 6, 3), t(), torch.tensor([[6.0], [3.0]])[:, 0]), {})


@case
def adm_in_half():
    """As guided-diffusion in half precision: the body in float16, norms in float32 and back."""

    class Norm32(nn.GroupNorm):
        def forward(self, x):
            return super().forward(x.float()).type(x.dtype)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.dtype = torch.float16
            self.time = nn.Sequential(nn.Linear(16, 16), nn.SiLU(), nn.Linear(16, 16))
            self.body = nn.ModuleList(
                [nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)]
            )
            self.norm = Norm32(4, 16)
            self.out = nn.Sequential(Norm32(4, 16), nn.SiLU(), nn.Conv2d(16, 3, 3, padding=1))
            self.body.apply(lambda m: m.half() if isinstance(m, nn.Conv2d) else None)

        def forward(self, x, t):
            emb = self.time(sinus(t, 16))
            h = self.body[0](x.type(self.dtype)) + emb.half()[:, :, None, None]
            h = self.body[1](F.silu(self.norm(h)))
            return self.out(h.type(x.dtype))

    return (Net(), (torch.randn(BATCH, 3, 8, 8), t()), {})


@case
def transformer_in_bfloat16():
    """All in bfloat16; norms, softmax and turns are in float32 and back."""

    class Norm(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.weight = nn.Parameter(1 + 0.1 * torch.randn(dim))

        def forward(self, x):
            before = x.dtype
            x = x.to(torch.float32)
            x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + torch.finfo(before).tiny + 1e-6)
            return self.weight * x.to(before)

    class Net(nn.Module):
        def __init__(self, dim=16):
            super().__init__()
            self.into, self.out = nn.Linear(4, dim), nn.Linear(dim, 4)
            self.norm, self.qkv, self.proj = Norm(dim), nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
            self.time = nn.Linear(16, dim)

        def forward(self, x, t):
            h = self.into(x.to(torch.bfloat16)) + self.time(sinus(t, 16).bfloat16())[:, None]
            q, k, v = self.qkv(self.norm(h)).chunk(3, -1)
            a = torch.matmul(q, k.transpose(1, 2)) * 0.25
            a = F.softmax(a.float(), dim=-1).type_as(h)
            assert h.dtype == a.dtype
            return self.out(h + self.proj(a @ v)).float()

    return (Net().bfloat16(), (torch.randn(BATCH, 5, 4), t()), {})
