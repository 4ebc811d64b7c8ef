# SPDX-License-Identifier: MIT
"""From the plain comments of the headers to reStructuredText: what a reader of the header sees by
its shape, a reader of the site sees too.

    text                    paragraphs
    four columns in         formulas and code, as they are
    two columns in          `name   text`, a row of a table; more lines of it lie further in
    name, name: text        of members of the struct below, see members()
"""
import re

CODE = re.compile(r"(`[^`]+`|\b(?:quell|QUELL)_\w+(?:\.\w+)?(?:\((?:\w+(?:, \w+)*)?\))?)")
ROW = re.compile(r"^  (\S.*?)(?:  +|$)(.*)$")
FIELD = re.compile(r"^((?:[a-z]\w*)(?:, [a-z]\w*)*): ?(.*)$")


def inline(text):
    """Words of a comment: names of the interface and what is in backquotes are code. An escaped
    blank, which is not shown, parts code from what touches it."""
    out = ""
    for i, part in enumerate(CODE.split(text)):
        if not part:
            continue
        if i % 2:
            out += "\\ " if out and not re.search(r"[\s'\"(\[{<\-/:]$", out) else ""
            out += "``" + part.strip("`") + "``"
        else:
            part = re.sub(r"([\\*`|_])", r"\\\1", part)
            touches = out.endswith("``") and not re.match(r"[\s'\")\]}>\-/\\:.,;!?]", part)
            out += ("\\ " if touches else "") + part
    return out


def indent_of(line):
    return len(line) - len(line.lstrip(" "))


def rows(lines):
    """Lines that lie two columns in -> [(name, text)]"""
    found, margin = [], 0
    for line in lines:
        if indent_of(line) == 2:
            match = ROW.match(line)
            found.append([match.group(1), match.group(2)])
        else:
            found[-1][1] += " " + line.strip()
    return found


def table(lines):
    out = [".. list-table::", "   :widths: auto", "   :class: names", ""]
    for name, text in rows(lines):
        code = ", ".join(f"``{one}``" for one in name.split(", "))
        out += [f"   * - {code}",
                f"     - {inline(text.strip())}"]
    return out + [""]


def blocks(lines):
    """Parts a comment at its blank lines and where the text moves in or out."""
    block, kind = [], None
    for line in lines + [""]:
        if not line.strip():
            now = "code" if kind == "code" else None
        elif indent_of(line) >= 4 and kind in (None, "code"):
            now = "code"
        elif indent_of(line) >= 2 and kind == "rows" or indent_of(line) == 2:
            now = "rows"
        else:
            now = "text"
        if kind == "rows" and now == "text":
            raise ValueError(f"a table runs into the text after it: {line.strip()!r}")
        if now != kind and block:
            yield kind, block
            block = []
        kind = now
        if now and (line.strip() or block):
            block.append(line)
    if block:
        yield kind, block


def rst(lines):
    """The lines of a comment -> lines of reStructuredText."""
    out = []
    for kind, block in blocks(lines):
        if kind == "text":
            out += [inline(" ".join(line.strip() for line in block)), ""]
        elif kind == "rows":
            out += table(block)
        else:
            while block and not block[-1].strip():
                block.pop()
            out += ["::", ""] + ["   " + line[4:] for line in block] + [""]
    return out


def members(lines, known):
    """Parts a struct's comment: what is said of it, and [(names, lines)] of its members, which
    begin a line `name, name: text`; further lines of a member lie two columns in or follow it."""
    before, found = [], []
    for line in lines:
        match = FIELD.match(line)
        if match and set(match.group(1).split(", ")) <= set(known):
            found.append((match.group(1).split(", "), [match.group(2)]))
        elif found:
            found[-1][1].append(line[2:] if line.startswith("  ") else line)
        else:
            before.append(line)
    return before, found
