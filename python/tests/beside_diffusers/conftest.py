# SPDX-License-Identifier: MIT
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))


@pytest.fixture(autouse=True)
def default_dtype():
    """The schedulers of diffusers compute in double here, and other tests in what they find."""
    import torch

    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)
