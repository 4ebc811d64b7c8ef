# SPDX-License-Identifier: MIT
"""The work: denoisers, each for quell and for PyTorch, at the shapes that they are measured at."""

from works.base import Shape, Work
from works.exact import EXACT

WORKS: dict[str, Work] = {work.name: work for work in EXACT}
MISSING: dict[str, str] = {}

try:
    from works.networks import NETWORKS

    WORKS.update({work.name: work for work in NETWORKS})
except ImportError as error:  # azula
    MISSING["networks"] = str(error)

__all__ = ["MISSING", "WORKS", "Shape", "Work"]
