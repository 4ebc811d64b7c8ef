# SPDX-License-Identifier: MIT
"""Samplers, which take x_1 to x_0, with the names and the arguments of azula.sample.

All other samplers of the library are made by name, as in
Sampler(denoiser, "dpmpp_2m", steps=20, grid="karras")."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from quell import _quell
from quell._numbers import real, whole, yes_no
from quell._sampler import Sampler
from quell.errors import BadArgument, refused

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from quell._keywords import SamplerKeywords

__all__ = [
    "DDIMSampler",
    "DDPMSampler",
    "EulerSampler",
    "HeunSampler",
    "ItoSampler",
    "PCSampler",
    "REABSampler",
    "Sampler",
    "vABSampler",
    "xEABSampler",
    "zABSampler",
    "zEABSampler",
]


_OF_ETA = re.compile(r"sampler: the eta of 'ddim' is [^:]*(:.* )([\d.]+)")


class DDPMSampler(Sampler):
    """Ancestral sampling (Ho et al., 2006.11239).

    Arguments:
        denoiser: A denoiser.
        kwargs: Further arguments of Sampler.
    """

    def __init__(self, denoiser: Any, **kwargs: Unpack[SamplerKeywords]) -> None:
        super().__init__(denoiser, "ddpm", **kwargs)


class DDIMSampler(Sampler):
    """DDIM (Song et al., 2010.02502).

    Arguments:
        denoiser: A denoiser.
        eta: The stochasticity, >= 0: 0 is deterministic, 1 is DDPM. It multiplies the variance of
            the noise, as in azula; the eta of a spec, "ddim:eta=0.5", its standard deviation, as
            in the paper.
        kwargs: Further arguments of Sampler.
    """

    def __init__(self, denoiser: Any, eta: float = 0.0, **kwargs: Unpack[SamplerKeywords]) -> None:
        super().__init__(denoiser, **kwargs)
        self.eta = eta

    @property
    def spec(self) -> str:
        variance = real(self.eta, "eta")
        return f"ddim:eta={math.sqrt(variance) if variance > 0 else variance!r}"

    def _sampler(self, dim: int, of_x: tuple[Any, Any] = ((), ())) -> _quell.Sampler:
        try:
            return super()._sampler(dim, of_x)
        except BadArgument as error:
            found = _OF_ETA.fullmatch(str(error))
            if found is None:
                raise
            most = math.floor(float(found[2]) ** 2 * 1000) / 1000
            meant = self.eta > 2 and float(self.eta).is_integer()
            steps = f"; steps={self.eta:g} is the number of steps" if meant else ""
            message = f"sampler: eta is {self.eta:g}{found[1]}{most:g}{steps}"
            raise refused(message) from None


class EulerSampler(Sampler):
    """Euler's method on the probability flow.

    Arguments:
        denoiser: A denoiser.
        kwargs: Further arguments of Sampler.
    """

    def __init__(self, denoiser: Any, **kwargs: Unpack[SamplerKeywords]) -> None:
        super().__init__(denoiser, "euler", **kwargs)


class HeunSampler(Sampler):
    """Heun's method on the probability flow, with two evaluations a step.

    Arguments:
        denoiser: A denoiser.
        steady: Whether a step that is too long for order 2 is Euler's. azula has False.
        kwargs: Further arguments of Sampler.
    """

    def __init__(
        self, denoiser: Any, steady: bool = True, **kwargs: Unpack[SamplerKeywords]
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.steady = steady

    @property
    def spec(self) -> str:
        return f"heun:steady={yes_no(self.steady, 'steady')}"


class ItoSampler(Sampler):
    """Euler's method on the reverse SDE.

    Arguments:
        denoiser: A denoiser.
        eta: The stochasticity, >= 0: 0 is the probability flow.
        temperature: The temperature, > 0, which divides the score.
        steady: Whether a step that is too long for Euler's method is DDIM's. azula has False.
        kwargs: Further arguments of Sampler.
    """

    def __init__(
        self,
        denoiser: Any,
        eta: float = 1.0,
        temperature: float = 1.0,
        steady: bool = True,
        **kwargs: Unpack[SamplerKeywords],
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.eta = eta
        self.temperature = temperature
        self.steady = steady

    @property
    def spec(self) -> str:
        eta, temperature = real(self.eta, "eta"), real(self.temperature, "temperature")
        steady = yes_no(self.steady, "steady")
        return f"ito:eta={eta!r},temperature={temperature!r},steady={steady}"


class _Multistep(Sampler):
    _name: str

    def __init__(
        self, denoiser: Any, order: int = 2, steady: bool = True, **kwargs: Unpack[SamplerKeywords]
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.order = order
        self.steady = steady

    @property
    def spec(self) -> str:
        steady = yes_no(self.steady, "steady")
        return f"{self._name}:order={whole(self.order, 'order')},steady={steady}"


class zABSampler(_Multistep):  # noqa: N801, azula's name
    """Adams-Bashforth in sigma / alpha with E[Z | x_t]: rho-AB, LMS (Zhang & Chen, 2204.13902).

    Arguments:
        denoiser: A denoiser.
        order: The order, 1 to 4.
        steady: Whether a step that is too long for this order has a lower one. azula has False.
        kwargs: Further arguments of Sampler.
    """

    _name = "zab"


class vABSampler(_Multistep):  # noqa: N801
    """Adams-Bashforth in sigma / (alpha + sigma) with the velocity.

    Arguments:
        denoiser: A denoiser.
        order: The order, 1 to 4.
        steady: Whether a step that is too long for this order has a lower one. azula has False.
        kwargs: Further arguments of Sampler.
    """

    _name = "vab"


class zEABSampler(_Multistep):  # noqa: N801
    """Exponential Adams-Bashforth with E[Z | x_t]: DPM-Solver (Lu et al., 2206.00927).

    Arguments:
        denoiser: A denoiser.
        order: The order, 1 to 4.
        steady: Whether a step that is too long for this order has a lower one. azula has False.
        kwargs: Further arguments of Sampler.
    """

    _name = "zeab"


class xEABSampler(_Multistep):  # noqa: N801
    """Exponential Adams-Bashforth with E[X | x_t]: DPM-Solver++ (Lu et al., 2211.01095).

    Arguments:
        denoiser: A denoiser.
        order: The order, 1 to 4.
        steady: Whether a step that is too long for this order has a lower one. azula has False.
        kwargs: Further arguments of Sampler.
    """

    _name = "xeab"


class REABSampler(_Multistep):
    """Rosenbrock-type exponential Adams-Bashforth: DPM-Solver-v3 (Zheng et al., 2310.13268).

    Arguments:
        denoiser: A denoiser.
        order: The order, 1 to 4.
        steady: Whether a step that is too long for this order has a lower one. azula has False.
        kwargs: Further arguments of Sampler.
    """

    _name = "reab"


class PCSampler(Sampler):
    """Predictor and corrector (Song et al., 2011.13456).

    Arguments:
        denoiser: A denoiser.
        corrections: The number of corrections before each step, 0 to 7.
        delta: The part of the noise that a correction replaces by new noise, in [0, 1].
        kwargs: Further arguments of Sampler.
    """

    def __init__(
        self,
        denoiser: Any,
        corrections: int = 1,
        delta: float = 0.01,
        **kwargs: Unpack[SamplerKeywords],
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.corrections = corrections
        self.delta = delta

    @property
    def spec(self) -> str:
        corrections, delta = whole(self.corrections, "corrections"), real(self.delta, "delta")
        return f"pc:corrections={corrections},delta={delta!r}"
