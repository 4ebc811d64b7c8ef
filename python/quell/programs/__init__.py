# SPDX-License-Identifier: MIT
"""Networks of PyTorch's as programs: any module goes to a file that the library draws from. By
subject: trace (torch.export), lower and operations (to instructions, by a table), lead (the batch),
write (the file), twin and check (against PyTorch in float64)."""

from quell.programs.exporter import export

__all__ = ["export"]
