# SPDX-License-Identifier: MIT
"""docs/python.md, what of it needs NumPy alone; and the first example."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import guide


def test_guide():
    chosen = [block for block in guide.blocks() if not guide.of_torch(block[0])]
    assert len(chosen) == 10
    guide.run(chosen)
    assert "torch" not in sys.modules


def test_first_example():
    path = guide.ROOT / "examples" / "python" / "first.py"
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert run.stdout == (guide.ROOT / "examples" / "first.txt").read_text(encoding="utf-8")
