# SPDX-License-Identifier: MIT
"""PyTorch's operations as instructions, a module for each subject."""

from quell.programs.operations import (  # noqa: F401
    bits,
    by_matrix,
    complex,
    composed,
    contract,
    convolve,
    functions,
    gather,
    move,
    norms,
    order,
    places,
    reduce,
    resample,
    running,
)
