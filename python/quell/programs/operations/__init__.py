# SPDX-License-Identifier: MIT
"""PyTorch's operations as instructions, a module for each subject."""

from quell.programs.operations import (  # noqa: F401
    by_matrix,
    complex,
    composed,
    contract,
    convolve,
    functions,
    gather,
    move,
    norms,
    reduce,
    resample,
)
