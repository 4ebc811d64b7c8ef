# SPDX-License-Identifier: MIT
"""What quell's calls raise. Each is a quell.Error and the built-in exception that fits."""


class Error(Exception):
    """A call of quell failed. The text is one line: what is wrong, where, and what would be right.

    Attributes:
        status: The name of the status in C, as "QUELL_NOT_FINITE".
        sample: The number of the sample in which a run failed, else None.
        transition: The transition in which it failed, from 0 on, else None.
    """

    status: str = "QUELL_BAD_ARGUMENT"
    sample: int | None = None
    transition: int | None = None


class Stopped(Error):
    """The run was stopped at the caller's request."""


class BadArgument(Error, ValueError):
    """An argument is out of its range."""


class NoMemory(Error, MemoryError):
    """Out of memory."""


class NotFound(Error, LookupError):
    """No sampler, schedule, grid, model or instruction set has this name."""


class Unsupported(Error, NotImplementedError):
    """Not available on this machine or in this build."""


class BadModel(Error, ValueError):
    """A model's file is not valid."""


class IOFailed(Error, OSError):
    """A file could not be read or written."""


class DenoiserFailed(Error, RuntimeError):
    """The denoiser reported an error. (What a Python function raises is raised as it is.)"""


class NotFinite(Error, ArithmeticError):
    """A sample became infinite or not a number."""


class AfterFork(Error, RuntimeError):
    """Threads cannot be used in a child of fork()."""


class NoProgress(Error, RuntimeError):
    """A sampler with adaptive steps made as many tries as it may."""


_CLASSES: dict[str, type[Error]] = {
    "QUELL_STOPPED": Stopped,
    "QUELL_BAD_ARGUMENT": BadArgument,
    "QUELL_NO_MEMORY": NoMemory,
    "QUELL_NOT_FOUND": NotFound,
    "QUELL_UNSUPPORTED": Unsupported,
    "QUELL_BAD_MODEL": BadModel,
    "QUELL_IO_FAILED": IOFailed,
    "QUELL_DENOISER_FAILED": DenoiserFailed,
    "QUELL_NOT_FINITE": NotFinite,
    "QUELL_AFTER_FORK": AfterFork,
    "QUELL_NO_PROGRESS": NoProgress,
}


def made(status: str, message: str, sample: int | None, transition: int | None) -> Error:
    """The exception for a status, which the extension raises."""
    error = _CLASSES.get(status, Error)(message)
    error.status, error.sample, error.transition = status, sample, transition
    return error
