# SPDX-License-Identifier: MIT
"""Exports a network from PyTorch as a program: a file that the library draws samples from.

The modules, in the order of the work: denoisers (what is around the network), trace (the graph, by
torch.export), lower and operations (from the graph to instructions, by a table), lead (removes the
dimension of the batch), write (the file), twin and check (compare the file with PyTorch in
float64).
"""

from typing import Any

import torch

OLDEST = (2, 6)  # of torch, whose torch.export gives the graphs


def _check_version(version: str) -> None:
    """Refuses a torch that is too old, in one line."""
    found = tuple(int(part) for part in version.split("+")[0].split(".")[:2])
    if found < OLDEST:
        raise ImportError(
            f"quell.export needs PyTorch {OLDEST[0]}.{OLDEST[1]} or later; this is {version}"
        )


_check_version(torch.__version__)

from quell.programs import exporter  # noqa: E402

__all__ = ["export"]


class _Export:
    """quell.export: a function, with another one for pipelines of diffusers."""

    __doc__ = exporter.export.__doc__
    __call__ = staticmethod(exporter.export)

    @staticmethod
    def from_diffusers(pipeline: Any, path: Any, **options: Any) -> Any:
        """See quell.diffusers.pipelines.from_diffusers."""
        from quell.diffusers.pipelines import from_diffusers

        return from_diffusers(pipeline, path, **options)


export = _Export()
