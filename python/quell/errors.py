# SPDX-License-Identifier: MIT
"""The exceptions of calls that fail: quell.Error, and a subclass for each status of the C library,
which is also the class that a Python programmer expects: BadArgument is a ValueError, NoMemory a
MemoryError. The message is one line that says what is wrong and what would be right.

If a function of the caller's, a denoiser or a schedule, raises an exception, the call raises the
same one."""

import re
from typing import Any

__all__ = [
    "AfterFork",
    "BadArgument",
    "BadModel",
    "Busy",
    "DenoiserFailed",
    "Error",
    "IOFailed",
    "NoMemory",
    "NoProgress",
    "NotFinite",
    "NotFound",
    "Stopped",
    "Unsupported",
]


class Error(Exception):
    """A failure of the library.

    Attributes:
        status: The number of its status in C (quell_status), from 1 on.
        sample: The index of the sample in which a run failed, the lowest if there are several; None
            if it did not fail in a sample.
        transition: The number of the transition in which it failed, from 0 on; None as for
            `sample`.
    """

    status: int = 0
    sample: int | None = None
    transition: int | None = None


class Stopped(Error):
    """A progress function or a denoiser stopped the run."""


class BadArgument(Error, ValueError):
    """An argument is out of its range."""


class NoMemory(Error, MemoryError):
    """Out of memory."""


class NotFound(Error, LookupError):
    """There is no sampler, schedule, grid or model of this name."""


class Unsupported(Error, NotImplementedError):
    """Something is not available on this machine, in this build, or for this denoiser."""


class BadModel(Error, ValueError):
    """A model's file is not valid."""


class IOFailed(Error, OSError):
    """A file could not be read or written."""


class DenoiserFailed(Error, RuntimeError):
    """A denoiser failed."""


class NotFinite(Error, ArithmeticError):
    """A sample became infinite or not a number."""


class AfterFork(Error, RuntimeError):
    """The call cannot go on in a child of fork(). Use threads=1, or start processes by spawn."""


class NoProgress(Error, ArithmeticError):
    """A sampler with adaptive steps reached its upper bound on the number of tries."""


class Busy(Error, RuntimeError):
    """A queue is full: try again later."""


# The classes by their numbers in C (include/quell/status.h).
_CLASSES: tuple[type[Error], ...] = (
    Error,
    Stopped,
    BadArgument,
    NoMemory,
    NotFound,
    Unsupported,
    BadModel,
    IOFailed,
    DenoiserFailed,
    NotFinite,
    AfterFork,
    NoProgress,
    Busy,
)


# What the library calls what has another name in Python.
_WORDS = {
    "give its mean and variance, prior_mean and prior_variance (0 and 1 for normalised data)": (
        "give its mean and variance, init(shape, mean, var) (0 and 1 for normalised data)"
    ),
    "prior_mean": "the mean of init",
    "prior_variance": "the var of init",
    "clamp_low": "clamp[0]",
    "clamp_high": "clamp[1]",
}
_ANY = re.compile("|".join(re.escape(word) for word in _WORDS))


def _make(status: int, message: str, sample: int | None, transition: int | None) -> Any:
    """Returns the exception of a status; the extension module calls this."""
    kind = _CLASSES[status] if 0 < status < len(_CLASSES) else Error
    made = kind(_ANY.sub(lambda found: _WORDS[found[0]], message))
    made.status, made.sample, made.transition = status, sample, transition
    return made


def refused(message: str) -> BadArgument:
    """Returns the exception that Python's modules raise for a wrong argument, as the library
    does."""
    made: BadArgument = _make(2, message, None, None)
    return made
