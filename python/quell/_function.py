# SPDX-License-Identifier: MIT
"""FunctionDenoiser and PerSample: functions as denoisers, and their arguments with a row for each
sample. quell.denoise exports both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quell import _quell
from quell._keywords import hinted
from quell._numbers import function_of, refuse_class, text, whole
from quell.errors import refused
from quell.noise import schedule_of_denoiser


class PerSample:
    """Marks an argument of a denoiser that has a row for each sample: sampler(x, y=PerSample(y)).
    If the denoiser is called with only some of the samples, as adaptive samplers do, it gets the
    rows of these. An argument without the mark is passed as it is, whatever its size. The mark may
    be inside lists, tuples and dicts.

    Arguments:
        rows: An array, tensor or list with shape (B, *).
    """

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __repr__(self) -> str:
        return f"PerSample({self.rows!r})"


class FunctionDenoiser:
    """A denoiser from a Python function, or a PyTorch module, that returns something other than the
    mean. It is for samplers, and cannot be called itself.

    Arguments:
        function: function(input, time, **kwargs) -> output, which is called for all samples of a
            call at once: input and output have shape (B, *), `time` has shape (). Where the output
            is "x0", it may be something with `.mean`.
        schedule: The schedule (default "vp").
        output: What the function's output is: "x0", the mean; "eps", E[Z | x_t] with x_t =
            alpha X + sigma Z; "v", alpha E[Z | x_t] - sigma E[X | x_t]; "score",
            -E[Z | x_t] / sigma; or "flow", E[Z | x_t] - E[X | x_t].
        precondition: How its input and its time are made: "none", x_t and t; "simple",
            x_t / sqrt(alpha^2 + sigma^2) and log(sigma / alpha); "karras", as "simple", with the
            skip connection of azula's KarrasDenoiser, and output "x0"; "unscaled", x_t / alpha and
            sigma / alpha, as EDM's denoisers; "straight", x_t / (alpha + sigma) and
            sigma / (alpha + sigma), as flows on straight paths.
        variance: What the function has learned of the variance: "none" or "learned_range". With
            the latter it returns a pair: the output, and v in [-1, 1] of the same shape, which
            interpolates between the logarithms of the least (-1) and the greatest variance (Nichol
            & Dhariwal, 2102.09672, eq. 15), for samplers that use it
            ("ddpm:variance=learned_range").
        digest: A number of the caller's that says what the function computes, such as a hash of its
            weights, up to 2^64 - 1; 0 for none. It becomes a part of Sampler.digest.

    Raises:
        BadArgument: There is no such output, precondition or variance; or the function is a
            denoiser of the library's, which returns the mean, and the output is something else.
    """

    @hinted
    def __init__(
        self,
        function: Callable[..., Any],
        schedule: Any = None,
        output: str = "x0",
        precondition: str = "none",
        variance: str = "none",
        digest: int = 0,
    ) -> None:
        refuse_class(function, "function", "a function or a module")
        function_of(function, "function")
        self.function = function
        self.schedule = schedule_of_denoiser(schedule)
        self.output = text(output, "output")
        self.precondition = text(precondition, "precondition")
        self.variance = text(variance, "variance")
        self.digest = whole(digest, "digest")
        _quell.Denoiser.function(1, output, precondition, variance, self.digest)  # refuses names
        from quell._adapt import is_native

        if is_native(function):
            check_mean(self, "the function is a denoiser of the library's, of E[X | x_t]")


def check_mean(denoiser: FunctionDenoiser, why: str) -> None:
    """Refuses an output other than E[X | x_t], where the function returns that.

    Raises:
        BadArgument: It is another one, or the precondition has its own way from it to the mean.
    """
    if denoiser.output != "x0":
        raise refused(f"output: {denoiser.output!r}, but {why}: must be 'x0'")
    if denoiser.precondition == "karras":
        raise refused(f"precondition: 'karras', but {why}: must be another one")
