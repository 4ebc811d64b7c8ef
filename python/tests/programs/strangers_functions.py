# SPDX-License-Identifier: MIT
"""Networks of functions, products and reductions of all kinds; compiled and scripted ones."""

import functools

import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import nn
from torch.nn.utils.parametrizations import orthogonal, spectral_norm


@case
def functions_of_all_kinds():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l, self.o = nn.Linear(6, 24), nn.Linear(24, 6)

        def forward(self, x, t):
            h = self.l(x) + t[:, None]
            a, b = h, h.flip(-1)
            y = (
                torch.atan2(a, b)
                + torch.hypot(a, b)
                + torch.sinc(a)
                + torch.special.expm1(-a.abs())
            )
            y = (
                y
                + torch.special.ndtr(a)
                + torch.logaddexp(a, b)
                + torch.special.xlog1py(a, b.abs())
                + torch.erf(b)
            )
            y = (
                y
                + torch.fmod(a, 0.7)
                + torch.remainder(b, 1.3)
                + torch.floor(a * 3) / 3
                + torch.frac(b)
                + torch.round(a)
            )
            y = (
                y
                + torch.nan_to_num(torch.log(a), nan=0.25, neginf=-1.0)
                + torch.copysign(b, a)
                + torch.sign(b) * a.abs().sqrt()
            )
            y = (
                y
                + torch.clamp(a, min=b)
                + torch.special.logit(torch.sigmoid(b), eps=1e-4)
                + torch.float_power(a.abs() + 1, 0.3).float()
            )
            y = (
                y
                + torch.heaviside(a, torch.tensor(0.5))
                + torch.ldexp(a, torch.tensor(-2))
                + torch.trunc(b)
                + a.asinh()
                + torch.arctan(b)
            )
            y = (
                y
                + torch.exp2(-b.square())
                + (a.abs() + 0.1).log2()
                + (a.abs() + 0.1).log10()
                + torch.special.entr(torch.sigmoid(a))
                + torch.rad2deg(b) / 90
            )
            return self.o(torch.where(y.isfinite(), y, torch.zeros(())))

    return Net(), (torch.randn(BATCH, 6), t()), {}


@case
def reductions_of_all_kinds():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l, self.o = nn.Linear(5, 8), nn.Linear(23, 5)

        def forward(self, x, t):
            h = self.l(x) + t[:, None, None]
            v, m = torch.var_mean(h, dim=1)
            s = h.std(dim=(1, 2), keepdim=True).squeeze(-1)
            lo, hi = torch.aminmax(h, dim=1)
            parts = [
                s,
                h.logsumexp((1, 2), keepdim=False)[:, None],
                h.norm(1, dim=(1, 2))[:, None],
                h.norm(float("inf"), dim=1).amax(-1, keepdim=True),
                torch.linalg.matrix_norm(h)[:, None],
                (h * 0.3).prod(dim=1)[:, :2],
                (h > 0.5).sum(1)[:, :2].float(),
                (h > 1).any(dim=1)[:, :2].to(h.dtype),
                (h > -1).all(2)[:, :1].type_as(h),
                torch.count_nonzero(h > 0, dim=2)[:, :1] / 8,
                v[:, :3],
                m[:, -3:],
                lo[:, :2],
                (hi - lo)[:, 6:],
            ]
            return self.o(torch.cat(parts, dim=-1))[:, None] + x - x.nanmean(1, keepdim=True)

    return Net(), (torch.randn(BATCH, 4, 5), t()), {}


@case
def products_of_all_kinds():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Parameter(torch.randn(4, 4) / 2) for _ in range(3))
            self.k, self.v = nn.Parameter(torch.randn(2, 2)), nn.Parameter(torch.randn(4))

        def forward(self, x, t):
            y = torch.einsum("bij,jk,bkl->bil", x, self.a, x.transpose(1, 2))
            tr = torch.einsum("bii->b", y)
            dg = torch.einsum("bii->bi", y)
            y = y + torch.tensordot(x, self.b, dims=([1], [0])).transpose(1, 2)
            y = y @ torch.kron(self.k, torch.eye(2)) @ torch.block_diag(self.k, self.k.T)
            y = y + torch.linalg.multi_dot([self.a, self.b, self.c]) + torch.outer(self.v, self.v)
            y = (
                y
                + torch.einsum("...i,...j->...ij", dg, dg) / 10
                + tr[:, None, None] * torch.diag(self.v)
            )
            y = (
                y
                + torch.diag_embed(dg)
                + torch.matmul(x, self.v).unsqueeze(-1)
                + torch.inner(x, self.c)
            )
            y = (
                y
                + torch.matrix_power(x, 3) / 20
                + torch.vander(self.v, 4) / 5
                + torch.addbmm(self.a, x[:, None].flatten(0, 1)[:0], x[:0])
                if False
                else y + torch.linalg.matrix_power(x, 3) / 20
            )
            return torch.tril(y, 1) * t[:, None, None] + torch.triu(y, -1)

    return Net(), (torch.randn(BATCH, 4, 4), t()), {}


@case
def coupling_flow_permuted():
    """Affine couplings with alternate masks, permutations, values written at constant places."""

    class Net(nn.Module):
        def __init__(self, d=8):
            super().__init__()
            self.nets = nn.ModuleList(
                nn.Sequential(nn.Linear(d // 2 + 1, 16), nn.Tanh(), nn.Linear(16, d))
                for _ in range(3)
            )
            self.register_buffer("perm", torch.stack([torch.randperm(d) for _ in range(3)]))
            self.register_buffer("keep", torch.tensor([1, 4, 6]))
            self.loga = nn.Parameter(torch.randn(d) * 0.1)

        def forward(self, x, t):
            z = x
            for i, net in enumerate(self.nets):
                z = z[:, self.perm[i]] * self.loga.exp()
                a, b = z[:, : z.shape[1] // 2], z[:, z.shape[1] // 2 :]
                s, m = net(torch.cat([a, t[:, None]], 1)).chunk(2, 1)
                z = torch.cat([a, b * torch.exp(torch.tanh(s)) + m], 1)
            inv = torch.argsort(self.perm[0])
            z = z[:, inv]
            z[:, self.keep] = x[:, self.keep] * 0.5
            z[:, ::3] += 1.0
            z = z.index_add(1, torch.tensor([0, 2]), x[:, :2], alpha=0.25)
            return z.index_fill(1, torch.tensor([7]), 0.1) + z.scatter(
                1, torch.tensor([[3]]).expand(z.size(0), 1), 0.0
            )

    return Net(), (torch.randn(BATCH, 8), t()), {}


@case
def complex_layers():
    """Complex weights and products, angles, magnitudes, conjugates."""

    class Net(nn.Module):
        def __init__(self, d=6):
            super().__init__()
            self.w = nn.Parameter(torch.randn(d, d, dtype=torch.cfloat) / 3)
            self.b = nn.Parameter(torch.randn(d, dtype=torch.cfloat))
            self.o = nn.Linear(3 * d, 2 * d)
            self.u = nn.Parameter(torch.randn(d))

        def forward(self, x, t):
            z = torch.view_as_complex(x.view(*x.shape[:-1], -1, 2).contiguous())
            z = z @ self.w + self.b
            z = z * torch.polar(torch.ones_like(self.u), self.u * 3) * torch.exp(1j * t[:, None])
            z = torch.complex(F.relu(z.real), F.relu(z.imag)) + z.conj() * 0.5
            return self.o(torch.cat([z.abs(), z.angle(), (z * z.conj()).real], -1))

    return Net(), (torch.randn(BATCH, 12), t()), {}


@case
def compiled_parts():
    """A compiled block, a scripted function, no_grad on forward, a partial, spectral norms."""

    @torch.jit.script
    def fused(x: torch.Tensor, b: torch.Tensor):
        return F.gelu(x + b) * 1.7

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.compile(nn.Sequential(nn.Linear(5, 12), nn.Tanh()), backend="eager")
            self.s, self.q = spectral_norm(nn.Linear(12, 12)), orthogonal(nn.Linear(12, 12))
            self.o = nn.utils.spectral_norm(nn.Linear(12, 4))
            self.bias = nn.Parameter(torch.randn(12))
            self.act = functools.partial(F.leaky_relu, negative_slope=0.3)

        @torch.no_grad()
        def forward(self, x, t):
            h = self.a(torch.cat([x, t[:, None]], 1))
            return self.o(self.act(self.q(fused(self.s(h), self.bias))))

    net = Net()
    net(torch.randn(3, 4), torch.rand(3))
    return net, (torch.randn(BATCH, 4), t()), {}


@case
def compiled_method():
    """forward itself compiled by a decorator; eval-time layers that do nothing."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(
                nn.Linear(5, 12),
                nn.AlphaDropout(),
                nn.RReLU(),
                nn.Linear(12, 4),
                nn.Identity(),
                nn.Dropout1d(),
                nn.FeatureAlphaDropout(),
            )
            self.cond = nn.Sequential(
                nn.Flatten(), nn.Linear(6, 12), nn.LogSigmoid(), nn.Unflatten(1, (3, 4))
            )

        @torch.compile(backend="eager", fullgraph=True)
        def forward(self, x, t, shape):
            h = self.a(torch.cat([x, t[:, None]], 1))
            return h + self.cond(shape).logsumexp(1)

    return Net(), (torch.randn(BATCH, 4), t(), torch.randn(BATCH, 2, 3)), {}


@case
def scalar_times_handled():
    """diffusers' habit of numbers, scalars and vectors, ModuleDicts and lists of skips."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.ModuleList(
                [
                    nn.ModuleDict(
                        {
                            "r": nn.Conv2d(4 if i == 0 else 8, 8, 3, padding=1),
                            "n": nn.GroupNorm(2, 8),
                        }
                    )
                    for i in range(2)
                ]
            )
            self.up = nn.ModuleList([nn.Conv2d(16, 8, 3, padding=1) for _ in range(2)])
            self.o = nn.Conv2d(8, 4, 1)
            self.t = nn.Sequential(nn.Linear(16, 8), nn.SiLU(), nn.Linear(8, 8))

        def forward(self, sample, timestep, return_dict: bool = True):
            timesteps = timestep
            if not torch.is_tensor(timesteps):
                timesteps = torch.tensor([timesteps], dtype=torch.long, device=sample.device)
            elif len(timesteps.shape) == 0:
                timesteps = timesteps[None].to(sample.device)
            timesteps = timesteps * torch.ones(
                sample.shape[0], dtype=timesteps.dtype, device=timesteps.device
            )
            emb = self.t(sinus(timesteps, 16).to(sample.dtype))
            res = ()
            h = 2 * sample - 1.0
            for d in self.down:
                h = F.silu(d["n"](d["r"](h)) + emb[:, :, None, None])
                res += (h,)
            for u in self.up:
                r, res = res[-1], res[:-1]
                h = u(torch.cat([h, r], dim=1))
            out = self.o(h)
            return {"sample": out} if return_dict else (out,)

    return Net(), (torch.randn(BATCH, 4, 5, 6), t()), {}


@case
def edm_inside():
    """EDM's preconditioning in forward, sigma as double and back, kwargs of one name."""

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.t = (
                nn.Conv2d(3, 8, 3, padding=1),
                nn.Conv2d(8, 3, 3, padding=1),
                nn.Linear(1, 8),
            )

        def forward(self, x, noise_labels, class_labels=None, augment_labels=None):
            return self.b(F.silu(self.a(x) + self.t(noise_labels[:, None])[..., None, None]))

    class Net(nn.Module):
        def __init__(self, sigma_data=0.5):
            super().__init__()
            self.model, self.sigma_data, self.sigma_min, self.sigma_max = (
                Inner(),
                sigma_data,
                0,
                float("inf"),
            )

        def forward(self, x, sigma, class_labels=None, force_fp32=False, **model_kwargs):
            x = x.to(torch.float32)
            sigma = sigma.to(torch.float32).reshape(-1, 1, 1, 1)
            dtype = (
                torch.float16
                if (False and not force_fp32 and x.device.type == "cuda")
                else torch.float32
            )
            c_skip = self.sigma_data**2 / (sigma**2 + self.sigma_data**2)
            c_out = sigma * self.sigma_data / (sigma**2 + self.sigma_data**2).sqrt()
            c_in = 1 / (self.sigma_data**2 + sigma**2).sqrt()
            c_noise = sigma.log() / 4
            F_x = self.model(
                (c_in * x).to(dtype), c_noise.flatten(), class_labels=class_labels, **model_kwargs
            )
            assert F_x.dtype == dtype
            return c_skip * x + c_out * F_x.to(torch.float32)

        def round_sigma(self, sigma):
            return torch.as_tensor(sigma)

    return Net(), (img(), t()), {"schedule": "ve", "time": "sigma"}
