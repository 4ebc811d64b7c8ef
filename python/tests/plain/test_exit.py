# SPDX-License-Identifier: MIT
"""The interpreter ends, without a word, while daemon threads are in runs."""

import subprocess
import sys

import pytest

START = """
import atexit, sys, threading, time
import numpy as np
import quell

begun = threading.Event()

def function(x_t, t):
    begun.set()
    {work}
    return x_t

x1 = np.zeros((50, 2), np.float32)
native = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])

def run():
    {run}

for _ in range(4):
    threading.Thread(target=run, daemon=True).start()
assert begun.wait(10)
time.sleep(0.05)
{end}
"""

SAMPLER = 'quell.Sampler({}, schedule={}, steps=1000, silent=True{})'
FOREVER = "while True: " + SAMPLER.format("function", '"vp"', "")
WORK = {
    "sleeps": "time.sleep(0.002)",
    "computes": "sum(range(20000))",
    "evaluates": "native(x1, 0.5)",
}


def ends(program, **parts):
    text = START.format(**{"work": "pass", "end": "", **parts}) if program is None else program
    # From 3.12 on Python warns of any fork beside other threads.
    words = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", text]
    child = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (child.returncode, child.stderr) == (0, ""), child
    return child.stdout


@pytest.mark.parametrize("work", WORK)
def test_a_denoiser_of_python(work):
    ends(None, work=WORK[work], run=FOREVER + "(x1, seed=1)")


def test_one_that_takes_longer_than_is_waited_for():
    end = "quell._quell.be_patient(0.2)"
    ends(None, work="time.sleep(1.5)", run=FOREVER + "(x1, seed=1)", end=end)


def test_a_schedule_of_python():
    schedule = "lambda t: (begun.set(), (1 - float(t), float(t) + 1e-3))[1]"
    run = "while True: " + SAMPLER.format("native", schedule, "")
    ends(None, run=run + "(x1, seed=1)")


def test_progress():
    run = "while True: " + SAMPLER.format("native", '"vp"', ", threads=2")
    shown = "lambda *_: begun.set()"
    ends(None, run=run + f"(np.zeros((3000000, 2), np.float32), seed=1, progress={shown})")


def test_the_librarys_own():
    ends(None, run="begun.set(); quell.normal(0, 1000000, (3000,))")


def test_runs_of_the_end_itself():
    """What is registered with atexit may sample, before threads are stopped and after."""
    last = "print(np.isfinite(quell.DDIMSampler(native, silent=True)(x1)).all())"
    own = f"atexit.register(lambda: {last})"
    assert ends(None, run=FOREVER + "(x1, seed=1)", end=own) == "True\n"
    first = "import atexit\natexit.register(lambda: last())\n"
    rest = START.format(work="pass", run=FOREVER + "(x1, seed=1)", end=f"def last(): {last}")
    assert ends(first + rest) == "True\n"


def test_workers_of_the_end():
    """After the other threads are stopped a run has workers, and their Python has its turns."""
    large = "np.zeros((20000, 2), np.float32)"
    options = ", threads=2, tile=100"
    sampler = SAMPLER.replace("1000", "20").format("lambda x, t: x / 2", '"vp"', options)
    last = f"print(np.isfinite({sampler}({large}, seed=1, progress=lambda *_: None)).all())"
    first = "import atexit\natexit.register(lambda: last())\n"
    rest = START.format(work="pass", run=FOREVER + "(x1, seed=1)", end=f"def last(): {last}")
    assert ends(first + rest) == "True\n"


def test_a_fork_in_a_run():
    """The child has none of its parent's threads, and does not wait for them."""
    end = """
import os
child = os.fork()
if not child: sys.exit(0)
began = time.monotonic()
assert os.waitpid(child, 0)[1] == 0
assert time.monotonic() - began < 3
"""
    ends(None, run=FOREVER + "(x1, seed=1)", work="time.sleep(0.01)", end=end)
