# SPDX-License-Identifier: MIT
"""Functions as denoisers: what they return, and which arguments have a row for each sample.
quell.denoise has both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quell._numbers import function_of, text, whole
from quell._said import said
from quell.errors import refused
from quell.noise import Schedule


class PerSample:
    """An argument of a denoiser's that has a row for each sample: sampler(x, y=PerSample(y)). A
    denoiser that is called with some of the samples, as by adaptive samplers, then gets their rows.
    Arguments without it are handed on as they are, whatever their sizes. It may stand anywhere in
    lists, tuples and dicts.

    Arguments:
        rows: An array, tensor or list with shape (B, *).
    """

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __repr__(self) -> str:
        return f"PerSample({self.rows!r})"


class FunctionDenoiser:
    """A Python function, or a PyTorch module, that returns something else than the mean.

    Arguments:
        function: function(input, time, **kwargs) -> output, of all samples of a call at once, with
            shape (B, *); `time` with shape ().
        schedule: The schedule; "vp" if left out.
        output: What it returns: "x0", the mean; "eps", E[Z | x_t] with x_t = alpha X + sigma Z;
            "v", alpha E[Z | x_t] - sigma E[X | x_t]; "score", -E[Z | x_t] / sigma; or "flow",
            E[Z | x_t] - E[X | x_t].
        precondition: What is done around it: "none", input x_t and time t; "simple", input
            x_t / sqrt(alpha^2 + sigma^2) and time log(sigma / alpha); "karras", as simple, with
            the skip connection of azula's KarrasDenoiser, and output "x0".
        variance: What it learned of the variance. "none", or "learned_range": it then returns a
            pair, the output and v in [-1, 1] of the same shape, which interpolates between the
            logarithms of the least (-1) and the greatest variance (Nichol & Dhariwal, 2102.09672,
            eq. 15), for samplers that ask for it ("ddpm:variance=learned_range").
        digest: A number of your own that says what the function computes, such as a hash of its
            weights, from 0 (none) to 2^64 - 1; it goes into Sampler.digest.

    Raises:
        BadArgument: By the first call of a sampler: there is no such output or precondition.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        schedule: Any = None,
        output: str = "x0",
        precondition: str = "none",
        variance: str = "none",
        digest: int = 0,
    ) -> None:
        function_of(function, "function")
        if text(variance, "variance") not in ("none", "learned_range"):
            raise refused(f"variance: {said(variance)}, must be 'none' or 'learned_range'")
        self.function = function
        self.schedule = Schedule("vp") if schedule is None else schedule
        self.output = text(output, "output")
        self.precondition = text(precondition, "precondition")
        self.variance = variance
        self.digest = whole(digest, "digest")
