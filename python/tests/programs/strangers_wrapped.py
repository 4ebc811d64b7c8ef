# SPDX-License-Identifier: MIT
"""Networks in wrappers, with weights and code of unusual kinds."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize
from torch.utils.checkpoint import checkpoint, checkpoint_sequential


@case
def weight_norm_old():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.utils.weight_norm(nn.Conv2d(3, 16, 3, padding=1))
            self.b = torch.nn.utils.weight_norm(nn.Conv2d(16, 3, 3, padding=1))
            self.e = nn.Linear(16, 16)

        def forward(self, x, t):
            return self.b(F.silu(self.a(x) + self.e(sinus(t, 16))[..., None, None]))

    return (Net(), (img(), t()), {})


@case
def weight_norm_param():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = parametrizations.weight_norm(nn.Conv2d(3, 16, 3, padding=1))
            self.b = parametrizations.spectral_norm(nn.Conv2d(16, 3, 3, padding=1))
            self.e = parametrizations.orthogonal(nn.Linear(16, 16))

        def forward(self, x, t):
            return self.b(F.silu(self.a(x) + self.e(sinus(t, 16)).unsqueeze(-1).unsqueeze(-1)))

    return (Net(), (img(), t()), {})


@case
def spectral_norm_old():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.utils.spectral_norm(nn.Linear(6, 32))
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(torch.tanh(self.a(torch.cat([x, t.view(-1, 1)], 1))))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def hooks():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)
            self.feats = {}
            self.a.register_forward_hook(lambda m, i, o: self.feats.__setitem__("a", o))
            self.b.register_forward_pre_hook(lambda m, i: (i[0] * 0.5,))

        def forward(self, x, t):
            y = self.b(F.elu(self.a(torch.cat([x, t[:, None]], 1))))
            return y + self.feats["a"].mean(1, keepdim=True)

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def custom_parametrization():

    class Sym(nn.Module):
        def forward(self, w):
            return w.triu() + w.triu(1).transpose(-1, -2)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(5, 5)
            parametrize.register_parametrization(self.a, "weight", Sym())
            self.t = nn.Linear(1, 5)

        def forward(self, x, t):
            return self.a(x).sigmoid() * self.t(t[:, None]).exp()

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def jit_ignore_and_script():

    @torch.jit.script
    def swish(x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        @torch.jit.ignore
        def helper(self, h):
            return swish(h)

        @torch.jit.unused
        def other(self):
            return 3

        def forward(self, x, t):
            return self.b(self.helper(self.a(torch.cat([x, t[:, None]], 1))))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def autocast_inside():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            with torch.autocast("cpu", enabled=False):
                h = self.a(torch.cat([x, t[:, None]], 1).float())
            return self.b(F.silu(h))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def checkpointed():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            h = torch.cat([x, t[:, None]], 1)
            h = checkpoint_sequential(self.a, 2, h, use_reentrant=False)
            return checkpoint(self.b, h, use_reentrant=True)

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def compiled():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(F.hardswish(self.a(torch.cat([x, t[:, None]], 1))))

    return (torch.compile(Net()), (torch.randn(BATCH, 5), t()), {})


@case
def data_parallel():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(F.celu(self.a(torch.cat([x, t[:, None]], 1))))

    return (nn.DataParallel(Net()), (torch.randn(BATCH, 5), t()), {})


@case
def ema_averaged():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(F.selu(self.a(torch.cat([x, t[:, None]], 1))))

    n = Net()
    e = torch.optim.swa_utils.AveragedModel(
        n, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
    )
    e.update_parameters(n)
    return (e, (torch.randn(BATCH, 5), t()), {})


@case
def half_weights():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(
                F.relu6(self.a(torch.cat([x, t[:, None]], 1).to(self.a.weight.dtype)))
            ).to(x.dtype)

    return (Net().half(), (torch.randn(BATCH, 5), t()), {})


@case
def channels_last():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 16, 4, 2, 1)
            self.b = nn.ConvTranspose2d(16, 3, 4, 2, 1)
            self.n = nn.BatchNorm2d(16)

        def forward(self, x, t):
            x = x.contiguous(memory_format=torch.channels_last)
            return self.b(F.relu(self.n(self.a(x)))).contiguous() * t[:, None, None, None]

    n = Net().to(memory_format=torch.channels_last)
    n.train()
    n(img(), t())
    return (n, (img().to(memory_format=torch.channels_last), t()), {})


@case
def lightning_like():
    try:
        import lightning.pytorch as pl

        Base = pl.LightningModule
    except ImportError:
        try:
            import pytorch_lightning as pl

            Base = pl.LightningModule
        except ImportError:
            Base = nn.Module

    class Lit(Base):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(6, 32), nn.PReLU(32), nn.Linear(32, 5))
            self.loss = nn.MSELoss()

        def forward(self, x, t):
            return self.net(torch.cat([x, t[:, None]], 1))

        def training_step(self, batch, i):
            return self.loss(self(batch, batch[:, 0]), batch)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    return (Lit(), (torch.randn(BATCH, 5), t()), {})


@case
def vmap_inside():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 2)

        def forward(self, x, t):
            return torch.vmap(lambda x, t: self.a(torch.cat([x, t[None]])))(x, t)

    return (Net(), (torch.randn(BATCH, 2), t()), {})


@case
def dropout_and_droppath():

    class DropPath(nn.Module):
        def forward(self, x):
            if not self.training:
                return x
            return x * (torch.rand(x.shape[0], *[1] * (x.ndim - 1)) > 0.1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.d = nn.Dropout(0.5)
            self.p = DropPath()
            self.n = nn.LayerNorm(32)
            self.b = nn.Linear(32, 5)
            self.ad = nn.AlphaDropout(0.2)

        def forward(self, x, t):
            h = self.a(torch.cat([x, t[:, None]], 1))
            return self.b(h + self.p(self.d(self.ad(self.n(h)))))

    return (Net().train(), (torch.randn(BATCH, 5), t()), {})


@case
def inplace_ops():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            h = self.a(torch.cat([x, t[:, None]], 1))
            h.mul_(2).add_(1).clamp_(-3, 3)
            h[:, :4] = 0
            h[:, 4] += t
            y = torch.empty_like(x)
            y[:] = self.b(h.relu_())
            return y

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def dataclass_output():

    class Out(NamedTuple):
        sample: Tensor

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)

        def forward(self, x, t, return_dict=True):
            return Out(self.a(torch.cat([x, t[:, None]], 1)))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def kwargs_only():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)
            self.c = nn.Linear(3, 5)

        def forward(self, sample, *, timestep, context=None, flags=("a", 1), **kw):
            h = self.a(torch.cat([sample, timestep[:, None]], 1))
            return {"out": h if context is None else h + self.c(context)}

    return (
        Net(),
        {"sample": torch.randn(BATCH, 5), "timestep": t(), "context": torch.randn(BATCH, 3)},
        {},
    )


@case
def scalar_time_expand():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)

        def forward(self, x, t):
            t = t.expand(x.shape[0]) if t.ndim == 0 else t
            return self.a(torch.hstack([x, t.reshape(-1, 1)]))

    return (Net(), (torch.randn(BATCH, 5), torch.tensor(0.3)), {})
