# SPDX-License-Identifier: MIT
"""The reference of Fortran, from the modules as they are: of each public name its comment, and what
a caller must know of its declaration."""
import re

import prose


def public_names(text):
    joined = re.sub(r"&\s*\n\s*", "", text)
    names = []
    for listed in re.findall(r"^\s*public :: (.*)$", joined, re.MULTILINE):
        names += [name.strip() for name in listed.split(",")]
    return names


def statements(lines, position):
    """The statement that begins there, with its continued lines, and where the next begins."""
    whole = [lines[position]]
    while whole[-1].rstrip().endswith("&"):
        position += 1
        whole.append(lines[position])
    return whole, position + 1


START = re.compile(r"^\s*(?:recursive |elemental |pure )*(?:(?:logical|integer|real|character)"
                   r"(?:\([^)]*\))? )?(subroutine|function)\s+(\w+)\s*\(([^)]*)\)?", re.IGNORECASE)
TYPE = re.compile(r"^\s*type(?:, [\w(), ]+)? :: (\w+)")


def comment_before(lines, position):
    found = []
    while position > 0 and lines[position - 1].lstrip().startswith("!"):
        position -= 1
        found.insert(0, re.sub(r"^\s*! ?", "", lines[position]).rstrip())
    return found


def dummies(joined):
    inside = joined[joined.index("(") + 1:joined.rindex(")")] if "(" in joined else ""
    return {name.strip().lower() for name in inside.split(",")}


def interface(lines, position):
    """A procedure's head, and the declarations of what it is given."""
    head, position = statements(lines, position)
    joined = re.sub(r"&\s*", "", " ".join(line.strip() for line in head))
    match = START.match(joined)
    names, out = dummies(joined[match.start(2):]), list(head)
    while position < len(lines):
        whole, after = statements(lines, position)
        text = " ".join(whole)
        declares = "::" in text and "parameter" not in text
        if not declares and not re.match(r"\s*(use|import)\b", text):
            break
        if declares:
            right = re.sub(r"\([^)]*\)", "", text.split("::", 1)[1].lower())
            if names & {part.split("=")[0].strip() for part in right.split(",")}:
                out += whole
        position = after
    return out


def definition(lines, position):
    out = []
    while True:
        out.append(lines[position])
        if re.match(r"\s*end type", lines[position]):
            return out
        position += 1


def shown(name, comment, code):
    margin = min(len(line) - len(line.lstrip()) for line in code)
    code = [re.sub(r"^recursive ", "", line[margin:]) for line in code]
    return [f".. index:: {name} (Fortran)", "", f".. _fortran-{name}:", "", name, "-" * len(name), "",
            ".. code-block:: fortran", ""] + \
        ["   " + line for line in code] + [""] + prose.rst(comment) + [""]


def page(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    names = public_names("\n".join(lines))
    module = path.stem
    title = f"Module {module}"
    top = [re.sub(r"^! ?", "", line) for line in lines[1:]
           if line.startswith("!")][:next(i for i, line in enumerate(lines)
                                          if line.startswith("module ")) - 1]
    out = [title, "=" * len(title), ""] + prose.rst(top)
    seen = set()
    for position, line in enumerate(lines):
        match = TYPE.match(line) or START.match(line)
        if not match or match.group(match.lastindex if TYPE.match(line) else 2) not in names:
            continue
        name = TYPE.match(line).group(1) if TYPE.match(line) else match.group(2)
        if name in seen:
            continue
        seen.add(name)
        code = definition(lines, position) if TYPE.match(line) else interface(lines, position)
        out += shown(name, comment_before(lines, position), code)
    return "\n".join(line.rstrip() for line in out) + "\n"
