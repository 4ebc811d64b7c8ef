# SPDX-License-Identifier: MIT
"""Seeds for calls that are given none."""

import numpy as np

from quell._arrays import torch_if_imported
from quell._numbers import whole


def seed_of(seed: int | None) -> int:
    """The seed itself; for None a fresh one, of PyTorch's global generator if the program has
    imported torch, so that torch.manual_seed makes a script repeatable as it is used to; else of
    NumPy's. Children of a fork have that generator in the same state, until they seed it.

    Raises:
        TypeError: It is no integer.
        ValueError: It is not in [0, 2^64).
    """
    if seed is None:
        torch = torch_if_imported()
        if torch is None:
            return int(np.random.randint(0, 2**63 - 1, dtype=np.int64))
        return int(torch.randint(0, 2**63 - 1, (), device="cpu"))
    return whole(seed, "seed")
