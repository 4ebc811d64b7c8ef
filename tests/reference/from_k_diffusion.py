# SPDX-License-Identifier: MIT
"""k-diffusion: alpha = 1 and grids of sigma, with a last sigma of 0 or without."""

import importlib.metadata
import importlib.util
import sys
import types

import torch

from common import DIM, MODELS, SAMPLES, Noise

PEER = "k-diffusion " + importlib.metadata.version("k-diffusion")
SIGMA_MIN, SIGMA_MAX = 0.03125, 16.0
SCHEDULE = f"ve:sigma_min={SIGMA_MIN:g},sigma_max={SIGMA_MAX:g}"

TRAP_2 = "DPM-Solver 3M, ++ or not: the second divided difference lacks a factor of 2"
TRAP_6 = "k-diffusion fails in a single step to sigma = 0"
CLOCK = "k-diffusion's two noises of a step correlate as a Brownian path in sigma, not as the SDE's"


def sampling():
    """k_diffusion.sampling alone: its package imports training code and pictures."""
    folder = importlib.util.find_spec("k_diffusion").submodule_search_locations[0]
    package, utils = types.ModuleType("k_diffusion"), types.ModuleType("k_diffusion.utils")
    package.__path__, package.utils = [folder], utils
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    sys.modules.update({"k_diffusion": package, "k_diffusion.utils": utils})
    return importlib.import_module("k_diffusion.sampling")


def karras(count, rho=7.0):
    ramp = torch.linspace(0, 1, count)
    low, high = SIGMA_MIN ** (1 / rho), SIGMA_MAX ** (1 / rho)
    sigmas = (high + ramp * (low - high)) ** rho
    sigmas[0], sigmas[-1] = SIGMA_MAX, SIGMA_MIN
    return sigmas


def uniform(steps):
    """Constant steps in log sigma."""
    return torch.exp(torch.linspace(torch.tensor(SIGMA_MAX).log(), torch.tensor(SIGMA_MIN).log(),
                                    steps + 1))


def wrap(model):
    def denoise(x, sigma):
        assert (sigma == sigma[0]).all()
        return model(x, torch.tensor(1.0), sigma[0])

    return denoise


class TwoNoises:
    """The noises of a two-stage step from sigma_t over sigma_mid to sigma_s: the first is slot 0,
    the second made of slots 0 and 1 with weights of which `weight` gives the first."""

    def __init__(self, weight):
        self.weight, self.calls = weight, 0

    def __call__(self, sigma_t, sigma_s):
        transition, second = divmod(self.calls, 2)
        self.calls += 1
        first = Noise.at(transition, 0)
        if not second:
            self.mid = sigma_s
            return first
        weight = self.weight(sigma_t, self.mid, sigma_s)
        return weight * first + torch.sqrt(1 - weight**2) * Noise.at(transition, 1)


def exact_weight(eta=1.0):
    """The SDE's own: an ancestral step keeps the share K of the noise, K(m) to m and K(s) to s, and
    so K(s) / K(m) of what it had at m."""

    def weight(t, m, s):
        kept_m, kept_s = (1 - eta**2 * (1 - (sigma / t) ** 2) for sigma in (m, s))
        return torch.sqrt(kept_s / kept_m * (1 - kept_m) / (1 - kept_s))

    return weight


def clock_weight(t, m, s):
    """The peer's: increments of a Brownian path with sigma as its clock."""
    return torch.sqrt((t - m) / (t - s))


CHURN = {"s_churn": 2.0, "s_tmin": 0.125, "s_tmax": 8.0, "s_noise": 1.0625}


def text(options):
    return ",".join(f"{key}={value}" if isinstance(value, str) else f"{key}={value:g}"
                    for key, value in options.items())


def spec_of(name, options):
    return name + (":" + text(options) if options else "")


def samplers():
    """(function, options, quell's spec, tolerance, why it differs)."""

    def same(function, name, **options):
        return function, options, spec_of(name, options), 1e-9, ""

    yield same("euler", "euler")
    yield same("euler", "euler", **CHURN)
    yield same("heun", "heun")
    yield same("heun", "heun", **CHURN)
    yield same("dpm_2", "dpm2")
    yield same("dpm_2", "dpm2", **CHURN)
    for function, name in (("euler_ancestral", "euler_a"), ("dpm_2_ancestral", "dpm2_a"),
                           ("dpmpp_2s_ancestral", "dpmpp_2s_a")):
        yield same(function, name)
        yield same(function, name, eta=0.5, s_noise=0.75)
    yield same("euler_ancestral", "euler_a", eta=1.125, s_noise=0.75)
    for order in 1, 2, 3, 4:
        yield "lms", {"order": order}, f"zab:order={order}", 1e-8, ""
    yield same("dpmpp_2m", "dpmpp_2m")
    for solver in "midpoint", "heun":
        for eta in {}, {"eta": 0.5, "s_noise": 0.75}:
            options = {**eta, "solver_type": solver}
            spec = spec_of("dpmpp_2m_sde", {**eta, "solver": solver})
            yield "dpmpp_2m_sde", options, spec, 1e-9, ""
    for options in {}, {"eta": 0.5, "s_noise": 0.75}:
        yield "dpmpp_3m_sde", options, spec_of("dpmpp_3m_sde", options), 1e-8, TRAP_2
        spec = spec_of("dpmpp_3m_sde", {**options, "formula": "k_diffusion"})
        yield "dpmpp_3m_sde", options, spec, 1e-8, ""


def two_noises():
    for options in {}, {"eta": 0.5, "s_noise": 0.75}, {"r": 0.25}:
        yield options, exact_weight(options.get("eta", 1.0)), ""
    yield {}, clock_weight, CLOCK


def draw(sampler, *args, **kwargs):
    """What the peer makes of it: NaN where it fails."""
    try:
        return sampler(*args, disable=True, **kwargs), ""
    except UnboundLocalError:
        return torch.full((SAMPLES, DIM), torch.nan), TRAP_6


def run(table, k, grid, sigmas):
    start = table.grid(grid, SCHEDULE, 1.0, sigmas)
    for kind, model in MODELS.items():
        for name, options, spec, tolerance, differs in samplers():
            torch.randn_like = Noise()
            extra = {"noise_sampler": Noise()} if "sde" in name else {}
            x, failed = draw(getattr(k, "sample_" + name), wrap(model), start, sigmas, **options,
                             **extra)
            table.row(PEER, f"{name}({text(options)})", spec, grid, kind, x, tolerance,
                      failed or differs)
        for options, weight, differs in two_noises():
            x, _ = draw(k.sample_dpmpp_sde, wrap(model), start, sigmas,
                        noise_sampler=TwoNoises(weight), **options)
            table.row(PEER, f"dpmpp_sde({text(options)})", spec_of("dpmpp_sde", options), grid,
                      kind, x, 1e-9, differs)


def one_step(table, k):
    """T = 1, to sigma_min and to 0: the first step of every sampler is its simplest."""
    for grid, last in ("k-one-step", SIGMA_MIN), ("k-one-step-zero", 0.0):
        sigmas = torch.tensor([SIGMA_MAX, last])
        start = table.grid(grid, SCHEDULE, 1.0, sigmas)
        for name, options, spec, tolerance, _ in samplers():
            if "s_noise" in options:
                continue
            torch.randn_like = Noise()
            extra = {"noise_sampler": Noise()} if "sde" in name else {}
            x, failed = draw(getattr(k, "sample_" + name), wrap(MODELS["mixture"]), start, sigmas,
                             **options, **extra)
            table.row(PEER, f"{name}({text(options)})", spec, grid, "mixture", x, tolerance,
                      failed)


def singlestep(table, k):
    """DPM-Solver with one order throughout, step by step; and `fast`, whose orders end low."""
    grid, sigmas = "k-uniform", uniform(4)
    start = table.grid(grid, SCHEDULE, 1.0, sigmas)
    for kind, model in MODELS.items():
        solver = k.DPMSolver(wrap(model))
        for order in 1, 2, 3:
            x = start
            for t, s in zip(solver.t(sigmas[:-1]), solver.t(sigmas[1:])):
                x = getattr(solver, f"dpm_solver_{order}_step")(x, t, s)[0]
            table.row(PEER, f"DPMSolver.dpm_solver_{order}_step",
                      f"dpm_single:order={order},prediction=eps", grid, kind, x)
        # With 9 evaluations 4 steps, of orders 3, 3, 2 and 1.
        x = k.sample_dpm_fast(wrap(model), start, SIGMA_MIN, SIGMA_MAX, 9, disable=True)
        table.row(PEER, "dpm_fast(n=9)", "dpm_fast", grid, kind, x)


def adaptive(table, k):
    """One sample at a time: the peer's norm runs over the batch."""
    grid = "k-ends"
    start = table.grid(grid, SCHEDULE, 1.0, torch.tensor([SIGMA_MAX, SIGMA_MIN]))
    for kind, model in MODELS.items():
        for options in {}, {"order": 2}, {"rtol": 0.01, "atol": 0.001}:
            x = [k.sample_dpm_adaptive(wrap(model), start[i : i + 1], SIGMA_MIN, SIGMA_MAX,
                                       disable=True, noise_sampler=lambda a, b: 0.0, **options)
                 for i in range(SAMPLES)]
            table.row(PEER, f"dpm_adaptive({text(options)})", spec_of("dpm_adaptive", {**options, "formula": "k_diffusion"}),
                      grid, kind, torch.cat(x), 1e-5)


def make(table):
    k = sampling()
    run(table, k, "k-karras", karras(8))
    run(table, k, "k-karras-zero", torch.cat([karras(8), torch.zeros(1)]))
    one_step(table, k)
    singlestep(table, k)
    adaptive(table, k)
