# SPDX-License-Identifier: MIT
"""Takes diffusion models trained in azula or PyTorch to quell: export() writes a model's file,
check() holds what quell makes of it against PyTorch."""

from quell.architectures.check import check
from quell.architectures.describe import describe
from quell.architectures.files import export, export_weights

__all__ = ["check", "describe", "export", "export_weights"]
