# SPDX-License-Identifier: MIT
"""The work: denoisers, each for quell and for PyTorch, at the shapes that they are measured at."""

from works.base import Shape, Work
from works.exact import EXACT
from works.networks import NETWORKS

WORKS: dict[str, Work] = {work.name: work for work in (*EXACT, *NETWORKS)}

__all__ = ["WORKS", "Shape", "Work"]
