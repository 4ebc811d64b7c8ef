# SPDX-License-Identifier: MIT
"""Finds out which options of a sampler have an effect. The others are refused, and left out of its
repr."""

from __future__ import annotations

from typing import Any

from quell import _quell
from quell._said import row_of, said
from quell._settings import Settings
from quell.errors import Error, refused

_ADAPTIVE = "dpm_adaptive"


def check_steps(how: Settings, sampler: _quell.Sampler) -> None:
    """Refuses a grid for a sampler that chooses its own steps; two times are where it goes from and
    to."""
    if sampler.evaluations:
        return
    for name in ("steps", "grid", "times", "sigmas"):
        given: Any = getattr(how, "_steps" if name == "steps" else name)
        ends = name in ("times", "sigmas") and sampler.steps == 1
        if given is not None and not ends:
            raise refused(
                f"{name}: has no effect: sampler {said(how.spec)} chooses its own steps; must be "
                "left out"
            )


def check_brownian(
    how: Settings,
    sampler: _quell.Sampler,
    denoiser: _quell.Denoiser,
    schedule: _quell.Schedule,
) -> None:
    """Refuses Brownian noise for a sampler that draws no noise on the way, wherever it starts."""
    if not how.brownian:
        return
    name, _, options = how.spec.partition(":")
    if name == _ADAPTIVE:
        eta = [float(one[4:]) for one in options.split(",") if one.startswith("eta=")]
        noisy = eta != [] and eta[-1] > 0
    else:
        noisy = sampler.noisy or _noisy_from_start(how, denoiser, schedule)
    if not noisy:
        raise refused(
            f"brownian: has no effect: sampler {said(how.spec)} draws no noise on the way; must be "
            "left out"
        )


def _noisy_from_start(
    how: Settings, denoiser: _quell.Denoiser, schedule: _quell.Schedule
) -> bool:
    whole = _quell.Options(steps=how.steps)
    try:
        return _quell.Sampler(how.spec, denoiser, schedule, whole).noisy
    except Error:
        return False


def written_out(how: Settings) -> list[str]:
    """Returns a sampler's spec and its grid as arguments for its constructor."""
    spec = how.spec
    parts, own = [repr(spec)], spec.partition(":")[0] == _ADAPTIVE
    if not own or how._steps is not None:
        parts.append(f"steps={how.steps}")
    if how.times is None and how.sigmas is None and not own:
        parts.append(f"grid={how.grid or 'linear'!r}")
    for name in ("times", "sigmas"):
        if getattr(how, name) is not None:
            parts.append(f"{name}={row_of(getattr(how, name))}")
    for name in ("start", "stop"):
        if getattr(how, "_" + name) is not None:
            parts.append(f"{name}={getattr(how, name)!r}")
    return parts
