# SPDX-License-Identifier: MIT
"""What the tests share. These need NumPy alone; those of tests/beside_azula need azula, too.

The command that results are compared with is that of QUELL_COMMAND."""

import os
import subprocess

import numpy as np
import pytest

import quell


@pytest.fixture
def mixture():
    """README's."""
    return quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])


@pytest.fixture
def command(tmp_path):
    """Runs the command; returns what it wrote to --out."""

    def run(*arguments):
        path = tmp_path / "out.npy"
        subprocess.run(
            [os.environ["QUELL_COMMAND"], *map(str, arguments), "--out", str(path)],
            check=True,
            capture_output=True,
        )
        return np.load(path)

    return run
