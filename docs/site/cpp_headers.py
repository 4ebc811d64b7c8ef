# SPDX-License-Identifier: MIT
"""The reference of C++, from the headers as they are. It leans on their layout, which clang-format
sees to: members of a class lie four columns in, and `private:` hides what follows."""
import re

import prose
from c_headers import comment_lines, squeeze


def items(lines, margin):
    """[(comment's lines, code)] of the declarations that begin at `margin`."""
    found, comment, hidden, position = [], [], False, 0
    pad = " " * margin
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.startswith(pad) or not line.strip() or line.lstrip().startswith("#"):
            label = line.strip()
            if label in ("public:", "private:"):
                hidden = label == "private:"
            comment = [] if not line.strip() else comment
            continue
        whole = [line]
        if line.startswith(pad + "/*"):
            while "*/" not in whole[-1]:
                whole.append(lines[position])
                position += 1
            comment = comment_lines("\n".join(whole))
            continue
        while not complete("\n".join(whole)):
            whole.append(lines[position])
            position += 1
        if not hidden:
            found.append((comment, "\n".join(whole)))
        comment = []
    return found


def complete(code):
    """Whether a declaration is at its end: a `;`, or the end of a body."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|/\*.*?\*/|//[^\n]*', "", code, flags=re.DOTALL)
    level = sum(bare.count(c) for c in "({") - sum(bare.count(c) for c in ")}")
    return level == 0 and bare.rstrip().endswith((";", "}"))


def signature(code):
    """A declaration without its body and without what a constructor does first."""
    text = squeeze(re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL))
    depth = 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        opens = character == "{" and not re.search(r"= $", text[:i])
        starts = text[i:i + 3] == " : " and "(" in text[:i]
        if depth == 0 and (opens or starts):
            text = text[:i]
            break
    return text.strip().rstrip(";").replace("inline ", "").strip()


def template_of(text):
    """(what a template is over, the rest). Parameters that only rule types out are left away."""
    match = re.match(r"template <", text)
    if not match:
        return "", text
    depth, start, parameters = 1, match.end(), []
    for i in range(match.end(), len(text)):
        depth += (text[i] in "<(") - (text[i] in ">)")
        if depth == 0 or depth == 1 and text[i] == ",":
            parameters.append(text[start:i].strip())
            start = i + 1
        if depth == 0:
            break
    kept = [one for one in parameters if not one.startswith("class = ")]
    kept = [one.split(" = std::enable_if")[0] for one in kept]
    return f"template <{', '.join(kept)}> " if kept else "", text[start:].strip()


def without_angles(text):
    before = None
    while before != text:
        before, text = text, re.sub(r"<[^<>]*>", "", text)
    return text


HIDDEN = re.compile(r"= delete$|^friend |noexcept = default$|^namespace |^using .*= std::|"
                    r"^template <.*> using ")


def member(comment, code):
    if signature(code).startswith("struct ") or HIDDEN.search(signature(code)):
        return []
    over, text = template_of(signature(code))
    if text.startswith("using "):
        kind, text = "type", text[len("using "):]
    elif "(" in without_angles(text).split(" = ")[0]:
        kind = "function"
    else:
        kind = "member"
    said = ["   " + line for line in prose.rst(comment)]
    return [f".. cpp:{kind}:: {over}{text}", ""] + said + [""]


def structure(comment, code):
    over, head = template_of(signature(code))
    kind, name = head.split(" ", 1)
    lines = code.split("\n")
    inner = items(lines[1:-1], 4)
    names = [re.search(r"(\w+)(?: = .*)?$", signature(c).split(" = ")[0]).group(1)
             for _, c in inner if "(" not in without_angles(signature(c)).split(" = ")[0]]
    before, said = prose.members(comment, names)
    told = {name: lines for group, lines in said for name in group[:1]}
    out = [f".. cpp:{kind}:: {over}{name}", ""] + ["   " + line for line in prose.rst(before)]
    for own, piece in inner:
        bare = re.search(r"(\w+)$", signature(piece).split(" = ")[0])
        said_here = told.get(bare.group(1), own) if bare else own
        out += ["   " + line for line in member(said_here, piece)]
    return out


def entries(lines):
    out = []
    for comment, code in items(lines, 0):
        head = signature(code)
        if HIDDEN.search(head):
            continue
        if re.match(r"(template <.*?> )?(class|struct) ", head):
            if "{" not in code:  # a class that stands below
                continue
            out += structure(comment, code)
        else:
            out += member(comment, code)
    return out


def page(path, name):
    text = path.read_text(encoding="utf-8")
    head = comment_lines(re.findall(r"/\*.*?\*/", text, re.DOTALL)[1])
    title = f"quell/{name}.hpp"
    out = [title, "=" * len(title), "", ".. code-block:: cpp", "",
           f"   #include <quell/{name}.hpp>", ""] + prose.rst(head)
    if "\nnamespace quell\n{\n" in text:
        body = text.split("\nnamespace quell\n{\n")[1].split("\n} // namespace quell\n")[0]
        out += [".. cpp:namespace:: quell", ""] + entries(body.split("\n"))
    return "\n".join(line.rstrip() for line in out) + "\n"
