# SPDX-License-Identifier: MIT
"""Ctrl-C during a run of many seconds, in a process of its own."""

import signal
import subprocess
import sys
import threading
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

# Its turn comes during the run, which would last longer than the test, and what it raises ends it.
OWN_HANDLER = """
class Mine(Exception):
    pass

def handler(*_):
    raise Mine

signal.signal(signal.SIGINT, handler)
try:
    print("go", flush=True)
    sampler(x1, seed=0)
except Mine:
    print("interrupted", flush=True)
assert signal.getsignal(signal.SIGINT) is handler
print("usable", flush=True)
"""

# One that does nothing does not end the run.
MILD_HANDLER = """
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
print("go", flush=True)
x0 = sampler(x1, seed=0)
while not seen:
    time.sleep(0.01)
assert np.isfinite(x0).all()
print("interrupted", flush=True)
print("usable", flush=True)
"""


def interrupt(program, threads=2, count=3000000):
    """Starts it, sends SIGINT when it computes; what it printed, and the seconds until then."""
    text = START.format(threads=threads, count=count) + program
    # In a job in the background SIGINT is ignored, which the child would inherit.
    child = subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    watchdog = threading.Timer(20, child.kill)
    watchdog.start()
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
        watchdog.cancel()
        child.kill()


@pytest.mark.parametrize("program", [RAISES, UNEVEN, PYTHONS_OWN], ids=["two", "uneven", "python"])
@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt(program, threads):
    said, rest, seconds = interrupt(program, threads)
    assert (said, rest) == ("interrupted\n", "usable\n")
    assert seconds < 1


@pytest.mark.parametrize("program, count", [(OWN_HANDLER, 3000000), (MILD_HANDLER, 60000)])
def test_handler_of_the_programs_own(program, count):
    said, rest, _ = interrupt(program, count=count)
    assert (said, rest) == ("interrupted\n", "usable\n")
