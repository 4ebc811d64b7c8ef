# SPDX-License-Identifier: MIT
"""What diffusers' set_timesteps tells a network of the time: an index into the table of the
training, or between its points; in the form that a description has (docs/programs.md)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from quell._arrays import is_tensor
from quell.diffusers.fields import Fields
from quell.diffusers.levels import ONE_MORE, Table
from quell.errors import Unsupported
from quell.noise import Schedule

Form = dict[str, Any]
Told = Callable[[Any], Any]

# Whose second evaluation of a step has another time than the form says.
TWO_FORMS = ("KDPM2Discrete", "KDPM2AncestralDiscrete")
SLACK = 2.0**-40  # as in src/denoisers/time_form.c


def form_of(fields: Fields, table: Table | None) -> Form:
    """Returns the form of the time. Between two points of the table diffusers takes sigma to be
    linear in the index where the index is given, and log sigma where sigma is: each scheduler then
    goes back the same way, and some round."""
    train = int(fields.num_train_timesteps)
    if table is None:
        flow: Form = {"of": "t", "scale": train}
        return {**flow, "rounding": "down"} if fields.get("use_flow_sigmas") else flow
    index: Form = {"of": "t", "scale": train - 1}
    rounding = _rounding(fields)
    if rounding is not None:
        return {**index, "rounding": rounding}
    points = list(range(train))
    if _is_linear(fields):
        return {"of": "sigma", "at": table.levels.tolist(), "values": points}
    if _chosen(fields) is not None:  # by the table as it is rounded
        return {"of": "log_sigma", "at": np.log(table.levels).tolist(), "values": points}
    return index


def _chosen(fields: Fields) -> str | None:
    """Returns the field that takes the levels from elsewhere than the table, if there is one."""
    kinds = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas")
    return next((kind for kind in kinds if fields.get(kind)), None)


def _rounding(fields: Fields) -> str | None:
    """Returns how the index is rounded; None if it is not. The multistep solvers store indices as
    whole numbers, which cuts what they have not rounded."""
    chosen = _chosen(fields)
    if chosen is None:
        return None
    if fields.name in TWO_FORMS:
        return "nearest" if chosen == "use_karras_sigmas" else None
    if fields.name not in ONE_MORE:
        return None
    cosine = fields.get("beta_schedule") == "squaredcos_cap_v2"
    cut = cosine and fields.name == "DPMSolverMultistep"
    nearest = chosen in ("use_karras_sigmas", "use_lu_lambdas") and not cut
    return "nearest" if nearest else "down"


def _is_linear(fields: Fields) -> bool:
    """Whether sigma is linear in the index between two points of the table."""
    return (
        fields.name not in ONE_MORE
        and fields.get("timestep_spacing") == "linspace"
        and fields.get("interpolation_type", "linear") == "linear"
        and fields.name not in ("DDPM", "DDIM", "PNDM", "LCM", "TCD")
        and _chosen(fields) is None
    )


def check_of_file(name: str, form: Form | None) -> None:
    """Refuses times that are no function of the level of noise alone, as those of a file are."""
    if name in TWO_FORMS and form is not None and "rounding" in form:
        raise Unsupported(
            f"from_diffusers: {name}: use_karras_sigmas=True: diffusers rounds the time of every "
            "other evaluation, which a file cannot say; take HeunDiscreteScheduler, a network in "
            "Python (quell.from_diffusers), or strict=False, which rounds them all"
        )


def told_of(form: Form, name: str, schedule: Schedule, levels: np.ndarray) -> Told:
    """Returns the function of the schedule's t that gives a network's time, of the same type.

    Arguments:
        name: The scheduler's class.
        levels: sigma / alpha where steps begin and end.
    """
    index = {"of": "t", "scale": len(form["values"]) - 1} if "values" in form else dict(form)
    index.pop("rounding", None)

    def told(t: Any) -> Any:
        time = float(t)
        alpha, sigma = (float(each) for each in schedule(np.float64(time)))
        ratio = sigma / alpha if alpha else math.inf
        inside = name in TWO_FORMS and not np.isclose(ratio, levels, rtol=1e-6, atol=0).any()
        made = time_at(index if inside else form, time, ratio, _slack(t))
        return t.new_tensor(made) if is_tensor(t) else np.float64(made)

    return told


def _slack(t: Any) -> float:
    """Returns how near to a whole number an index is one, for a time of that type."""
    return 2.0**-20 if is_tensor(t) and t.element_size() < 8 else SLACK


def time_at(form: Form, t: float, ratio: float, slack: float = SLACK) -> float:
    """Returns the time at a level of noise, as the library does (src/denoisers/time_form.c)."""
    time = t
    if form["of"] != "t":
        time = ratio if form["of"] == "sigma" else math.log(ratio)
    if "at" in form:
        time = float(np.interp(time, form["at"], form["values"]))
    time *= float(form.get("scale", 1))
    near = slack * (1 + abs(time))
    rounding = form.get("rounding", "none")
    if rounding == "nearest":
        return float(np.rint(time))
    return float(math.floor(time + near)) if rounding == "down" else time
