# SPDX-License-Identifier: MIT
"""Exports a network from PyTorch as a program: a file that the library draws samples from.

The modules, in the order of the work: trace (the graph, by torch.export), lower and operations
(from the graph to instructions, by a table), lead (removes the dimension of the batch), write (the
file), twin and check (compare the file with PyTorch in float64).
"""

from quell.programs.exporter import export

__all__ = ["export"]
