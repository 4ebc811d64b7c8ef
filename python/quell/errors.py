# SPDX-License-Identifier: MIT
"""What a call that fails raises: quell.Error, and for each status of the C library a class that is
also what a Python programmer expects: BadArgument is a ValueError, NoMemory a MemoryError. The
message is one line that says what is wrong and what would be right.

What a function of one's own raises, a denoiser or a schedule, leaves the call as it was raised."""

from typing import Any

__all__ = [
    "AfterFork",
    "BadArgument",
    "BadModel",
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
        status: Its number in C (quell_status), from 1 on.
        sample: The index of the sample in which a run failed, the lowest of several; None if it
            did not fail in one.
        transition: The transition in which it did, from 0 on; None.
    """

    status: int = 0
    sample: int | None = None
    transition: int | None = None


class Stopped(Error):
    """A run was stopped by what watches it."""


class BadArgument(Error, ValueError):
    """An argument is out of its range."""


class NoMemory(Error, MemoryError):
    """Out of memory."""


class NotFound(Error, LookupError):
    """There is no sampler, schedule, grid or model of this name."""


class Unsupported(Error, NotImplementedError):
    """Not available on this machine, or for this denoiser."""


class BadModel(Error, ValueError):
    """A model's file is not valid."""


class IOFailed(Error, OSError):
    """A file could not be read or written."""


class DenoiserFailed(Error, RuntimeError):
    """A denoiser failed."""


class NotFinite(Error, ArithmeticError):
    """A sample became infinite or not a number."""


class AfterFork(Error, RuntimeError):
    """A child of fork() cannot use threads, as its parent had: ask for threads=1, or use spawn."""


class NoProgress(Error, ArithmeticError):
    """A sampler with adaptive steps made as many tries as it may."""


# By the numbers of C, include/quell/status.h.
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
)


def _make(status: int, message: str, sample: int | None, transition: int | None) -> Any:
    """For the extension module: the exception of a status."""
    kind = _CLASSES[status] if 0 < status < len(_CLASSES) else Error
    made = kind(message)
    made.status, made.sample, made.transition = status, sample, transition
    return made


def refused(message: str) -> BadArgument:
    """What the modules of Python's raise for an argument that the library would refuse, too."""
    made: BadArgument = _make(2, message, None, None)
    return made
