# SPDX-License-Identifier: MIT
"""docs/python.md, what of it needs NumPy alone; and the first example."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import guide


def test_guide():
    chosen = [block for block in guide.blocks() if not guide.of_torch(block[0])]
    assert len(chosen) == 8
    guide.run(chosen)
    assert "torch" not in sys.modules


def test_first_example():
    path = guide.ROOT / "examples" / "python" / "first.py"
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert run.stdout == "the last sample: -2.163113 -0.437678\n"


def test_readme():
    """README.md has the line that the first example prints."""
    readme = (guide.ROOT / "README.md").read_text(encoding="utf-8")
    assert "\nthe last sample: -2.163113 -0.437678\n" in readme
