# SPDX-License-Identifier: MIT
"""Ctrl-C during a run of many seconds, in a process of its own."""

import signal
import subprocess
import sys
import time

import pytest

START = """
import signal, sys, threading, time
import numpy as np
import quell

denoiser = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
sampler = quell.DDPMSampler(denoiser, steps=1000, silent=True, threads={threads})
x1 = np.zeros(({count}, 2), np.float32)
"""

RAISES = """
try:
    print("go", flush=True)
    sampler(x1, seed=0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
again = sampler(x1[:100], seed=0)
assert np.isfinite(again).all()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print("usable", flush=True)
"""

# Three tiles on two threads: the main one is done, and waits for the others.
UNEVEN = """
sampler.tile = len(x1) // 3 + 1
""" + RAISES

PYTHONS_OWN = """
def function(x_t, t):
    time.sleep(0.01)
    return x_t
sampler = quell.DDPMSampler(function, schedule="vp", steps=1000, silent=True)
x1 = x1[:4]
""" + RAISES.replace("again = sampler(x1[:100], seed=0)", "again = denoiser(x1, 0.5).mean")

OWN_HANDLER = """
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(time.monotonic()))
print("go", flush=True)
sampler(x1, seed=0)
assert seen and time.monotonic() - seen[0] > 0.05
print("interrupted", flush=True)
print("usable", flush=True)
"""


def interrupt(program, threads=2, count=3000000):
    """Starts it, sends SIGINT when it computes; what it printed, and the seconds until then."""
    text = START.format(threads=threads, count=count) + program
    child = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "go\n"
        time.sleep(0.5)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        said = child.stdout.readline()
        seconds = time.monotonic() - began
        rest = child.stdout.read()
        assert child.wait(30) == 0
        return said, rest, seconds
    finally:
        child.kill()


@pytest.mark.parametrize("program", [RAISES, UNEVEN, PYTHONS_OWN], ids=["two", "uneven", "python"])
@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt(program, threads):
    said, rest, seconds = interrupt(program, threads)
    assert (said, rest) == ("interrupted\n", "usable\n")
    assert seconds < 1


def test_handler_of_the_programs_own():
    """It does not end the run, and has its turn during it."""
    said, rest, _ = interrupt(OWN_HANDLER, count=60000)
    assert (said, rest) == ("interrupted\n", "usable\n")
