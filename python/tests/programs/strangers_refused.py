# SPDX-License-Identifier: MIT
"""Networks that are refused, each in one line that says why."""

import torch
import torch.nn.functional as F
from strangers import BATCH, case, t
from torch import nn


@case
def scripted_whole():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(torch.relu(self.a(torch.cat([x, t[:, None]], 1))))

    return (torch.jit.script(Net()), (torch.randn(BATCH, 5), t()), {})


@case
def traced_whole():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            return self.b(torch.relu(self.a(torch.cat([x, t[:, None]], 1))))

    return (torch.jit.trace(Net(), (torch.randn(BATCH, 5), t())), (torch.randn(BATCH, 5), t()), {})


@case
def autocast_bf16():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 32)
            self.b = nn.Linear(32, 5)

        def forward(self, x, t):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                h = self.b(F.silu(self.a(torch.cat([x, t[:, None]], 1))))
            return h.float()

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def gradients_in_forward():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 1))

        def forward(self, x, t):
            with torch.enable_grad():
                x = x.detach().requires_grad_(True)
                e = self.e(torch.cat([x, t[:, None]], 1)).sum()
                return -torch.autograd.grad(e, x, create_graph=True)[0]

    return (Net(), (torch.randn(BATCH, 5), t()), {"output": "score"})


@case
def func_grad():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 1))

        def forward(self, x, t):
            return -torch.func.grad(lambda x: self.e(torch.cat([x, t[:, None]], 1)).sum())(x)

    return (Net(), (torch.randn(BATCH, 5), t()), {"output": "score"})


@case
def two_outputs():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)

        def forward(self, x, t):
            h = self.a(torch.cat([x, t[:, None]], 1))
            return (h, h.exp())

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def lazy_linear():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.LazyLinear(32)
            self.b = nn.LazyLinear(5)

        def forward(self, x, t):
            return self.b(F.silu(self.a(torch.cat([x, t[:, None]], 1))))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def noise_in_forward():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)

        def forward(self, x, t):
            return self.a(torch.cat([x, t[:, None]], 1)) + 0.1 * torch.randn_like(x)

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def branch_on_time():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)
            self.b = nn.Linear(6, 5)

        def forward(self, x, t):
            h = torch.cat([x, t[:, None]], 1)
            return self.a(h) if t.mean() > 0.5 else self.b(h)

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def rewritten_by_mask():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 5)

        def forward(self, x, t):
            y = self.a(torch.cat([x, t[:, None]], 1))
            y[x < -1] *= 0.5
            return y

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def branches_by_cond():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(5, 5)
            self.b = nn.Linear(5, 5)

        def forward(self, x, t):
            return torch.cond((t > 0.5).all(), lambda h: self.a(h), lambda h: self.b(h), (x,))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def hash_of_label():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Embedding(64, 6)

        def forward(self, x, t, y):
            return x * t[:, None] + self.e((y * 2654435761) % 64)

    return (Net(), (torch.randn(BATCH, 6), t(), torch.tensor([1, 9])), {"classes": 10})
