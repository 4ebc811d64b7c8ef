# SPDX-License-Identifier: MIT
"""What there is in the library, as functions of Python's: an argument that they do not take is
refused in one line."""

from __future__ import annotations

from quell import _quell
from quell._quell import Entry


def samplers() -> list[Entry]:
    """Returns the samplers, with their options.

    Returns:
        A list of quell.Entry, with name, summary, source (such as "arXiv:2010.02502", or None),
        aliases (a dictionary: another name, and the spec that it stands for), order, evaluations
        (of the denoiser in a step) and stochastic (whether there is noise on the way), and with
        options: a list of quell.EntryOption, with name, summary, default, low and high (the ends of
        its range) and choices (of an option of words).
    """
    return _quell.samplers()


def schedules() -> list[Entry]:
    """Returns the noise schedules, with their options."""
    return _quell.schedules()


def grids() -> list[Entry]:
    """Returns the grids, with their options."""
    return _quell.grids()


def models() -> list[Entry]:
    """Returns the models that are built in."""
    return _quell.models()


def isas() -> list[str]:
    """Returns the instruction sets of this machine that the library has code for."""
    return _quell.isas()


def isa_default() -> str:
    """Returns the instruction set that is used where none is named."""
    return _quell.isa_default()


def version() -> str:
    """Returns the version of the library."""
    return _quell.version()
