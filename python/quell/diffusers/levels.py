# SPDX-License-Identifier: MIT
"""The levels of noise, sigma / alpha, that diffusers' set_timesteps chooses, in double."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from quell import _quell
from quell._numbers import reals
from quell.diffusers.fields import Fields, betas_of
from quell.errors import refused
from quell.noise import Schedule

Levels = np.ndarray

# The classes that take T + 1 points of the table and leave the last one out; the others take T.
ONE_MORE = {
    "DPMSolverMultistep",
    "DPMSolverSinglestep",
    "DEISMultistep",
    "UniPCMultistep",
    "SASolver",
}
# The type that diffusers' tables have. Its least levels are 1e-4 of them off, and with these all
# others of use_karras_sigmas: a network's times by 0.005 of an index, and samples by 1e-3.
FLOAT: type[np.floating[Any]] = np.float32

# The classes whose alpha is 0 if the betas are rescaled to zero SNR; the others have 2^-12.
REALLY_ZERO = {"DDIM", "DDPM", "LCM", "TCD"}


class Table:
    """A discrete schedule.

    Attributes:
        levels: sigma / alpha of its points, rounded as by diffusers, but none beyond the schedule.
        schedule: As quell has it, in double.
    """

    def __init__(self, fields: Fields) -> None:
        betas = betas_of(fields)
        if len(betas) != fields.num_train_timesteps:
            fields.refuse("trained_betas", f"{len(betas)} of them for num_train_timesteps")
        rescaled = fields.get("rescale_betas_zero_snr", False)
        log_alphas = np.cumsum(np.log1p(-betas)) / 2
        squares = np.exp(2 * log_alphas)
        if rescaled:
            alphas = np.exp(log_alphas) - np.exp(log_alphas[-1])
            alphas *= np.exp(log_alphas[0]) / alphas[0]
            alphas[-1] = 0 if fields.name in REALLY_ZERO else 2.0**-12
            squares = alphas**2
            betas = 1 - squares / np.concatenate([[1], squares[:-1]])
            if betas[-1] <= 0:
                fields.refuse(
                    "rescale_betas_zero_snr",
                    "the last point of diffusers' table has less noise than the one before it",
                )
        with np.errstate(divide="ignore"):
            short = 1 - squares if rescaled else -np.expm1(2 * log_alphas)
            exact = np.sqrt(short / squares)
        made = np.clip(_rounded(betas), exact[0], exact[-1])
        made[-1] = exact[-1]
        self.levels = made if (np.diff(made) > 0).all() else exact
        spec = None if rescaled and squares[-1] else _spec(fields)
        self.schedule = Schedule(spec) if spec else Schedule.from_betas(betas)


def _rounded(betas: np.ndarray) -> Levels:
    """Returns sigma / alpha of diffusers' table, where alpha^2 is a product of rounded factors, and
    itself rounded."""
    factors = (FLOAT(1) - betas.astype(FLOAT)).astype(np.float64)
    squares = np.cumprod(factors).astype(FLOAT).astype(np.float64)
    with np.errstate(divide="ignore"):
        return np.sqrt((1 - squares) / squares)


def _spec(fields: Fields) -> str | None:
    """Returns the name of the table with its options, if it has a name."""
    names = {"linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine"}
    names |= {"sigmoid": "sigmoid", "laplace": "laplace", "exp": "exp"}
    if fields.trained_betas is not None:
        return None
    name = names[fields.beta_schedule]
    spec = f"beta_{name}:train={int(fields.num_train_timesteps)}"
    if name in ("linear", "scaled_linear", "sigmoid"):
        spec += f",first={float(fields.beta_start)!r},last={float(fields.beta_end)!r}"
    return spec + (",zero_snr=yes" if fields.get("rescale_betas_zero_snr") else "")


def timesteps(fields: Fields, steps: int, table: Table | None = None) -> np.ndarray:
    """Returns the points of the table, falling; whole numbers unless the scheduler interpolates."""
    train = int(fields.num_train_timesteps)
    more = fields.name in ONE_MORE
    last = train
    clip = fields.get("lambda_min_clipped", -math.inf)
    if table is not None and clip > -math.inf:
        last = train - int(np.searchsorted(-np.log(table.levels[::-1]), clip))
    if steps > train:
        raise refused(f"steps: {steps}, but the table has {train} points")
    spacing, offset = fields.get("timestep_spacing", "linspace"), fields.get("steps_offset", 0)
    if spacing == "linspace":
        made = np.linspace(0, last - 1, steps + more)[::-1]
        whole = more or fields.name in ("DDPM", "DDIM", "PNDM")
        made = made.round() if whole else made
    elif spacing == "leading":
        ratio = (last if more else train) // (steps + more)
        made = np.arange(steps + more)[::-1] * float(ratio) + offset
    elif spacing == "trailing":
        made = np.round(np.arange(last if more else train, 0, -train / steps)) - 1
    else:
        fields.refuse("timestep_spacing", "is none of linspace, leading, trailing")
    made = made[:-1] if more and spacing != "trailing" else made
    if made.min() < 0 or made.max() >= train:
        fields.refuse("steps_offset", f"the points leave the table of {train}")
    return made


def _karras(high: float, low: float, steps: int, rho: float = 7.0) -> Levels:
    ramp = np.linspace(0, 1, steps)
    made = (high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho
    return np.asarray(made)


def _exponential(high: float, low: float, steps: int) -> Levels:
    return np.exp(np.linspace(math.log(high), math.log(low), steps))


def _beta(high: float, low: float, steps: int) -> Levels:
    """Quantiles of the beta distribution, by quell's own grid."""
    unit = Schedule("ve:sigma_min=1,sigma_max=3").native
    how = _quell.Options(steps=steps, grid="beta:final=zero,scale=ratio")
    quantiles = (_quell.grid(unit, how)[:steps, 2] - 1) / 2
    return low + quantiles * (high - low)


def converted(fields: Fields, given: Levels, steps: int) -> Levels | None:
    """What use_karras_sigmas and its kin make of the levels; None if none is set."""
    chosen = [k for k in ("karras", "exponential", "beta") if fields.get(f"use_{k}_sigmas")]
    if len(chosen) > 1:
        fields.refuse(f"use_{chosen[1]}_sigmas", f"and use_{chosen[0]}_sigmas, too")
    low, high = fields.get("sigma_min"), fields.get("sigma_max")
    low, high = given[-1] if low is None else low, given[0] if high is None else high
    if fields.get("use_lu_lambdas") and "karras" not in chosen:
        return _exponential(high, low, steps)  # Lu's rho is 1
    make = {"karras": _karras, "exponential": _exponential, "beta": _beta}
    return make[chosen[0]](high, low, steps) if chosen else None


def _final(fields: Fields, levels: Levels, first: float) -> Levels:
    """With the level after the last step. One that is there already is a step of no length, which
    changes nothing."""
    final = fields.get("final_sigmas_type")
    if final == "zero" or (final is None and fields.name not in ("DEISMultistep", "SASolver")):
        return np.append(levels, 0.0)
    if final not in (None, "sigma_min"):
        fields.refuse("final_sigmas_type", "is none of zero, sigma_min")
    return _without_idle(np.append(levels, first))


def _without_idle(made: Levels) -> Levels:
    """Returns the levels without a last step whose length is 0 up to rounding."""
    return made[:-1] if math.isclose(made[-1], made[-2], rel_tol=1e-9) else made


def of_sigmas(fields: Fields, table: Table, steps: int) -> Levels:
    """Returns the levels of the schedulers that step in sigma."""
    every = table.levels
    at = np.interp(timesteps(fields, steps, table), np.arange(len(every)), every)
    if fields.get("interpolation_type", "linear") == "log_linear":
        at = _exponential(every[-1], every[0], steps + 1)
        if converted(fields, at, steps) is None:
            fields.differs(
                "interpolation_type='log_linear': diffusers tells the network the times of the "
                "table beside levels that are even in log sigma, quell each level's own time"
            )
            return at
    elif fields.get("interpolation_type", "linear") != "linear":
        fields.refuse("interpolation_type", "is none of linear, log_linear")
    made = converted(fields, every[::-1] if fields.name in ONE_MORE else at, steps)
    repeats = made is not None and fields.name in ("DEISMultistep", "SASolver", "UniPCMultistep")
    made = at if made is None else made
    return _final(fields, made, made[-1] if repeats else every[0])


def of_table(fields: Fields, table: Table, steps: int) -> Levels:
    """Returns the levels of DDPM, DDIM and PNDM, which step from point to point of the table."""
    points = timesteps(fields, steps)
    if fields.name != "DDPM":
        ahead = points - int(fields.num_train_timesteps) // steps
        wrong = np.flatnonzero(ahead[:-1] != points[1:])
        if len(wrong):
            i = wrong[0]
            fields.refuse(
                "timestep_spacing",
                f"diffusers steps from {points[i]:.0f} to {ahead[i]:.0f} and then evaluates at "
                f"{points[i + 1]:.0f}; with leading, or where the steps divide the table, it "
                "does not",
            )
        if ahead[-1] >= 0:
            return np.append(table.levels[points.astype(int)], table.levels[int(ahead[-1])])
    to_one = fields.get("set_alpha_to_one", True)
    last = 0.0 if to_one else table.levels[0]
    return _without_idle(np.append(table.levels[points.astype(int)], last))


def of_distillation(fields: Fields, table: Table, steps: int, original: int | None) -> Levels:
    """Returns the levels of LCM and TCD, from the times of the distillation."""
    train = int(fields.num_train_timesteps)
    count = fields.original_inference_steps if original is None else original
    if fields.name == "TCD" and original is not None:
        times = np.arange(train)
    else:
        if count > train:
            what = f"original_inference_steps: {count}, but the table has {train} points"
            raise refused(what)
        times = np.arange(1, count + 1) * (train // count) - 1
    if steps > len(times) and fields.name == "TCD" and original is not None:
        raise refused(f"steps: {steps}, but the table has {train} points")
    if steps > len(times) and original is not None:
        raise refused(f"original_inference_steps: {original}, must be at least steps, {steps}")
    if steps > len(times):
        fields.refuse("original_inference_steps", f"fewer than the {steps} steps")
    chosen = times[::-1][np.floor(np.linspace(0, len(times), steps, endpoint=False)).astype(int)]
    return np.append(table.levels[chosen], 0.0 if fields.name == "LCM" else table.levels[0])


def of_edm(fields: Fields, steps: int) -> Levels:
    """Returns the levels of EDM's schedulers, which have no table."""
    low, high = float(fields.sigma_min), float(fields.sigma_max)
    if fields.get("sigma_schedule") == "exponential":
        made = _exponential(low, high, steps)[::-1]  # so that one step is from the lower end
    elif fields.get("sigma_schedule", "karras") == "karras":
        made = _karras(high, low, steps, float(fields.rho))
    else:
        fields.refuse("sigma_schedule", "is none of karras, exponential")
    return _final(fields, made, low)


def of_consistency(fields: Fields, steps: int) -> Levels:
    """Returns the levels of consistency models: every n-th level of training."""
    train = int(fields.num_train_timesteps)
    if steps > train:
        fields.refuse("num_train_timesteps", f"fewer than the {steps} steps")
    if train < 2:
        fields.refuse("num_train_timesteps", "must be at least 2")
    low, high, rho = float(fields.sigma_min), float(fields.sigma_max), float(fields.rho)
    ramp = np.arange(steps) * (train // steps) / (train - 1)
    made = (high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho
    return np.append(made, low) if made[-1] > low else made


def ratio(flow: Levels) -> Levels:
    """Returns sigma / alpha of levels with alpha = 1 - sigma."""
    with np.errstate(divide="ignore"):
        return np.asarray(flow / (1 - flow))


def of_flow_sigmas(fields: Fields, table: Table, steps: int) -> Levels:
    """Returns the levels of use_flow_sigmas in the multistep schedulers."""
    if converted(fields, table.levels[::-1], steps) is not None:
        fields.refuse("use_flow_sigmas", "with other sigmas, which diffusers does not make flow's")
    given = np.linspace(1, 1 / int(fields.num_train_timesteps), steps + 1)
    if fields.name == "UniPCMultistep":
        at = given[:-1]
        at = fields.flow_shift * at / (1 + (fields.flow_shift - 1) * at)
        at[0] -= 1e-6 if abs(at[0] - 1) < 1e-6 else 0
    else:
        at = 1 - given
        at = (fields.flow_shift * at / (1 + (fields.flow_shift - 1) * at))[::-1][:-1]
    repeats = fields.name != "DPMSolverMultistep"
    return ratio(_final(fields, at, at[-1] if repeats else table.levels[0]))


def of_flow(fields: Fields, steps: int, sigmas: Any, mu: float | None) -> Levels:
    """Returns the levels of FlowMatchEuler."""
    train, shift = int(fields.num_train_timesteps), float(fields.shift)
    dynamic = fields.use_dynamic_shifting
    fields.only("time_shift_type", "exponential", "linear", why="is neither of these")
    if dynamic and mu is None:
        raise refused("mu: use_dynamic_shifting needs it, the shift's logarithm")
    if not dynamic and mu is not None:
        raise refused("mu: is for use_dynamic_shifting; must be left out")
    if sigmas is None:
        ends = np.array([1.0, 1 / train])
        ends = ends if dynamic else shift * ends / (1 + (shift - 1) * ends)
        made = np.linspace(ends[0], ends[1], steps)
    else:
        made = np.array(reals(sigmas, "sigmas"))
        if not ((made > 0) & (made <= 1)).all():
            raise refused("sigmas: must be above 0 and at most 1")
    if dynamic:
        told = float(mu or 0)
        factor = math.exp(told) if fields.time_shift_type == "exponential" else told
        made = factor / (factor + (1 / made - 1))
    else:
        made = shift * made / (1 + (shift - 1) * made)
    if fields.shift_terminal:
        made = 1 - (1 - made) / ((1 - made[-1]) / (1 - fields.shift_terminal))
    other = converted(fields, made, len(made))
    return ratio(np.append(made if other is None else other, 0.0))
