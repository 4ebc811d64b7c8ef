# SPDX-License-Identifier: MIT
"""Chooses the sampler that does what a scheduler's step does, and refuses what has no
equivalent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from quell.diffusers.fields import Fields

SHORT = 15  # diffusers' lower_order_final is for fewer steps than this


def spec_of(
    fields: Fields, at: np.ndarray, steps: int, eta: float | None, order: int | None
) -> str:
    """The sampler. `at` are the levels, of as many steps but where the last one did nothing."""
    if eta is not None and fields.name not in ("DDIM", "TCD"):
        raise TypeError(f"from_diffusers: the step of {fields.name} takes no eta")
    if order is not None and fields.name != "LMSDiscrete":
        raise TypeError(f"from_diffusers: the step of {fields.name} takes no order")
    return _whole(_SOLVERS[fields.name](fields, at, steps, eta, order))


def _whole(spec: str) -> str:
    """Adds steady=no, because diffusers' steps have the whole order however long they are."""
    name, _, options = spec.partition(":")
    if name not in _RULED and options != "variance=large":
        return spec
    return f"{name}:{options},steady=no" if options else f"{name}:steady=no"


def _ends_low(fields: Fields, at: np.ndarray, order: int) -> None:
    """Refuses a last step of lower order: quell's has order 1 only if it goes to 0."""
    short = fields.get("lower_order_final", False) and len(at) - 1 < SHORT
    first = order > 1 and at[-1] > 0
    if first and fields.get("euler_at_final", False):
        fields.refuse("euler_at_final", "the last step is of first order only where it goes to 0")
    if short and (first or order > 2):
        fields.refuse(
            "lower_order_final",
            f"with fewer than {SHORT} steps diffusers goes down in order at the end, quell in a "
            "step to sigma = 0 alone; take more steps, or False",
        )


def _ddpm(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    variance = fields.variance_type
    if variance in ("fixed_small", "fixed_small_log"):
        return "ddpm"
    if variance not in ("fixed_large", "learned_range"):
        fields.refuse("variance_type", "learned_range is the learned variance that quell has")
    if int(fields.get("steps_offset", 0)) > 0:
        fields.refuse("steps_offset", f"with {variance} diffusers adds noise to the last step")
    trailing = fields.get("timestep_spacing") == "trailing"
    if trailing and steps < int(fields.num_train_timesteps):
        fields.refuse("timestep_spacing", f"with {variance} diffusers adds noise to the last step")
    return "ddpm:variance=" + ("large" if variance == "fixed_large" else "learned_range")


def _ddim(fields: Fields, at: np.ndarray, steps: int, eta: float | None, _: Any) -> str:
    if fields.clip_sample or fields.thresholding:
        name = "clip_sample" if fields.clip_sample else "thresholding"
        fields.differs(
            f"{name}: diffusers takes the noise from before the data are bounded, quell from after "
            f"it, as diffusers does with use_clipped_model_output=True"
        )
    return f"ddim:eta={float(eta or 0)!r}"


def _dpm(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    order, kind = int(fields.solver_order), fields.get("solver_type", "midpoint")
    algorithm = fields.get("algorithm_type", "dpmsolver++")
    if fields.name == "CosineDPMSolverMultistep":
        algorithm = "sde-dpmsolver++"
    if algorithm not in ("dpmsolver++", "sde-dpmsolver++"):
        why = f"diffusers refuses it with algorithm_type={algorithm!r}; take sigma_min"
        fields.only("final_sigmas_type", "sigma_min", why=why)
    algorithm = "dpmsolver++" if algorithm == "deis" else algorithm
    kind = "midpoint" if kind in ("logrho", "bh1", "bh2") else kind
    fields.only("variance_type", None, why="a learned variance that is thrown away")
    if kind not in ("midpoint", "heun") or not 1 <= order <= 3:
        fields.refuse("solver_order", f"solver_type={kind!r}: there is no such solver")
    _ends_low(fields, at, order)
    if algorithm == "dpmsolver++":
        return _data(fields, order, kind)
    if algorithm == "dpmsolver":
        return _noise(fields, order, kind)
    if algorithm != "sde-dpmsolver++":
        fields.refuse("algorithm_type", "there is no such sampler here; sde-dpmsolver++ has one")
    if order == 3:
        fields.refuse("solver_order", "diffusers' SDE solver of order 3 has a wrong sign")
    return "ddpm" if order == 1 else f"dpmpp_2m_sde:solver={kind}"


def _data(fields: Fields, order: int, kind: str) -> str:
    if order == 3 and kind == "midpoint":
        fields.refuse("solver_type", "order 3 begins with heun's formula here; take heun")
    theirs = order == 3 or (order == 2 and kind == "midpoint")
    return f"xeab:order={order},formula={'k_diffusion' if theirs else 'quell'}"


def _noise(fields: Fields, order: int, kind: str) -> str:
    if order == 3:
        fields.differs("order 3 lacks a factor of 2 in diffusers, which makes it second order")
    elif order == 2 and kind == "midpoint":
        fields.refuse("solver_type", "DPM-Solver is heun's formula here; take heun")
    return f"zeab:order={order}"


def _single(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    if fields.solver_order != 1:
        fields.refuse(
            "solver_order",
            "diffusers takes the stages from the grid, quell within a step: the sampler dpm_single "
            "with a third of the steps is the paper's",
        )
    return _dpm(fields, at, steps)


def _deis(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    fields.only("solver_order", 1, 2, 3, why="diffusers has no formulas of it")
    known = "is none that diffusers takes for deis"
    fields.only("algorithm_type", "deis", "dpmsolver", "dpmsolver++", why=known)
    fields.only("solver_type", "logrho", "midpoint", "heun", "bh1", "bh2", why=known)
    _ends_low(fields, at, int(fields.solver_order))
    return f"zeab:order={int(fields.solver_order)}"


def _unipc(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    order = int(fields.solver_order)
    kind = "bh2" if fields.solver_type in ("midpoint", "heun", "logrho") else fields.solver_type
    fields.only("solver_type", "bh1", "bh2", "midpoint", "heun", "logrho", why="is none of UniPC's")
    fields.only("predict_x0", True, why="UniPC is on the data here")
    fields.only("solver_p", None, why="the predictor is UniPC's own")
    if fields.disable_corrector:
        fields.refuse("disable_corrector", "all steps are corrected here, or none")
    if fields.lower_order_final and (order > 2 or (order == 2 and at[-1] > 0)):
        fields.refuse(
            "lower_order_final",
            f"diffusers goes down in order in the last {order} steps, quell in a step to sigma = 0 "
            "alone; take False, or order 2",
        )
    if order > 1 and at[-1] == 0 and not fields.lower_order_final:
        fields.differs(f"order {order} is infinite in diffusers in a step to sigma = 0")
    if kind == "bh1" and at[-1] == 0:
        fields.differs("bh1 is not a number in diffusers where the last sigma is 0")
    return f"unipc:order={order},variant={kind}"


def _sa(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    predictor, corrector = int(fields.predictor_order), int(fields.corrector_order)
    fields.only("algorithm_type", "data_prediction", why="SA-Solver is on the data here")
    fields.only("variance_type", None, why="a learned variance that is thrown away")
    fields.only("tau_func", None, why="a function; sa_solver has tau, s_tmin and s_tmax")
    fields.only("num_train_timesteps", 1000, why="its tau is for the points 200 to 800 of 1000")
    fields.differs("SA-Solver of order 2 has h^2 / 2 in diffusers for an exact integral")
    from quell.diffusers.levels import Table

    every = Table(fields).levels
    return (
        f"sa_solver:predictor_order={predictor},corrector_order={corrector},"
        f"s_tmin={float(every[200])!r},s_tmax={float(every[800])!r}"
    )


def _sde(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    fields.only("noise_sampler_seed", None, why="the seed is given to the sampler")
    fields.differs("the two noises of a step correlate as the SDE has it, not as a path in sigma")
    return "dpmpp_sde"


def _lcm(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    if float(fields.timestep_scaling) != 10:
        fields.refuse(
            "timestep_scaling", "the model's output is taken for the data; only 10 is near"
        )
    return "lcm"


def _tcd(fields: Fields, at: np.ndarray, steps: int, eta: float | None, _: Any) -> str:
    gamma = 0.3 if eta is None else float(eta)
    if fields.clip_sample or fields.thresholding:
        fields.refuse("clip_sample", "diffusers' TCD does not read it")
    if 0 < gamma < 1:
        fields.differs("a jump's time (1 - eta) t is not rounded down to a point of the table")
    return f"tcd:gamma={gamma!r}"


def _pndm(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    every = int(fields.num_train_timesteps) // steps
    fields.only("prediction_type", "epsilon", why="diffusers' steps are linear in v, PNDM's in eps")
    fields.only("set_alpha_to_one", False, why="a step to sigma = 0 is of first order here")
    if not fields.skip_prk_steps and (every % 2 or steps < 4):
        fields.refuse(
            "skip_prk_steps",
            f"half of {every} points is no point, and diffusers evaluates beside where it steps; "
            "take True, or steps that leave an even number",
        )
    return "plms" if fields.skip_prk_steps else "pndm"


def _euler(fields: Fields, *_: Any) -> str:
    fields.only("timestep_type", "discrete", why="a network that is told log(sigma) / 4")
    return "euler"


def _flow(fields: Fields, *_: Any) -> str:
    return "lcm" if fields.stochastic_sampling else "euler"


def _consistency(fields: Fields, at: np.ndarray, steps: int, *_: Any) -> str:
    fields.only("s_noise", 1, 1.0, why="the noise of a consistency model is of scale 1 here")
    return f"consistency:sigma_min={float(fields.sigma_min)!r}"


def _dpm2_a(fields: Fields, *_: Any) -> str:
    if fields.use_karras_sigmas:
        fields.differs(
            "use_karras_sigmas=True: diffusers tells the network two times at one level of noise, "
            "the second rounded to a point of the table, and quell the second alone"
        )
    return "dpm2_a"


# The samplers with the option `steady`.
_RULED = (
    "dpm2",
    "dpm2_a",
    "dpmpp_2m_sde",
    "dpmpp_sde",
    "heun",
    "sa_solver",
    "unipc",
    "xeab",
    "zab",
    "zeab",
)

_SOLVERS: dict[str, Callable[..., str]] = {
    "CMStochasticIterative": _consistency,
    "CosineDPMSolverMultistep": _dpm,
    "DDIM": _ddim,
    "DDPM": _ddpm,
    "DEISMultistep": _deis,
    "DPMSolverMultistep": _dpm,
    "DPMSolverSDE": _sde,
    "DPMSolverSinglestep": _single,
    "EDMDPMSolverMultistep": _dpm,
    "EDMEuler": _euler,
    "EulerAncestralDiscrete": lambda *_: "euler_a",
    "EulerDiscrete": _euler,
    "FlowMatchEulerDiscrete": _flow,
    "HeunDiscrete": lambda *_: "heun",
    "KDPM2AncestralDiscrete": _dpm2_a,
    "KDPM2Discrete": lambda *_: "dpm2",
    "LCM": _lcm,
    "LMSDiscrete": lambda fields, at, steps, eta, order: f"zab:order={int(order or 4)}",
    "PNDM": _pndm,
    "SASolver": _sa,
    "TCD": _tcd,
    "UniPCMultistep": _unipc,
}
