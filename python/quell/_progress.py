# SPDX-License-Identifier: MIT
"""Progress bars by tqdm, if that is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Told = Callable[[int, int], object]

_LOOK = {"miniters": 1, "unit": "step", "ncols": 79, "ascii": True}


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


def ticking(it: Iterable[Any]) -> Iterator[Any]:
    """Iterates over `it` with a progress bar."""
    tqdm = _tqdm()
    return iter(it if tqdm is None else tqdm(it, **_LOOK))


@contextlib.contextmanager
def bar(sampler: Any, steps: int, progress: Told | None) -> Iterator[Told | None]:
    """Returns a function of (done, total) for a run: it calls the caller's own, and moves a bar."""
    tqdm = None if sampler.silent else _tqdm()
    if tqdm is None:
        yield progress
        return
    with tqdm(total=steps, **_LOOK) as shown:

        def told(done: int, total: int) -> None:
            shown.update(done * steps // max(total, 1) - shown.n)
            if progress is not None:
                progress(done, total)

        yield told
