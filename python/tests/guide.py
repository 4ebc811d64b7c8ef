# SPDX-License-Identifier: MIT
"""The guide's code, run in the order of its page; what a block prints is what the page says. As a
program, `python guide.py`, it runs the blocks that need NumPy alone."""

import ast
import contextlib
import inspect
import io
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n((?:    [^\n]*\n)+))?", re.DOTALL)


def blocks(page="python.md"):
    """Pairs of a block and what the page says that it prints."""
    text = (PAGES / page).read_text(encoding="utf-8")
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


SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def lines(page):
    """Expressions of Python in the prose of a page of docs, or of README.md."""
    path = PAGES / page
    text = (path if path.exists() else ROOT / page).read_text(encoding="utf-8")
    for span in SPAN.findall(re.sub(r"```.*?```", "", text, flags=re.S)):
        with contextlib.suppress(SyntaxError):
            yield span, ast.parse(span, mode="eval").body


def chain(node):
    """The names of `a.b.c`, or None if the expression is no such chain."""
    if isinstance(node, ast.Name):
        return [node.id]
    before = chain(node.value) if isinstance(node, ast.Attribute) else None
    return before and [*before, node.attr]


def look_up(names, of, skip=()):
    """What a chain stands for, or None if it begins with no name of `names`, or is one to skip."""
    if not of or of[0] not in names or ".".join(of[:2]) in skip:
        return None
    found = names[of[0]]
    for name in of[1:]:
        found = getattr(found, name)
    return found


def check_line(body, names, skip=()):
    """Raises what is wrong with a line that stands in prose: an attribute that a name of `names`
    does not have, or an argument that a function of theirs does not take."""
    for node in ast.walk(body):
        look_up(names, chain(node), skip)
        found = look_up(names, chain(node.func), skip) if isinstance(node, ast.Call) else None
        if found is None or any(isinstance(one, ast.Starred) for one in node.args):
            continue
        given = [one for one in node.args if not isinstance(one, ast.Constant) or one.value != ...]
        by_name = {one.arg: one for one in node.keywords if one.arg}
        inspect.signature(found).bind_partial(*given, **by_name)


def main():
    chosen = [block for block in blocks() if not of_torch(block[0])]
    if not chosen:
        sys.exit("docs/python.md has no block that needs NumPy alone")
    run(chosen)
    print(f"{len(chosen)} blocks of docs/python.md")


if __name__ == "__main__":
    main()
