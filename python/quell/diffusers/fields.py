# SPDX-License-Identifier: MIT
"""The fields of diffusers' schedulers with their defaults, and how a configuration is read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from quell._numbers import flag, path_of, real, reals, text, whole
from quell._said import said
from quell.errors import BadArgument, Unsupported, refused

_TABLE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "prediction_type": "epsilon",
}
_LATENT = {**_TABLE, "beta_start": 0.00085, "beta_end": 0.012}
_CLIP = {"clip_sample": True, "clip_sample_range": 1.0}
_THRESHOLD = {
    "thresholding": False,
    "dynamic_thresholding_ratio": 0.995,
    "sample_max_value": 1.0,
}
_LEADING = {"timestep_spacing": "leading", "steps_offset": 0}
_LINSPACE = {"timestep_spacing": "linspace", "steps_offset": 0}
_ZERO_SNR = {"rescale_betas_zero_snr": False}
_SIGMAS = {
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
}
_FLOW = {"use_flow_sigmas": False, "flow_shift": 1.0}
_DYNAMIC = {"use_dynamic_shifting": False, "time_shift_type": "exponential"}
_FINAL = {"final_sigmas_type": "zero"}
_CLIPPED = {"lambda_min_clipped": -float("inf"), "variance_type": None}
_SOLVER = {
    "solver_order": 2,
    "algorithm_type": "dpmsolver++",
    "solver_type": "midpoint",
    "lower_order_final": True,
}
_SCALES = {"sigma_min": 0.002, "sigma_max": 80.0, "sigma_data": 0.5, "rho": 7.0}
_EDM = {
    **_SCALES,
    "sigma_schedule": "karras",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
}
_DISTILLED = {
    **_LATENT,
    "beta_schedule": "scaled_linear",
    "original_inference_steps": 50,
    **_CLIP,
    "clip_sample": False,
    "set_alpha_to_one": True,
    **_LEADING,
    **_THRESHOLD,
    "timestep_scaling": 10.0,
    **_ZERO_SNR,
}

# The classes that are known, without "Scheduler", and their fields' defaults (diffusers 0.42).
CLASSES: dict[str, dict[str, Any]] = {
    "CMStochasticIterative": {
        **_SCALES,
        "num_train_timesteps": 40,
        "s_noise": 1.0,
        "clip_denoised": True,
    },
    "CosineDPMSolverMultistep": {
        **_EDM,
        "sigma_min": 0.3,
        "sigma_max": 500,
        "sigma_data": 1.0,
        "sigma_schedule": "exponential",
        "prediction_type": "v_prediction",
        "solver_order": 2,
        "solver_type": "midpoint",
        "lower_order_final": True,
        "euler_at_final": False,
        **_FINAL,
    },
    "DDIM": {**_TABLE, **_CLIP, "set_alpha_to_one": True, **_LEADING, **_THRESHOLD, **_ZERO_SNR},
    "DDPM": {
        **_TABLE,
        "variance_type": "fixed_small",
        **_CLIP,
        **_LEADING,
        **_THRESHOLD,
        **_ZERO_SNR,
    },
    "DEISMultistep": {
        **_TABLE,
        **_THRESHOLD,
        **_SOLVER,
        "algorithm_type": "deis",
        "solver_type": "logrho",
        **_SIGMAS,
        **_FLOW,
        **_LINSPACE,
        **_DYNAMIC,
    },
    "DPMSolverMultistep": {
        **_TABLE,
        **_THRESHOLD,
        **_SOLVER,
        "euler_at_final": False,
        **_SIGMAS,
        "use_lu_lambdas": False,
        **_FLOW,
        **_FINAL,
        **_CLIPPED,
        **_LINSPACE,
        **_ZERO_SNR,
        **_DYNAMIC,
    },
    "DPMSolverSDE": {**_LATENT, **_SIGMAS, "noise_sampler_seed": None, **_LINSPACE},
    "DPMSolverSinglestep": {
        **_TABLE,
        **_THRESHOLD,
        **_SOLVER,
        "lower_order_final": False,
        **_SIGMAS,
        **_FLOW,
        **_FINAL,
        **_CLIPPED,
        **_DYNAMIC,
    },
    "EDMDPMSolverMultistep": {**_EDM, **_THRESHOLD, **_SOLVER, "euler_at_final": False, **_FINAL},
    "EDMEuler": {**_EDM, **_FINAL},
    "EulerAncestralDiscrete": {**_TABLE, **_LINSPACE, **_ZERO_SNR},
    "EulerDiscrete": {
        **_TABLE,
        "interpolation_type": "linear",
        **_SIGMAS,
        "sigma_min": None,
        "sigma_max": None,
        **_LINSPACE,
        "timestep_type": "discrete",
        **_ZERO_SNR,
        **_FINAL,
    },
    "FlowMatchEulerDiscrete": {
        "num_train_timesteps": 1000,
        "shift": 1.0,
        **_DYNAMIC,
        "base_shift": 0.5,
        "max_shift": 1.15,
        "base_image_seq_len": 256,
        "max_image_seq_len": 4096,
        "invert_sigmas": False,
        "shift_terminal": None,
        **_SIGMAS,
        "stochastic_sampling": False,
    },
    "HeunDiscrete": {**_LATENT, **_SIGMAS, **_CLIP, "clip_sample": False, **_LINSPACE},
    "KDPM2AncestralDiscrete": {**_LATENT, **_SIGMAS, **_LINSPACE},
    "KDPM2Discrete": {**_LATENT, **_SIGMAS, **_LINSPACE},
    "LCM": dict(_DISTILLED),
    "LMSDiscrete": {**_TABLE, **_SIGMAS, **_LINSPACE},
    "PNDM": {**_TABLE, "skip_prk_steps": False, "set_alpha_to_one": False, **_LEADING},
    "SASolver": {
        **_TABLE,
        "predictor_order": 2,
        "corrector_order": 2,
        "tau_func": None,
        **_THRESHOLD,
        "algorithm_type": "data_prediction",
        "lower_order_final": True,
        **_SIGMAS,
        **_FLOW,
        **_CLIPPED,
        **_LINSPACE,
    },
    "TCD": dict(_DISTILLED),
    "UniPCMultistep": {
        **_TABLE,
        **_THRESHOLD,
        "solver_order": 2,
        "predict_x0": True,
        "solver_type": "bh2",
        "lower_order_final": True,
        "disable_corrector": [],
        "solver_p": None,
        **_SIGMAS,
        **_FLOW,
        **_LINSPACE,
        **_FINAL,
        **_ZERO_SNR,
        **_DYNAMIC,
        "sigma_min": None,
        "sigma_max": None,
        "shift_terminal": None,
    },
}

# The classes with a sampler of the same name in quell that always gives other numbers.
WITHOUT = {
    "FlowMatchHeunDiscrete": "its slope is the velocity in sigma, heun's the noise in sigma/alpha",
    "IPNDM": "its levels are no schedule's; ipndm with sigmas of one's own is the method",
}


# The fields that are whole numbers, and the least value of each.
_WHOLE = {
    "num_train_timesteps": 1,
    "original_inference_steps": 1,
    "solver_order": 1,
    "steps_offset": 0,
}
_ABOVE_0 = ("rho", "shift", "flow_shift")
_MAY_BE_INFINITE = ("lambda_min_clipped",)


def _like(name: str, field: str, value: Any, default: Any) -> Any:
    """A field of the kind that its default is of; where that is None or a list, as it is, but for
    those of numbers.

    Raises:
        TypeError: It is of another kind.
        BadArgument: It is out of its range.
    """
    what = f"from_diffusers: {name}: {field}"
    if field == "trained_betas" and value is not None:
        return reals(value, what)
    if field == "shift_terminal" and value is not None:
        return _between(real(value, what), what)
    if value is None and isinstance(default, (int, float)) and not isinstance(default, bool):
        raise refused(f"{what}: None, must be a number")
    if default is None or value is None or isinstance(default, list):
        return value
    if isinstance(default, bool):
        return flag(value, what)
    if isinstance(default, str):
        return text(value, what)
    if field in _WHOLE:
        return whole(value, what, _WHOLE[field], 2**31 - 1)
    number = real(value, what)
    if math.isinf(number) and field not in _MAY_BE_INFINITE:
        raise refused(f"{what}: {number:g}, must be finite")
    if field in _ABOVE_0 and not number > 0:
        raise refused(f"{what}: {number:g}, must be above 0")
    return number


def _between(number: float, what: str) -> float:
    if not 0 <= number < 1:  # in diffusers 0 means none
        raise refused(f"{what}: {number:g}, must be from 0 to below 1")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Reads a JSON object, in which no field may occur twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} stands twice")
    return made


class Fields:
    """A scheduler's configuration: its fields as attributes, with diffusers' defaults where the
    configuration has none.

    Attributes:
        name: The class, without "Scheduler".
        ignored: Fields that this class does not have: diffusers ignores them, too.
        differences: What was not refused because `strict` is False.
    """

    def __init__(self, config: Mapping[str, Any], strict: bool) -> None:
        named = config.get("_class_name")
        if not isinstance(named, str):
            raise BadArgument("from_diffusers: the configuration has no _class_name")
        self.name = named.removesuffix("Scheduler")
        self.strict = strict
        self.differences: list[str] = []
        if self.name not in CLASSES:
            known = f"known are {', '.join(CLASSES)}"
            raise Unsupported(
                f"from_diffusers: {named} has no sampler here: {WITHOUT.get(self.name, known)}"
            )
        self._defaults = CLASSES[self.name]
        own = {key: value for key, value in config.items() if not key.startswith("_")}
        self._values = {
            key: _like(self.name, key, own.get(key, default), default)
            for key, default in self._defaults.items()
        }
        self.ignored = tuple(sorted(set(own) - set(self._defaults)))

    def __getattr__(self, field: str) -> Any:
        try:
            return self._values[field]
        except KeyError:
            raise AttributeError(field) from None

    def get(self, field: str, default: Any = None) -> Any:
        """Returns a field, or a default if this class does not have it."""
        return self._values.get(field, default)

    def refuse(self, field: str, why: str) -> NoReturn:
        """Refuses a value that has no equivalent in quell."""
        raise Unsupported(f"from_diffusers: {self.name}: {field}={self.get(field)!r}: {why}")

    def only(self, field: str, *values: Any, why: str) -> None:
        """Refuses a field with another value than these."""
        if field in self._values and self._values[field] not in values:
            self.refuse(field, why)

    def differs(self, what: str) -> None:
        """Notes that numbers will differ; refuses that if strict."""
        if self.strict:
            raise Unsupported(
                f"from_diffusers: {self.name}: {what}; strict=False takes quell's numbers"
            )
        self.differences.append(what)


def read(scheduler: Any) -> dict[str, Any]:
    """The configuration of a scheduler: an object of diffusers', a dict, or a path to its file or
    to the folder that has it."""
    if isinstance(scheduler, str | os.PathLike):
        path = os.fsdecode(path_of(scheduler, "scheduler"))
        if os.path.isdir(path):
            path = os.path.join(path, "scheduler_config.json")
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"from_diffusers: {said(path)}: there is no such file or folder, must be a "
                "scheduler_config.json or its folder"
            )
        with open(path, encoding="utf-8-sig") as file:
            try:
                made = json.load(file, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                raise refused(f"from_diffusers: {path}: {error}") from None
        if not isinstance(made, dict):
            raise BadArgument(f"from_diffusers: {path} is not a scheduler's configuration")
        return made
    if isinstance(scheduler, Mapping):
        return dict(scheduler)
    config = getattr(scheduler, "config", None)
    if not isinstance(config, Mapping):
        raise TypeError("from_diffusers: takes a scheduler, its configuration or a path")
    return {**config, "_class_name": type(scheduler).__name__}


def betas_of(fields: Fields) -> np.ndarray:
    """The table of betas, in double."""
    count = int(fields.num_train_timesteps)
    if fields.trained_betas is not None:
        return np.asarray(fields.trained_betas, dtype=np.float64)
    first, last = float(fields.beta_start), float(fields.beta_end)
    kind = fields.beta_schedule
    for name, beta in (("beta_start", first), ("beta_end", last)):
        if kind in ("linear", "scaled_linear", "sigmoid") and not 0 < beta < 1:
            fields.refuse(name, "must be between 0 and 1")
    if kind == "linear":
        return np.linspace(first, last, count)
    if kind == "scaled_linear":
        return np.linspace(first**0.5, last**0.5, count) ** 2
    if kind == "sigmoid" and fields.name == "DDPM":
        return first + (last - first) / (1 + np.exp(-np.linspace(-6, 6, count)))
    u = np.arange(count + 1) / count
    if kind == "squaredcos_cap_v2":
        bar = np.cos((u + 0.008) / 1.008 * np.pi / 2) ** 2
    elif kind == "laplace" and fields.name == "DDPM":
        away = np.copysign(1, 0.5 - u) * np.log(1 - 2 * np.abs(0.5 - u) + 1e-6)
        snr = np.exp(-0.5 * away)
        bar = np.sqrt(snr / (1 + snr))
    elif kind == "exp" and fields.name == "HeunDiscrete":
        bar = np.exp(-12 * u)
    else:
        fields.refuse("beta_schedule", "diffusers has no such table for this class")
    return np.asarray(np.minimum(1 - bar[1:] / bar[:-1], 0.999))
