# SPDX-License-Identifier: MIT
"""What all peers share: the exact denoisers, quell's noise, and the two files that are written.

A *grid* is the points (t, alpha, sigma) that a peer's steps lie at, and the state x_1 that they
start from. A *row* is one run: who made it, what quell calls it, and the x_0 that came out. All of
it is in double; the denoisers' parameters are small binary fractions, so that C has them exactly."""

import ctypes
import math

import torch

torch.set_default_dtype(torch.float64)

SAMPLES, DIM, SEED = 2, 4, 7
MAX_STEPS = 12

# x_1 = sqrt(alpha^2 + sigma^2) times this.
START = torch.tensor([[0.75, -1.25, 0.5, -0.375], [-0.625, 0.25, 1.5, 1.125]])


class Gaussian:
    """Independent elements, with a wide spectrum."""

    mean = torch.tensor([0.5, -0.25, 1.0, 0.0])
    variance = torch.tensor([4.0, 0.5, 1 / 64, 1 / 1024])

    def __call__(self, x, alpha, sigma):
        gain = alpha * self.variance / (alpha**2 * self.variance + sigma**2)
        return self.mean + gain * (x - alpha * self.mean)


class Mixture:
    """Three isotropic components."""

    log_weight = torch.tensor([0.5, 0.25, 0.25]).log()
    mean = torch.tensor([[1.0, 0.0, -0.5, 0.25], [-1.0, 0.75, 0.5, 0.0], [0.0, -1.5, 0.25, -0.75]])
    variance = torch.tensor([1 / 16, 1 / 4, 1 / 64])

    def __call__(self, x, alpha, sigma):
        total = (alpha**2 * self.variance + sigma**2)[:, None]
        off = x[..., None, :] - alpha * self.mean
        log_density = -(off**2 / total).sum(-1) / 2 - x.shape[-1] / 2 * total[:, 0].log()
        weight = torch.softmax(self.log_weight + log_density, dim=-1)
        each = self.mean + alpha * self.variance[:, None] / total * off
        return (weight[..., None] * each).sum(-2)


MODELS = {"gaussian": Gaussian(), "mixture": Mixture()}


class Noise:
    """Noise of (transition, slot) for both samples, in the order that a peer asks for it: quell's, from
    the time i to the time i + 1, a name that tests/peers/test_peers.c gives to its transitions."""

    library = None

    def __init__(self, slots=1):
        self.slots, self.calls = slots, 0

    @classmethod
    def load(cls, path):
        cls.library = ctypes.CDLL(path)
        cls.library.quell_noise_key.restype = ctypes.c_uint64

    @classmethod
    def at(cls, transition, slot=0, samples=range(SAMPLES)):
        key = cls.library.quell_noise_key(ctypes.c_uint64(SEED), ctypes.c_double(transition),
                                          ctypes.c_double(transition + 1))
        rows = []
        for sample in samples:
            out = (ctypes.c_float * DIM)()
            failed = cls.library.quell_noise(
                ctypes.c_uint64(key), ctypes.c_uint32(slot),
                ctypes.c_uint64(sample), ctypes.c_uint64(0), ctypes.c_size_t(DIM), out)
            assert not failed
            rows.append(list(out))
        return torch.tensor(rows)

    def __call__(self, *args, **kwargs):
        transition, slot = divmod(self.calls, self.slots)
        self.calls += 1
        return self.at(transition, slot)


def number(x):
    x = float(x)
    if math.isnan(x):
        return "NAN"
    return "0" if x == 0 else repr(x)


def numbers(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


class Table:
    """The grids and rows, and writing them as C initializers."""

    def __init__(self):
        self.grids, self.rows = {}, []

    def grid(self, name, schedule, alpha, sigma, t=None):
        """Takes the points of a grid; returns its x_1."""
        alpha = torch.as_tensor(alpha) * torch.ones(len(sigma))
        sigma = torch.as_tensor(sigma)
        steps = len(sigma) - 1
        assert steps <= MAX_STEPS and alpha.dtype == sigma.dtype == torch.float64
        t = torch.linspace(1, 0, steps + 1) if t is None else t
        start = START * torch.sqrt(alpha[0] ** 2 + sigma[0] ** 2)
        self.grids[name] = (schedule, t, alpha, sigma, start)
        return start

    def row(self, peer, sampler, spec, grid, model, x, tolerance=1e-9, differs=""):
        """differs: why quell's default must not agree, and what it does instead."""
        assert grid in self.grids
        self.rows.append((peer, sampler, spec, grid, model, x, tolerance, differs))

    def write(self, folder, versions):
        head = ("/* Written by tests/reference/make.py with %s;\n * see tests/peers/test_peers.c. */\n"
                % versions)
        with open(folder / "sampler_points.inc", "w") as out:
            out.write(head)
            for name, (schedule, t, alpha, sigma, x) in self.grids.items():
                out.write('{"%s", "%s", %d,\n' % (name, schedule, len(t) - 1))
                out.write(" %s,\n %s,\n %s,\n %s},\n" % tuple(map(numbers, (t, alpha, sigma, x.flatten()))))
        with open(folder / "sampler_values.inc", "w") as out:
            out.write(head)
            for peer, sampler, spec, grid, model, x, tolerance, differs in self.rows:
                out.write('{"%s", "%s",\n "%s", "%s", "%s", %r, "%s",\n %s},\n'
                          % (peer, sampler, spec, grid, model, tolerance, differs,
                             numbers(x.flatten())))
