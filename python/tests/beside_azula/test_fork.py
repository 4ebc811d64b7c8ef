# SPDX-License-Identifier: MIT
"""A child of fork() draws what its parent draws, after PyTorch and quell used threads there."""

import os
import subprocess
import sys

FORKED = """
import os, signal, sys
import torch
import quell

torch.set_num_threads(4)
matrix = torch.randn(600, 600)
(matrix @ matrix).exp().sum()
denoiser = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2], schedule="vp")
sampler = quell.DDPMSampler(denoiser, steps=8, silent=True, threads=4, tile=10)
x1 = sampler.init((400, 2), seed=7, dtype=torch.float32)
expected = sampler(x1, seed=7) if {before} else None
child = os.fork()
if not child:
    signal.alarm(30)
    drawn = sampler(x1, seed=7)
    os._exit(0 if expected is None or torch.equal(drawn, expected) else 1)
_, status = os.waitpid(child, 0)
(matrix @ matrix).exp().sum()
sampler(x1, seed=7)
sys.exit(status != 0)
"""


def test_fork_after_torch():
    for before in (False, True):
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORKED.format(before=before)],
            capture_output=True,
            text=True,
            timeout=90,
            env={**os.environ, "OMP_NUM_THREADS": "4"},
            check=False,
        )
        assert (child.returncode, child.stderr) == (0, ""), child
