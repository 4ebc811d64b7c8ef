# SPDX-License-Identifier: MIT
"""azula: its samplers on its own schedules, the grid linear in t."""

import importlib.metadata

import torch
from azula import sample
from azula.denoise import Denoiser, DiracPosterior
from azula.noise import RectifiedSchedule, VPSchedule

from common import MODELS, Noise

PEER = "azula " + importlib.metadata.version("azula")
ETA = "azula's eta multiplies the variance, ours and the papers' the standard deviation"
TRAP_1 = "azula's REAB has sigma_t where its derivation gives sigma_s"

SCHEDULES = {"vp": VPSchedule(), "rectified": RectifiedSchedule()}


class Exact(Denoiser):
    def __init__(self, schedule, model):
        super().__init__()
        self.schedule, self.model = schedule, model

    def forward(self, x_t, t, **kwargs):
        return DiracPosterior(self.model(x_t, *self.schedule(t)))


def samplers():
    """(class, options, quell's spec, slots of noise in a step, tolerance, why it differs)."""
    yield "DDPMSampler", {}, "ddpm", 1, 1e-9, ""
    for eta in 0.0, 0.5, 1.0:
        yield "DDIMSampler", {"eta": eta}, f"ddim:eta={eta**0.5:.17g}", 1, 1e-9, ""
    yield "DDIMSampler", {"eta": 0.5}, "ddim:eta=0.5", 1, 1e-9, ETA
    yield "EulerSampler", {}, "euler", 1, 1e-9, ""
    yield "HeunSampler", {}, "heun", 1, 1e-9, ""
    yield "ItoSampler", {}, "ito", 1, 1e-9, ""
    yield "ItoSampler", {"eta": 0.5, "temperature": 0.75}, "ito:eta=0.5,temperature=0.75", 1, 1e-9, ""
    for name in "zAB", "vAB", "zEAB", "xEAB":
        for order in 1, 2, 3, 4:
            yield f"{name}Sampler", {"order": order}, f"{name.lower()}:order={order}", 1, 1e-8, ""
    # Its integrals are a trapezoidal rule of 256 intervals.
    for order in 1, 2, 3:
        options = {"order": order}
        yield "REABSampler", options, f"reab:order={order}", 1, 1e-4, TRAP_1
        yield "REABSampler", options, f"reab:order={order},formula=azula", 1, 1e-9, ""
    yield "PCSampler", {}, "pc", 1, 1e-9, ""
    options = {"corrections": 2, "delta": 0.125}
    yield "PCSampler", options, "pc:corrections=2,delta=0.125", 2, 1e-9, ""


def run(table, grid, schedule, steps, only=None):
    time = torch.linspace(1, 0, steps + 1)
    start = table.grid(grid, schedule, *SCHEDULES[schedule](time), time)
    for name, options, spec, slots, tolerance, differs in samplers():
        if only and name not in only:
            continue
        for kind, model in MODELS.items():
            torch.randn_like = Noise(slots)
            denoiser = Exact(SCHEDULES[schedule], model)
            sampler = getattr(sample, name)(denoiser, steps=steps, silent=True,
                                            dtype=torch.float64, **options)
            text = ", ".join(f"{key}={value:g}" for key, value in options.items())
            table.row(PEER, f"{name}({text})", spec, grid, kind, sampler(start),
                      tolerance, differs)


def make(table):
    run(table, "azula-vp", "vp", 8)
    run(table, "azula-rectified", "rectified", 6,
        only={"DDPMSampler", "EulerSampler", "HeunSampler", "ItoSampler", "vABSampler"})
    run(table, "azula-one-step", "vp", 1, only={"DDPMSampler", "EulerSampler", "xEABSampler"})
