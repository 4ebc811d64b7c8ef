# SPDX-License-Identifier: MIT
"""Networks that take places from what they compute: the best experts, nearest points, warps."""

import torch
import torch.nn.functional as F
from strangers import BATCH, case, sinus, t
from torch import nn


@case
def best_two_experts():
    """A router that keeps the two largest of four; each expert computes all tokens."""

    class Net(nn.Module):
        def __init__(self, d=6, e=4):
            super().__init__()
            self.gate = nn.Linear(d, e, bias=False)
            self.experts = nn.ModuleList(
                nn.Sequential(nn.Linear(d, 12), nn.SiLU(), nn.Linear(12, d)) for _ in range(e)
            )
            self.shared = nn.Linear(d, d)

        def forward(self, x, t):
            h = x + t[:, None, None]
            flat = h.reshape(-1, h.shape[-1])
            w, chosen = torch.topk(F.softmax(self.gate(flat), dim=-1), 2, dim=-1)
            w = w / w.sum(-1, keepdim=True)
            out = torch.zeros_like(flat)
            for i, expert in enumerate(self.experts):
                mask = (chosen == i).float()
                out = out + (w * mask).sum(-1, keepdim=True) * expert(flat)
            return out.view_as(x) + self.shared(x)

    return Net(), (torch.randn(BATCH, 5, 6), t()), {}


@case
def last_state_by_length():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.enc, self.mlp = (
                nn.GRU(3, 10, batch_first=True),
                nn.Sequential(nn.Linear(14, 24), nn.ReLU(), nn.Linear(24, 3)),
            )

        def forward(self, x, t, history, length):
            h, _ = self.enc(history)
            last = h[torch.arange(h.size(0), device=h.device), length.long() - 1]
            same = h.gather(
                1, (length.long() - 1).view(-1, 1, 1).expand(-1, 1, h.size(-1))
            ).squeeze(1)
            return self.mlp(torch.cat([x, t[:, None], 0.5 * (last + same)], 1))

    return (
        Net(),
        (torch.randn(BATCH, 3), t(), torch.randn(BATCH, 6, 3), torch.tensor([2.0, 6.0])),
        {},
    )


@case
def codebook_nearest():
    """The nearest code by argmin, straight through; its usage by one_hot."""

    class Net(nn.Module):
        def __init__(self, k=9, d=5):
            super().__init__()
            self.code, self.i, self.o = nn.Embedding(k, d), nn.Linear(3, d), nn.Linear(d + k, 3)

        def forward(self, x, t):
            z = self.i(x) * (1 + t[:, None, None])
            d = (
                (z**2).sum(-1, keepdim=True)
                - 2 * z @ self.code.weight.t()
                + (self.code.weight**2).sum(-1)
            )
            k = d.argmin(-1)
            q = self.code(k)
            q = z + (q - z).detach()
            use = F.one_hot(k, 9).float().mean(1, keepdim=True).expand(-1, x.size(1), -1)
            return self.o(torch.cat([q, use], -1))

    return Net(), (torch.randn(BATCH, 6, 3), t()), {}


@case
def warped_by_flow():
    """A condition's image moved by a field that the net predicts, in two frames of reference."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.f, self.o = nn.Conv2d(4, 2, 3, padding=1), nn.Conv2d(6, 2, 3, padding=1)

        def warp(self, x, flo, mode):
            B, C, H, W = x.size()
            xx = torch.arange(0, W).view(1, -1).repeat(H, 1).view(1, 1, H, W).repeat(B, 1, 1, 1)
            yy = torch.arange(0, H).view(-1, 1).repeat(1, W).view(1, 1, H, W).repeat(B, 1, 1, 1)
            v = torch.cat((xx, yy), 1).float() + flo
            v = torch.stack(
                [2.0 * v[:, 0] / max(W - 1, 1) - 1.0, 2.0 * v[:, 1] / max(H - 1, 1) - 1.0], 1
            )
            return F.grid_sample(
                x, v.permute(0, 2, 3, 1), mode="bilinear", padding_mode=mode, align_corners=True
            )

        def forward(self, x, t, frame):
            flow = self.f(torch.cat([x, frame], 1)) * 3 * t[:, None, None, None]
            mask = self.warp(torch.ones_like(frame), flow, "zeros")
            mask = (mask > 0.999).float()
            return self.o(
                torch.cat(
                    [
                        x,
                        self.warp(frame, flow, "border") * mask,
                        self.warp(frame, flow, "reflection"),
                    ],
                    1,
                )
            )

    return Net(), (torch.randn(BATCH, 2, 6, 7), t(), torch.randn(BATCH, 2, 6, 7)), {}


@case
def deformable_convolution():
    """Taps that move, gathered by bilinear sampling."""

    class Net(nn.Module):
        def __init__(self, c=4, k=3):
            super().__init__()
            self.k, self.off, self.i, self.w, self.o = (
                k,
                nn.Conv2d(c, 2 * k * k, 3, padding=1),
                nn.Conv2d(2, c, 1),
                nn.Linear(c * k * k, c),
                nn.Conv2d(c, 2, 1),
            )

        def forward(self, x, t):
            h = self.i(x)
            b, c, H, W = h.shape
            off = self.off(h).view(b, self.k**2, 2, H, W).permute(0, 1, 3, 4, 2)
            r = torch.arange(-(self.k // 2), self.k // 2 + 1).float()
            taps = torch.stack(torch.meshgrid(r, r, indexing="xy"), -1).view(-1, 1, 1, 2)
            base = torch.stack(
                torch.meshgrid(torch.arange(W).float(), torch.arange(H).float(), indexing="xy"), -1
            )
            p = (base + taps + off) / torch.tensor([W - 1.0, H - 1.0]) * 2 - 1
            s = F.grid_sample(h, p.reshape(b, -1, W, 2), align_corners=True).view(
                b, c, self.k**2, H, W
            )
            y = self.w(s.permute(0, 3, 4, 1, 2).flatten(3)).permute(0, 3, 1, 2)
            return self.o(F.silu(y)) * t[:, None, None, None]

    return Net(), (torch.randn(BATCH, 2, 5, 6), t()), {}


@case
def sorted_pooling():
    """Points in order of a projection (FSPool), the median, a quantile."""

    class Net(nn.Module):
        def __init__(self, n=7):
            super().__init__()
            self.l, self.w, self.o = (
                nn.Linear(3, 8),
                nn.Parameter(torch.randn(n, 8)),
                nn.Linear(8 + 3 + 3, 3),
            )

        def forward(self, x, t):
            h = self.l(x)
            s, _ = h.sort(dim=1, descending=True)
            pooled = (s * self.w).sum(1)
            m = x.median(dim=1).values
            q = torch.quantile(x, 0.25, dim=1)
            return self.o(torch.cat([pooled * t[:, None], m, q], -1))[:, None] + x

    return Net(), (torch.randn(BATCH, 7, 3), t()), {}


@case
def nearest_neighbours():
    """DGCNN: the k nearest points by topk, their features gathered."""

    class Net(nn.Module):
        def __init__(self, k=3):
            super().__init__()
            self.k, self.c, self.o = k, nn.Conv2d(6, 16, 1), nn.Linear(16, 3)

        def forward(self, x, t):
            b, n, d = x.shape
            inner = -2 * x @ x.transpose(2, 1)
            xx = (x**2).sum(2, keepdim=True)
            idx = (-xx - inner - xx.transpose(2, 1)).topk(self.k, dim=-1)[1]
            idx = (idx + torch.arange(0, b, device=x.device).view(-1, 1, 1) * n).view(-1)
            f = x.reshape(b * n, d)[idx, :].view(b, n, self.k, d)
            f = torch.cat(
                (f - x[:, :, None], x[:, :, None].repeat(1, 1, self.k, 1)), dim=3
            ).permute(0, 3, 1, 2)
            h = F.leaky_relu(self.c(f), 0.2).max(dim=-1)[0].transpose(1, 2)
            return self.o(h) * t[:, None, None]

    return Net(), (torch.randn(BATCH, 6, 3), t()), {}


@case
def messages_by_computed_edges():
    """Edges that are a condition, whole numbers: messages gathered, and added where they go."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.m, self.u = nn.Linear(8, 8), nn.Linear(12, 4)

        def forward(self, x, t, edges):
            src, dst = edges[..., 0].long(), edges[..., 1].long()
            hs = torch.gather(x, 1, src.unsqueeze(-1).expand(-1, -1, 4))
            hd = torch.gather(x, 1, dst.unsqueeze(-1).expand(-1, -1, 4))
            msg = F.silu(self.m(torch.cat([hs, hd], -1)))
            agg = torch.zeros(x.size(0), x.size(1), 8).scatter_add(
                1, dst.unsqueeze(-1).expand(-1, -1, 8), msg
            )
            return self.u(torch.cat([x, agg], -1)) * t[:, None, None]

    e = torch.tensor(
        [[[0, 1], [1, 2], [2, 0], [3, 3], [1, 3]], [[0, 0], [1, 0], [2, 1], [3, 1], [2, 3]]]
    )
    return Net(), (torch.randn(BATCH, 4, 4), t(), e), {"names": ["x", "time", "edges"]}


@case
def hard_mask_autoregressive():
    """MADE's masks made in forward, MaskedLinear; values of a mask written in place."""

    class MaskedLinear(nn.Linear):
        def __init__(self, i, o, mask):
            super().__init__(i, o)
            self.register_buffer("mask", mask)

        def forward(self, x):
            return F.linear(x, self.mask * self.weight, self.bias)

    class Net(nn.Module):
        def __init__(self, d=5, h=12):
            super().__init__()
            deg = torch.arange(h) % (d - 1)
            self.a = MaskedLinear(d, h, (deg[:, None] >= torch.arange(d)).float())
            self.b = MaskedLinear(h, d, (torch.arange(d)[:, None] > deg).float())
            self.c = nn.Linear(16, h)

        def forward(self, x, t):
            h = F.relu(self.a(x) + self.c(sinus(t, 16)))
            y = self.b(h)
            y[y.abs() > 2] = 2.0
            y[:, 0] = x[:, 0] * t
            return y

    return Net(), (torch.randn(BATCH, 5), t()), {}


@case
def minimal_gru_in_logs():
    """minGRU: all states at once by sums and logcumsumexp."""

    class Net(nn.Module):
        def __init__(self, d=4, h=12):
            super().__init__()
            self.hg, self.o = nn.Linear(d + 1, 2 * h), nn.Linear(h, d)

        def log_g(self, x):
            return torch.where(x >= 0, (F.relu(x) + 0.5).log(), -F.softplus(-x))

        def forward(self, x, t):
            hidden, gate = self.hg(
                torch.cat([x, t[:, None, None].expand(-1, x.size(1), 1)], -1)
            ).chunk(2, dim=-1)
            coeffs = -F.softplus(gate)
            values = -F.softplus(-gate) + self.log_g(hidden)
            a = F.pad(coeffs.cumsum(dim=1), (0, 0, 1, 0))[:, 1:]
            log_h = a + (values - a).logcumsumexp(dim=1)
            return self.o(log_h.exp())

    return Net(), (torch.randn(BATCH, 9, 4), t()), {}


@case
def volume_rendering():
    """Transmittance as a running product of 1 - alpha, colours summed along rays."""

    class Net(nn.Module):
        def __init__(self, n=6):
            super().__init__()
            self.f = nn.Sequential(nn.Linear(3 + 1 + 16, 32), nn.SiLU(), nn.Linear(32, 4))
            self.n = n

        def forward(self, x, t):
            b, c, h, w = x.shape
            z = (
                torch.linspace(0, 1, self.n, device=x.device)
                .view(1, 1, self.n, 1)
                .expand(b, h * w, -1, -1)
            )
            f = x.flatten(2).transpose(1, 2).unsqueeze(2).expand(-1, -1, self.n, -1)
            e = sinus(t, 16)[:, None, None].expand(-1, h * w, self.n, -1)
            rgb, sigma = self.f(torch.cat([f, z, e], -1)).split([3, 1], -1)
            alpha = 1.0 - torch.exp(-F.relu(sigma.squeeze(-1)) / self.n)
            trans = torch.cumprod(
                torch.cat([torch.ones_like(alpha[..., :1]), 1.0 - alpha + 1e-10], -1), -1
            )[..., :-1]
            weights = alpha * trans
            return (
                (weights[..., None] * torch.sigmoid(rgb)).sum(-2).transpose(1, 2).view(b, 3, h, w)
            )

    return Net(), (torch.randn(BATCH, 3, 4, 5), t()), {}


@case
def grid_of_condition():
    """An image moved by an affine map that the net finds: bilinear sampling."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.loc = nn.Sequential(
                nn.Conv2d(2, 4, 3, stride=2),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(4, 6),
            )
            self.o = nn.Conv2d(2, 2, 1)
            self.loc[-1].bias.data.copy_(torch.tensor([1.0, 0.1, 0, -0.1, 1, 0]))

        def forward(self, x, t):
            theta = self.loc(x).view(-1, 2, 3)
            grid = F.affine_grid(theta, x.size(), align_corners=False)
            return self.o(F.grid_sample(x, grid, align_corners=False)) * t[:, None, None, None]

    return Net(), (torch.randn(BATCH, 2, 7, 8), t()), {}


@case
def bits_of_index():
    """The index of the step as bits, whole divisions and remainders of it."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e, self.f = nn.Linear(10, 16), nn.Embedding(10, 16)
            self.i, self.o = nn.Linear(4, 16), nn.Linear(16, 4)

        def forward(self, x, t):
            bits = ((t.unsqueeze(-1) >> torch.arange(10, device=t.device)) & 1).float() * 2 - 1
            h = self.e(bits) + self.f(torch.div(t, 100, rounding_mode="floor")) + self.f(t % 10)
            h = h + (t.float() / 999).sqrt()[:, None] + (t == 0)[:, None] * 0.3
            return self.o(F.silu(self.i(x) + h))

    return (
        Net(),
        (torch.randn(BATCH, 4), torch.tensor([3, 700])),
        {"time": "index", "schedule": "beta_linear"},
    )


@case
def topk_moe():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.g = nn.Linear(6, 4)
            self.e = nn.ModuleList((nn.Linear(6, 5) for _ in range(4)))

        def forward(self, x, t):
            h = torch.cat([x, t[:, None]], 1)
            w, i = self.g(h).softmax(-1).topk(2)
            y = torch.stack([e(h) for e in self.e], 1)
            return (y.gather(1, i[..., None].expand(-1, -1, 5)) * w[..., None]).sum(1)

    return (Net(), (torch.randn(BATCH, 5), t()), {})
