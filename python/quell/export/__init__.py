# SPDX-License-Identifier: MIT
"""Takes diffusion models trained in azula or PyTorch to quell: export() writes a model's file,
check() holds what quell makes of it against PyTorch."""

from quell.export.check import check
from quell.export.describe import describe
from quell.export.files import export, export_weights

__all__ = ["check", "describe", "export", "export_weights"]
