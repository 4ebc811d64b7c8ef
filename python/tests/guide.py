# SPDX-License-Identifier: MIT
"""The guide's code, run in the order of its page; what a block prints is what the page says."""

import contextlib
import io
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n((?:    [^\n]*\n)+))?", re.DOTALL)


def blocks(page="python.md"):
    """Pairs of a block and what the page says that it prints."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [(code, re.sub("^    ", "", said, flags=re.M)) for code, said in BLOCK.findall(text)]


def of_torch(code):
    """Whether a block needs PyTorch."""
    return "torch" in code or "compile" in code


def run(chosen):
    """Runs blocks as one program, and compares what each prints; returns the names that it has."""
    names = {}
    for code, said in chosen:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/python.md", "exec"), names)
        assert printed.getvalue() == said, code
    return names
