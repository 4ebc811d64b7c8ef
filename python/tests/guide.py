# SPDX-License-Identifier: MIT
"""The guide's code, run in the order of its page; what a block prints is what the page says. As a
program, `python guide.py`, it runs the blocks that need NumPy alone."""

import contextlib
import io
import pathlib
import re
import sys

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


def main():
    chosen = [block for block in blocks() if not of_torch(block[0])]
    if not chosen:
        sys.exit("docs/python.md has no block that needs NumPy alone")
    run(chosen)
    print(f"{len(chosen)} blocks of docs/python.md")


if __name__ == "__main__":
    main()
