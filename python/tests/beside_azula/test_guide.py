# SPDX-License-Identifier: MIT
"""All of docs/python.md, and the example with a network."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import guide


def test_guide():
    assert sum(guide.of_torch(code) for code, _ in guide.blocks()) == 2
    guide.run(guide.blocks())


def test_example():
    path = guide.ROOT / "examples" / "python" / "rings.py"
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert [line[:-4] for line in lines] == [
        "by PyTorch: the mean radius is ",
        "by quell: the mean radius is ",
    ]
    assert all(0.9 < float(line[-4:]) < 1.1 for line in lines) and lines[0][-4:] == lines[1][-4:]
