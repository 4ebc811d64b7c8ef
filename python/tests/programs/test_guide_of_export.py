# SPDX-License-Identifier: MIT
"""docs/exporting.md as printed: its Python, and its commands."""

import os
import re
import shlex
import subprocess

import guide
import pytest


def test_the_guide_runs(tmp_path, monkeypatch):
    pytest.importorskip("azula")
    pytest.importorskip("diffusers")
    monkeypatch.chdir(tmp_path)
    names = guide.run(guide.blocks("exporting.md"))
    text = (guide.ROOT / "docs" / "exporting.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    (quell sample [^\n]*)$", text, re.M)
    assert len(commands) == 1
    for command in (*commands, names["command"] + " --count 2 --out images.npy"):
        _, *arguments = shlex.split(command)
        subprocess.run([os.environ.get("QUELL_COMMAND", "quell"), *arguments], check=True)
    assert (tmp_path / "samples.npy").stat().st_size == 128 + 16 * 2 * 4
    assert (tmp_path / "images.npy").stat().st_size == 128 + 2 * 3 * 16 * 16 * 4
