# SPDX-License-Identifier: MIT
"""Exports a network from PyTorch as a program: a file that the library draws samples from.

The modules, in the order of the work: denoisers (what is around the network), trace (the graph, by
torch.export), lower and operations (from the graph to instructions, by a table), lead (removes the
dimension of the batch), write (the file), twin and check (compare the file with PyTorch in
float64).
"""

from typing import Any

from quell.programs import exporter

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
