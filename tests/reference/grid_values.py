# SPDX-License-Identifier: MIT
"""Writes grid_values.inc: the levels of noise that other libraries' grids and schedules have.

    python tests/reference/grid_values.py

A row says whose values they are, what quell calls the schedule and the grid, where it stops, how
near quell must come (relative; the peers' own precision), and sigma / alpha of all points."""

import ast
import importlib.metadata
import math
import pathlib

import azula.noise
import numpy
import scipy.stats
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

torch.set_default_dtype(torch.float64)
DOUBLE, SINGLE = 1e-12, 3e-5
rows = []


def add(peer, schedule, grid, values, tolerance, stop=0):
    values = [float(value) for value in values]
    rows.append((f"{peer} {importlib.metadata.version(peer)}", schedule, grid, stop, tolerance, values))


def k_diffusion():
    """Its grids, from their source alone: the package asks for much that they do not use."""
    source = importlib.metadata.distribution("k-diffusion").locate_file("k_diffusion/sampling.py")
    tree = ast.parse(pathlib.Path(source).read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)
                 and (node.name.startswith("get_sigmas") or node.name == "append_zero")]
    names = {"torch": torch, "math": math}
    exec(compile(tree, source, "exec"), names)
    low, high = 0.03125, 16
    ve = f"ve:sigma_min={low},sigma_max={high}"
    for n in 1, 2, 9:
        add("k-diffusion", ve, "karras:final=zero", names["get_sigmas_karras"](n, low, high), DOUBLE)
    for n in 2, 9:
        add("k-diffusion", ve, "karras:final=zero,rho=3", names["get_sigmas_karras"](n, low, high, 3), DOUBLE)
        add("k-diffusion", ve, "exponential:final=zero", names["get_sigmas_exponential"](n, low, high), DOUBLE)
        add("k-diffusion", ve, "logsnr:final=zero", names["get_sigmas_exponential"](n, low, high), DOUBLE)
        for rho in 1, 2.5:
            add("k-diffusion", ve, f"polyexponential:final=zero,rho={rho}",
                names["get_sigmas_polyexponential"](n, low, high, rho), DOUBLE)
    add("k-diffusion", "vp_sde", "linear:final=zero", names["get_sigmas_vp"](9), 1e-10)
    add("k-diffusion", "vp_sde:beta_d=10,beta_min=0.5,eps=0.01", "linear:final=zero",
        names["get_sigmas_vp"](5, 10, 0.5, 0.01), 1e-10)


def ratio(alpha_squared):
    return numpy.sqrt((1 - alpha_squared) / alpha_squared)


def zero_terminal_snr(betas):
    cumulated = numpy.cumprod(1 - rescale_zero_terminal_snr(betas.to(torch.float64)).numpy())
    return numpy.append(ratio(cumulated[:-1]), math.inf)


def diffusers_tables():
    train = 50
    for ours, theirs in (("linear", "linear"), ("scaled_linear:first=0.0001,last=0.02", "scaled_linear"),
                         ("cosine", "squaredcos_cap_v2"), ("sigmoid", "sigmoid"), ("laplace", "laplace")):
        schedule = f"beta_{ours}{',' if ':' in ours else ':'}train={train}"
        peer = DDPMScheduler(num_train_timesteps=train, beta_schedule=theirs)
        add("diffusers", schedule, "linear", ratio(peer.alphas_cumprod.numpy().astype(float))[::-1], 3e-4)
        if ours not in ("cosine", "laplace"):  # capped and float32: no digits left to rescale
            add("diffusers", schedule + ",zero_snr=yes", "linear", zero_terminal_snr(peer.betas)[::-1], 3e-4)
    alpha_squared = numpy.exp(-12 * (numpy.arange(train) + 1) / train)
    add("diffusers", f"beta_exp:train={train}", "linear", ratio(alpha_squared)[::-1], DOUBLE)
    for n in 1, 2, 7, 16, 30, 48, 50:
        for spacing, offset in ("linspace", 0), ("leading", 0), ("leading", 1), ("trailing", 0):
            peer = DDIMScheduler(num_train_timesteps=1000, timestep_spacing=spacing, steps_offset=offset)
            peer.set_timesteps(n)
            if len(peer.timesteps) != n or (n == 1 and spacing == "linspace"):
                continue  # of one point theirs is the last
            values = ratio(peer.alphas_cumprod.numpy().astype(float)[peer.timesteps.numpy()])
            grid = f"discrete:final=zero,spacing={spacing}" + (f",steps_offset={offset}" if offset else "")
            add("diffusers", "beta_linear", grid, [*values, 0], 3e-4)


def diffusers_sigmas():
    for grid in "karras", "exponential", "beta":
        peer = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                                      timestep_spacing="linspace", **{f"use_{grid}_sigmas": True})
        peer.set_timesteps(8)
        ours = grid + ":final=zero" + (",scale=ratio" if grid == "beta" else "")
        add("diffusers", "beta_scaled_linear", ours, peer.sigmas, 3e-4)
    n = 8
    sigmas = numpy.linspace(1, 1 / n, n)
    for schedule, settings, mu in (("flow", {}, None), ("flow:shift=3", {"shift": 3.0}, None),
                                   ("flow:tokens=1024", {"use_dynamic_shifting": True},
                                    0.5 + (1.15 - 0.5) * (1024 - 256) / (4096 - 256))):
        for grid in "linear", "karras", "exponential", "beta":
            convert = {} if grid == "linear" else {f"use_{grid}_sigmas": True}
            peer = FlowMatchEulerDiscreteScheduler(**settings, **convert)
            peer.set_timesteps(sigmas=sigmas, mu=mu)
            noise = peer.sigmas.numpy().astype(float)
            with numpy.errstate(divide="ignore"):
                values = noise / (1 - noise)
            ours = grid + ":final=zero" + ("" if grid == "linear" else ",scale=flow")
            add("diffusers", schedule, ours, values, SINGLE, 1 / n)


def azula_schedules():
    for name, schedule in (("vp", azula.noise.VPSchedule()), ("ve", azula.noise.VESchedule()),
                           ("cosine", azula.noise.CosineSchedule()),
                           ("rectified", azula.noise.RectifiedSchedule()),
                           ("decay", azula.noise.DecaySchedule())):
        alpha, sigma = schedule(torch.linspace(1, 0, 9))
        add("azula", name, "linear", sigma / alpha * torch.ones(9), 1e-10)


def scipy_quantiles():
    """What ComfyUI's grid of that name takes, before it rounds, as times of a VE schedule."""
    for a, b in (0.6, 0.6), (0.3, 2), (5, 0.5):
        for n in 1, 7:
            times = scipy.stats.beta.ppf(1 - numpy.arange(n) / n, a, b)
            add("scipy", "ve:sigma_min=0.5,sigma_max=2", f"beta:final=zero,alpha={a},beta={b}",
                [*numpy.exp((2 * times - 1) * math.log(2)), 0], DOUBLE)


def text(value):
    return "INFINITY" if math.isinf(value) else repr(value)


for make in k_diffusion, diffusers_tables, diffusers_sigmas, azula_schedules, scipy_quantiles:
    make()
with open(pathlib.Path(__file__).with_name("grid_values.inc"), "w") as file:
    file.write("/* Written by tests/reference/grid_values.py; see tests/schedules/test_grid_reference.c. */\n")
    for peer, schedule, grid, stop, tolerance, values in rows:
        file.write(f'{{"{peer}", "{schedule}", "{grid}", {stop}, {tolerance}, {len(values) - 1},\n'
                   f" {{{', '.join(map(text, values))}}}}},\n")
print(len(rows), "rows")
