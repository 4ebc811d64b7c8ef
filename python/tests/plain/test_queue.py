# SPDX-License-Identifier: MIT
"""Queues: each request has the samples of a call of its own; they end, are refused and cancelled as
the page says; Python runs meanwhile."""

import concurrent.futures
import gc
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import quell


def rings(spec="ddpm", steps=6, **more):
    return quell.Sampler(quell.load("builtin:rings"), spec, steps=steps, silent=True, **more)


def long_request(queue, **more):
    """A request that takes seconds."""
    sampler = quell.Sampler(quell.load("builtin:glyphs"), "ddpm", steps=1000, silent=True)
    return queue.submit(sampler, (64, 28, 28), seed=1, **more)


def alone(sampler, shape, seed, **more):
    streams = {name: more[name] for name in ("first", "index") if name in more}
    return sampler(sampler.init(shape, seed=seed, **streams), seed=seed, **more)


def test_the_samples_of_a_call():
    sampler, guided = rings(), quell.guided(quell.load("builtin:rings"), weight=2.0)
    other = quell.Sampler(guided, "dpmpp_2m", steps=5, silent=True)
    with quell.Queue(threads=2) as queue:
        cases = [
            (sampler, 7, {"label": 1}),
            (sampler, 7, {"label": [0, 1, -1], "first": 5}),
            (sampler, [3, 1, 2**64 - 1], {"index": [4, 0, 9], "label": [1, 0, 0]}),
            (other, 3, {"label": [1, 0, 1], "negative_label": [0, 1, 0]}),
            (sampler, 2**64 - 1, {"label": 0, "first": 2**63}),
        ]
        tickets = [queue.submit(how, (3, 2), seed=seed, **more) for how, seed, more in cases]
        for ticket, (how, seed, more) in zip(tickets, cases, strict=True):
            np.testing.assert_array_equal(ticket.result(), alone(how, (3, 2), seed, **more))
            assert ticket.done() and not ticket.cancelled() and ticket.exception() is None
            assert ticket.drawn == 3
            assert ticket.result() is ticket.result() or np.shares_memory(
                ticket.result(), ticket.result()
            )


def test_from_states():
    sampler = rings(start=0.5)
    x = np.array([[0.5, -1], [2, 0.25], [1, 1]])
    with quell.Queue(threads=1) as queue:
        ticket = queue.submit(sampler, x, seed=4, label=1)
        wanted = sampler(x, seed=4, label=1)
        assert ticket.result().dtype == wanted.dtype == np.float64
        np.testing.assert_array_equal(ticket.result(), wanted)
        np.testing.assert_array_equal(x, [[0.5, -1], [2, 0.25], [1, 1]])
        with pytest.raises(ValueError, match="mean, var: x has the states"):
            queue.submit(sampler, x, mean=0.0)


def test_conditions():
    showers = quell.load("builtin:showers")
    sampler = quell.Sampler(showers, "dpmpp_2m", steps=4, silent=True)
    shape = (3, *showers.shape)
    with quell.Queue(threads=2) as queue:
        for energy in (50.0, [50.0, 60.0, 70.0]):
            ticket = queue.submit(sampler, shape, seed=2, energy=energy)
            wanted = alone(sampler, shape, 2, energy=energy)
            np.testing.assert_array_equal(ticket.result(), wanted)
        by_name = queue.submit(sampler, shape, seed=2, conditions={"energy": 50.0})
        np.testing.assert_array_equal(by_name.result(), alone(sampler, shape, 2, energy=50.0))
        with pytest.raises(TypeError, match="condition 'energy': must be given"):
            queue.submit(sampler, shape, seed=2)


def test_many_threads_together():
    sampler = rings("dpmpp_2m", 5)
    with quell.Queue(threads=2) as queue, concurrent.futures.ThreadPoolExecutor(20) as pool:
        def ask(i):
            return queue.submit(sampler, (1, 2), seed=i, label=i % 2, client=i % 5).result()
        drawn = list(pool.map(ask, range(300)))
        assert queue.look().drawn == 300
        assert queue.look().runs <= 300
    for i in range(0, 300, 7):
        np.testing.assert_array_equal(drawn[i], alone(sampler, (1, 2), i, label=i % 2))


def test_merged():
    """What waits together is drawn together."""
    sampler = rings("dpmpp_2m", 5)
    with quell.Queue(threads=1) as queue:
        first = long_request(queue)
        tickets = [queue.submit(sampler, (1, 2), seed=i, label=0, priority=1) for i in range(50)]
        for i, ticket in enumerate(tickets):
            np.testing.assert_array_equal(ticket.result(), alone(sampler, (1, 2), i, label=0))
        assert queue.look().runs < 45
        first.cancel()


def test_python_runs_meanwhile():
    with quell.Queue(threads=1) as queue:
        ticket = long_request(queue)
        ticks, stop = [], threading.Event()

        def tick():
            while not stop.wait(0.002):
                ticks.append(1)
        thread = threading.Thread(target=tick)
        thread.start()
        with pytest.raises(TimeoutError):
            ticket.result(timeout=0.5)
        stop.set()
        thread.join()
        assert len(ticks) > 20
        assert not ticket.done()
        ticket.cancel()


def test_cancelled():
    with quell.Queue(threads=2) as queue:
        ticket, beside = long_request(queue), queue.submit(rings(), (2, 2), seed=1, label=0)
        ticket.cancel()
        with pytest.raises(quell.Stopped, match="the request was cancelled"):
            ticket.result(timeout=20)
        assert ticket.done() and ticket.cancelled() and ticket.drawn < 64
        assert isinstance(ticket.exception(), quell.Stopped)
        assert beside.result(timeout=20).shape == (2, 2)
        ticket.cancel()


def test_late():
    with quell.Queue(threads=2) as queue:
        ticket = long_request(queue, seconds=0.2)
        with pytest.raises(quell.Stopped, match="the time of the request was up"):
            ticket.result(timeout=20)


def test_priority():
    """What is urgent ends before what was asked for first."""
    with quell.Queue(threads=1, rows=1) as queue:
        gate, ended = long_request(queue), []
        sampler = rings("ddpm", 300)
        tickets = [queue.submit(sampler, (40, 2), seed=i, label=0, priority=i) for i in range(3)]
        gate.cancel()

        def wait(i):
            tickets[i].result()
            ended.append(i)
        threads = [threading.Thread(target=wait, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ended == [2, 1, 0]


def test_forgotten_tickets():
    with quell.Queue(threads=2) as queue:
        ticket = long_request(queue)
        assert queue.look().requests == 1
        del ticket
        gc.collect()
        assert queue.look().requests == 0


def test_full_and_closed():
    queue = quell.Queue(threads=1, capacity=64)
    ticket = long_request(queue)
    with pytest.raises(quell.Busy, match="it is full: 64 of 64 samples") as caught:
        queue.submit(rings(), (1, 2), seed=1, label=0)
    assert isinstance(caught.value, quell.Error) and caught.value.status == 12
    with pytest.raises(ValueError, match="65 samples in one request"):
        queue.submit(rings(), (65, 2), seed=1, label=0)
    assert not queue.close(timeout=0.1)
    with pytest.raises(ValueError, match="it is closed"):
        queue.submit(rings(), (1, 2), seed=1, label=0)
    queue.cancel()
    assert queue.close(timeout=20)
    assert ticket.cancelled()


def test_an_exception_cancels():
    with pytest.raises(ZeroDivisionError), quell.Queue(threads=1) as queue:
        ticket = long_request(queue)
        raise ZeroDivisionError
    assert ticket.cancelled()
    with pytest.raises(ValueError, match="it has ended"):
        queue.submit(rings(), (1, 2), seed=1, label=0)
    assert queue.look() == quell.QueueState(0, 0, 0, 0, False)
    assert queue.close()


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "line"),
    [
        ((None, (1, 2)), {}, TypeError, "sampler: a NoneType, must be a quell.Sampler"),
        ((rings(), (1, 2.5)), {}, TypeError, "shape"),
        ((rings(), ()), {}, ValueError, "must be"),
        ((rings(), (1, 3)), {"label": 0}, ValueError, "the denoiser's have 2"),
        ((rings(), (1, 2)), {"label": 5}, ValueError, "label"),
        ((rings(), (1, 2)), {"label": 0, "priority": 2**31}, ValueError, "priority"),
        ((rings(), (1, 2)), {"label": 0, "client": -1}, ValueError, "client"),
        ((rings(), (1, 2)), {"label": 0, "seconds": -1}, ValueError, "seconds"),
        ((rings(), (1, 2)), {"label": 0, "seconds": float("nan")}, ValueError, "seconds"),
        ((rings(), (1, 2)), {"label": 0, "seed": -1}, ValueError, "seed"),
        ((rings(), (1, 2)), {"label": 0, "energy": 1}, TypeError, "takes no argument 'energy'"),
    ],
)
def test_refused(arguments, options, kind, line):
    with quell.Queue(threads=1) as queue, pytest.raises(kind, match=line):
        queue.submit(*arguments, **{"seed": 1, **options})


def test_no_denoiser_in_python():
    sampler = quell.Sampler(lambda x, t: x / 2, "ddim", schedule="vp", steps=2, silent=True)
    with quell.Queue(threads=1) as queue:
        with pytest.raises(TypeError, match="its denoiser is in Python"):
            queue.submit(sampler, (1, 2), seed=1)

        class Own(quell.Sampler):
            def step(self, x_t, t, s, **kwargs):
                return x_t
        with pytest.raises(TypeError, match="a step of its own"):
            queue.submit(Own(quell.load("builtin:rings"), silent=True), (1, 2), seed=1, label=0)


def test_options_are_refused():
    with pytest.raises(ValueError, match="capacity is 0"):
        quell.Queue(capacity=0)
    with pytest.raises(quell.NotFound, match="nosuch"):
        quell.Queue(isa="nosuch")
    with pytest.raises(TypeError):
        quell.Queue(2)


ENDS = """
import sys, quell
sampler = quell.Sampler(quell.load("builtin:glyphs"), "ddpm", steps=1000, silent=True)
queue = quell.Queue(threads=2)
ticket = queue.submit(sampler, (64, 28, 28), seed=1)
{then}
"""


INTERRUPTED = """
import os, signal, threading
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    ticket.result()
except KeyboardInterrupt:
    sys.exit(4)
"""


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("", 0),
        ("import threading; threading.Thread(target=ticket.result, daemon=True).start()", 0),
        ("import threading; threading.Thread(target=queue.close, daemon=True).start()", 0),
        ("raise SystemExit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -2),
        (INTERRUPTED, 4),
    ],
)
def test_the_process_ends(then, code):
    """With a request that goes on, and whoever waits for it."""
    start = time.monotonic()
    # In a job in the background SIGINT is ignored, which the child would inherit.
    done = subprocess.run(
        [sys.executable, "-c", ENDS.format(then=then)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert done.returncode == code, done.stderr
    assert "Fatal" not in done.stderr
    assert time.monotonic() - start < 30
