# SPDX-License-Identifier: MIT
"""Queues: requests from any threads, whose samples are drawn together (docs/queue.md)."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from quell import _quell
from quell._adapt import is_native
from quell._arrays import Array, copy_of, length, like, of_type, rows_of, torch_if_imported
from quell._conditions import told_of
from quell._inputs import shape_of
from quell._keywords import hinted, names_of, refuse_part
from quell._numbers import real, text, whole
from quell._sampler import Sampler
from quell._seeds import is_list, streams_of
from quell.errors import Stopped, refused

__all__ = ["Queue", "QueueState", "Ticket"]


class QueueState(NamedTuple):
    """What a queue is doing.

    Attributes:
        requests, samples: How many of each are in the queue.
        drawn: How many samples it has drawn since it was made.
        runs: In how many runs.
        busy: Whether a run is going on.
    """

    requests: int
    samples: int
    drawn: int
    runs: int
    busy: bool


class Ticket:
    """A request that a queue has taken, with the words of concurrent.futures.Future; a coroutine
    awaits asyncio.to_thread(ticket.result). Several threads may use it at once. A request whose
    ticket is forgotten is cancelled: nobody could have its samples."""

    def __init__(self, native: _quell.Ticket, finish: Any) -> None:
        self._native = native
        self._finish = finish

    def result(self, timeout: float | None = None) -> Any:
        """Waits until all samples are drawn, and returns them: with the shape (B, *), of the kind
        and type of what was submitted; each call returns the same memory.

        Arguments:
            timeout: The seconds to wait at most; None for no limit.

        Raises:
            TimeoutError: They are not drawn by then; the request goes on.
            quell.Stopped: It was cancelled, or its time was up.
            quell.Error: What failed, as in a call of the sampler.
            KeyboardInterrupt: Ctrl-C was pressed; the request goes on.
        """
        if not self._wait(timeout):
            raise TimeoutError("the request has not ended")
        return self._finish(self._native.x)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits like result(), and returns the exception that it would raise; None for none."""
        try:
            ended = self._wait(timeout)
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception as failed:
            return failed
        if not ended:
            raise TimeoutError("the request has not ended")
        return None

    def done(self) -> bool:
        """Returns whether it has ended, in whatever way."""
        try:
            return self._wait(0)
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception:
            return True

    def cancel(self) -> None:
        """Ends the request, if it has not ended: within about a twentieth of a second, or within an
        instruction of a network, if that takes longer. Others in the same run go on."""
        self._native.cancel()

    def cancelled(self) -> bool:
        """Returns whether it has ended without its samples: by cancel(), by the end of its queue,
        or because its time was up."""
        return self.done() and isinstance(self.exception(), Stopped)

    @property
    def drawn(self) -> int:
        """How many samples are drawn so far."""
        return self._native.drawn

    def _wait(self, timeout: float | None) -> bool:
        return self._native.wait(_seconds(timeout, "timeout"))

    def __repr__(self) -> str:
        state = "ended" if self.done() else "not ended"
        return f"<quell.Ticket: {state}, {self.drawn} samples drawn>"


class Queue:
    """A queue: it takes requests from any threads, draws rows of different requests together with
    threads of its own, and gives each request the bits that it has alone. Python runs meanwhile.

    As a context manager it waits for all requests when the block ends; after an exception it
    cancels them. In a child of os.fork() a queue cannot be used: make it there.

    Arguments:
        threads: The upper bound on the number of threads; 0 for as many as the machine allows.
        isa: An instruction set of quell.isas(); None for the widest.
        rows: How many samples one run draws at most; 0 for what keeps all threads busy.
        capacity: How many samples may be in the queue, over all requests.

    Raises:
        quell.Error: An option is refused.
    """

    @hinted
    def __init__(
        self,
        *,
        threads: int = 0,
        isa: str | None = None,
        rows: int = 0,
        capacity: int = 65536,
    ) -> None:
        self._native = _quell.Queue(
            threads=whole(threads, "threads", 0, 65536),
            isa="" if isa is None else text(isa, "isa"),
            rows=whole(rows, "rows"),
            capacity=whole(capacity, "capacity"),
        )
        self._tickets: weakref.WeakSet[Ticket] = weakref.WeakSet()
        _queues.add(self)

    def __setattr__(self, name: str, value: Any) -> None:
        refuse_part(type(self), name, lambda: names_of(Queue.__init__))
        object.__setattr__(self, name, value)

    def submit(
        self,
        sampler: Sampler,
        x: Sequence[int] | Array,
        *,
        seed: int | Sequence[int] | Array | None = None,
        first: int = 0,
        index: Sequence[int] | Array | None = None,
        label: Array | int | None = None,
        mean: float | Array | None = None,
        var: float | Array | None = None,
        client: int = 0,
        priority: int = 0,
        seconds: float = 0.0,
        **kwargs: Any,
    ) -> Ticket:
        """Puts a request into the queue.

        Arguments:
            sampler: A sampler whose denoiser is the library's: a model that was loaded, or one of
                quell.denoise, guided or not. Requests go into one run if they have the same
                sampler. Its attributes are read now; threads, tile and isa are the queue's.
            x: A shape (B, *), as a tuple or a list: samples are drawn from noise, as by init() and
                a call with the same seed. Or an array of states to start from, (B, *), which is
                copied.
            seed, first, index, label, kwargs: As in a call of the sampler.
            mean, var: As in init(); only with a shape.
            client: A number for whoever asks. Among requests of one priority, clients have equal
                shares of the time.
            priority: Requests of a higher one go before all others.
            seconds: A time limit from now on; 0 for none. Of one client's requests the one whose
                time is up first goes first.

        Returns:
            A ticket, whose result() are the samples.

        Raises:
            quell.Busy: The queue is full: try again later.
            quell.BadArgument: The request is larger than the capacity, or the queue is closed.
            TypeError, ValueError: As in a call.
        """
        _check_sampler(sampler)
        given = isinstance(x, (tuple, list)) and not any(map(is_list, x))
        if not given and (mean is not None or var is not None):
            raise refused("mean, var: x has the states to start from; must be left out")
        rows = np.empty(shape_of(x), np.float32) if given else copy_of(x)
        shape = rows.shape
        streams = streams_of(seed, first, index, len(rows))
        sampler._fits(shape)
        told = told_of(sampler.denoiser, label, kwargs, len(rows), names_of(Queue.submit))
        of_x = sampler._moments(mean, var, shape[1:]) if given else ((), ())
        ticket = Ticket(
            self._native.submit(
                sampler._sampler(length(shape), of_x),
                rows_of(rows),
                start=not given,
                client=whole(client, "client"),
                priority=whole(priority, "priority", -(2**31), 2**31 - 1),
                seconds=real(seconds, "seconds"),
                **streams,
                **told,
            ),
            _finisher(sampler, shape, None if given else x),
        )
        self._tickets.add(ticket)
        return ticket

    def look(self) -> QueueState:
        """Returns what the queue is doing."""
        return QueueState(*self._native.look())

    def close(self, timeout: float | None = None) -> bool:
        """Takes no more requests, and waits until all have ended.

        Arguments:
            timeout: The seconds to wait at most; None for no limit.

        Returns:
            Whether all have ended.
        """
        return self._native.close(_seconds(timeout, "timeout"))

    def cancel(self) -> None:
        """Ends all requests that have not ended, as their tickets' cancel() does."""
        for ticket in list(self._tickets):
            ticket.cancel()

    def _end(self) -> None:
        self.cancel()
        self._native.end()

    def __enter__(self) -> Queue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failed: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self._end()


_queues: weakref.WeakSet[Queue] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """Ends all queues while the library is still there."""
    for queue in list(_queues):
        queue._end()


def _seconds(timeout: Any, what: str) -> float:
    """What the library takes: a negative number for no limit."""
    if timeout is None:
        return -1.0
    return min(max(real(timeout, what), 0.0), 1e9)


def _check_sampler(sampler: Any) -> None:
    if not isinstance(sampler, Sampler):
        raise TypeError(f"sampler: a {type(sampler).__name__}, must be a quell.Sampler")
    if type(sampler).step is not Sampler.step or "step" in vars(sampler):
        raise TypeError("sampler: it has a step of its own; a queue draws by the library alone")
    sampler._own_times()
    if not is_native(sampler.denoiser):
        raise TypeError(
            "sampler: its denoiser is in Python; a queue takes those of the library: a model that "
            "was loaded (quell.load), or one of quell.denoise"
        )


def _finisher(sampler: Sampler, shape: tuple[int, ...], x: Any) -> Any:
    """What makes of the rows that were drawn what a call would have returned."""
    tensors = x is None and sampler._tensors()

    def finish(rows: Any) -> Any:
        drawn = rows.reshape(shape)
        if x is not None:
            return like(drawn, x)
        return of_type(drawn, torch_if_imported().float32, "x") if tensors else drawn

    return finish
