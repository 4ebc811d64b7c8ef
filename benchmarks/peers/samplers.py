# SPDX-License-Identifier: MIT
"""The samplers: what each is called by whom. A peer that lacks one has no name for it here."""

from dataclasses import dataclass, field
from typing import Any

# How diffusers' solvers end as others do: at the grid's last point, in full order.
PLAIN = {"lower_order_final": False, "final_sigmas_type": "sigma_min"}
SDE = {"algorithm_type": "sde-dpmsolver++", "solver_type": "midpoint", **PLAIN}


@dataclass(frozen=True)
class Sampler:
    name: str
    quell: str
    stochastic: bool = False
    azula: str = ""  # a class of azula.sample
    k_diffusion: str = ""  # a function of k_diffusion.sampling
    diffusers: str = ""  # a scheduler
    config: dict[str, Any] = field(default_factory=dict)  # and its configuration


SAMPLERS = {
    s.name: s
    for s in (
        Sampler(
            name="ddim",
            quell="ddim",
            azula="DDIMSampler",
            k_diffusion="sample_euler",
            diffusers="DDIMScheduler",
            config={"clip_sample": False},
        ),
        Sampler(
            name="ddpm",
            quell="ddpm",
            stochastic=True,
            azula="DDPMSampler",
            k_diffusion="sample_euler_ancestral",
            diffusers="DDPMScheduler",
            config={"clip_sample": False},
        ),
        Sampler(
            name="heun",
            quell="heun:steady=no",
            azula="HeunSampler",
            k_diffusion="sample_heun",
            diffusers="HeunDiscreteScheduler",
        ),
        Sampler(
            name="dpmpp_2m",
            quell="dpmpp_2m",
            k_diffusion="sample_dpmpp_2m",
            diffusers="DPMSolverMultistepScheduler",
            config={"solver_type": "midpoint", **PLAIN},
        ),
        Sampler(
            name="dpmpp_2m_sde",
            quell="dpmpp_2m_sde",
            stochastic=True,
            k_diffusion="sample_dpmpp_2m_sde",
            diffusers="DPMSolverMultistepScheduler",
            config=SDE,
        ),
        Sampler(
            name="unipc",
            quell="unipc",
            diffusers="UniPCMultistepScheduler",
            config={"solver_type": "bh2", **PLAIN},
        ),
    )
}
