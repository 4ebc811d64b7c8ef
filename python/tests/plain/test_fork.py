# SPDX-License-Identifier: MIT
"""A child of fork() draws what its parent draws after using threads, and does not hang."""

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest

import quell

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def draw(threads=4):
    denoiser = quell.MixtureDenoiser(
        weights=[1, 3], means=[[-2, 0], [2, 1]], variances=[0.1, 0.2], schedule="vp"
    )
    sampler = quell.DDPMSampler(denoiser, steps=8, silent=True, threads=threads, tile=10)
    return sampler(sampler.init((400, 2), seed=7), seed=7)


def draw_by_python(_=None):
    sampler = quell.Sampler(
        lambda x, t: x / 2, "ddpm", schedule="vp", steps=4, silent=True, threads=4, tile=10
    )
    return sampler(sampler.init((400, 2), seed=7), seed=7)


FORKED = """
import os, signal, sys
sys.path.insert(0, {folder!r})
from test_fork import draw, draw_by_python

expected = draw(), draw_by_python()
for generation in range(2):
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if generation:
            os._exit(0 if status == 0 else 1)
        assert status == 0, status
        assert (draw() == expected[0]).all()
        sys.exit(0)
    signal.alarm(20)
    good = all((a == b).all() for a, b in zip((draw(), draw_by_python()), expected))
    if not good or generation:
        os._exit(0 if good else 1)
"""


def test_fork_and_the_fork_of_a_fork():
    text = FORKED.format(folder=os.path.dirname(__file__))
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (child.returncode, child.stderr) == (0, ""), child


@pytest.mark.parametrize("function", [draw, draw_by_python])
def test_a_pool_that_forks(function):
    expected = function(4)
    pool = multiprocessing.get_context("fork").Pool(2)
    try:
        results = pool.map_async(function, [1, 2, 4, 4]).get(timeout=30)
    finally:
        pool.terminate()
    assert all(np.array_equal(result, expected) for result in results)
