# SPDX-License-Identifier: MIT
"""The progress bar, by tqdm if that is installed."""

from types import TracebackType
from typing import Any


class Bar:
    """A bar over `steps` steps; with 0 steps, or without tqdm, there is none."""

    def __init__(self, steps: int) -> None:
        self._bar: Any = None
        if steps:
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=steps, unit="step", ncols=79, ascii=True)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def update(self) -> Any:
        """What a run tells how far it is, or None."""
        return None if self._bar is None else self._tell

    def _tell(self, done: int, total: int) -> None:
        bar = self._bar
        bar.update(bar.total * done // total - bar.n)
