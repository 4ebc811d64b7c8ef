# SPDX-License-Identifier: MIT
"""Denoisers that are guided, which quell.denoise exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quell import _quell
from quell._inputs import fits
from quell._keywords import hinted, meant_weight, names_of
from quell._numbers import real, reals
from quell._said import said
from quell.denoise import NativeDenoiser
from quell.errors import refused


class _Guided(NativeDenoiser):
    """A guided denoiser, which keeps the two denoisers that it is made of."""

    def _parts_of(self) -> list[str]:
        return names_of(guided)

    def _evaluator(self) -> tuple[str, _quell.Options]:
        """One that evaluates at any time: any other is refused where guidance does nothing at its
        own times. It goes from where alpha is not 0 to where sigma is not."""
        return "dpm_adaptive", _quell.Options(start=1 - 2**-20, stop=2**-20)

    def _guides(self) -> bool:
        if self._recipe is None:
            return False
        base, guide, weight, _, _, _, weights, *_ = self._recipe
        if guide is None and any(each != 1 for each in weights or [weight]):
            return True
        return any(one is not None and one._guides() for one in (base, guide))

    def _remade(self) -> _quell.Denoiser:
        if self._recipe is None:
            return super()._remade()
        base, guide, *how = self._recipe
        return _quell.Denoiser.guided(base.native, None if guide is None else guide.native, *how)


def _check_own(one: Any, what: str, hint: str = "") -> None:
    """Refuses anything that is not one of the library's denoisers."""
    if not isinstance(one, NativeDenoiser):
        raise TypeError(f"{what}: {said(one)}, must be one of the library's own denoisers{hint}")
    if type(one).__call__ is not NativeDenoiser.__call__ or hasattr(one, "forward"):
        raise TypeError(
            f"{what}: {type(one).__name__} has a __call__ or a forward of its own, which is not "
            "asked; must be one of the library's own"
        )


@hinted
def guided(
    denoiser: NativeDenoiser,
    guide: NativeDenoiser | None = None,
    weight: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
    times: Sequence[float] = (),
    weights: Sequence[float] = (),
    rescale: float = 0.0,
) -> NativeDenoiser:
    """Returns a denoiser that gives w mu + (1 - w) mu_guide: classifier-free guidance (Ho &
    Salimans, 2207.12598; their w is w - 1), or guidance by a weaker model (Karras et al.,
    2406.02507).

    Arguments:
        denoiser: The denoiser of mu.
        guide: The denoiser of mu_guide, of the same shape. None: `denoiser` for no class and none
            of its conditions, which it must have learned; then every call needs a label or a
            condition.
        weight: w; 1 is no guidance (default 2).
        low, high: The denoiser is guided at times from low to high (Kynkaanniemi et al.,
            2404.07724).
        times, weights: w is weights[i] at times[i], and linear in between, in place of `weight`.
        rescale: phi in [0, 1]: how far the deviation of mu over the elements of a sample is kept
            (Lin et al., 2305.08891).

    Raises:
        BadArgument: A weight or a time is out of its range, or the denoisers do not fit.
    """
    _check_own(denoiser, "denoiser")
    if guide is not None:
        _check_own(guide, "guide", meant_weight(guide))
    at, worth = reals(times, "times"), reals(weights, "weights")
    if weight is not None and (at or worth):
        raise refused("weight: times and weights are given, too; must be left out")
    if guide is not None and not fits((1, *guide.shape), denoiser.shape):
        raise refused(f"guided: shapes {denoiser.shape} and {guide.shape}, must be the same")
    how = (
        2.0 if weight is None else real(weight, "weight"),
        real(low, "low"),
        real(high, "high"),
        at,
        worth,
        real(rescale, "rescale"),
    )
    native = None if guide is None else guide.native
    made = _quell.Denoiser.guided(denoiser.native, native, *how)
    return _Guided(made, denoiser.shape, denoiser.schedule, (denoiser, guide, *how))
