# SPDX-License-Identifier: MIT
"""What a folder keeps of the rows: the figures, and which ones were begun."""

import json
import pathlib
from typing import Any


class Kept:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.figures, self.begun = folder / "rows.jsonl", folder / "begun.jsonl"
        self.files = folder / "prepared.jsonl"

    def _lines(self, path: pathlib.Path) -> list[Any]:
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def _append(self, path: pathlib.Path, what: Any) -> None:
        with open(path, "a") as file:
            file.write(json.dumps(what) + "\n")

    def add(self, row: dict[str, Any]) -> None:
        self._append(self.figures, row)

    def note(self, machine: dict[str, Any]) -> None:
        """Limits that a later run does not measure stay."""
        before = self.noted()["limits"]
        machine["limits"] = machine["limits"] or before
        (self.folder / "machine.json").write_text(json.dumps(machine))

    def noted(self) -> dict[str, Any]:
        path = self.folder / "machine.json"
        return json.loads(path.read_text()) if path.exists() else {"limits": {}}

    def begin(self, network: str, samples: int) -> None:
        self._append(self.begun, [network, samples])

    def was_begun(self, network: str, samples: int) -> bool:
        return [network, samples] in self._lines(self.begun)

    def prepare(self, network: str, samples: int, peer: str) -> None:
        self._append(self.files, [network, samples, peer])

    def is_prepared(self, network: str, samples: int, peer: str) -> bool:
        return [network, samples, peer] in self._lines(self.files)

    def has(self, network: str, samples: int) -> bool:
        """Whether the row was measured to its end."""
        whole = [row for row in self._lines(self.figures) if "whole" in row]
        return any(row["network"] == network and row["samples"] == samples for row in whole)

    def rows(self) -> list[dict[str, Any]]:
        """The newest figures of each peer in each row, small networks first."""
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for row in self._lines(self.figures):
            at = rows.setdefault((row["network"], row["samples"]), row)
            at["peers"] = at["peers"] | row["peers"]
        return sorted(rows.values(), key=lambda row: (row["multiply_adds"], row["samples"]))
