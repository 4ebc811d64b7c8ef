# SPDX-License-Identifier: MIT
"""The reference of C, from the headers as they are: a comment, and what it stands before."""
import itertools
import re

import prose


def comment_lines(text):
    """/* ... */ -> its lines, without the stars."""
    first, *others = text.strip()[2:-2].split("\n")
    return [first.strip()] + [re.sub(r"^\s*\* ?", "", line).rstrip() for line in others]


def parts(text):
    """[(comment's lines, code)]: code runs up to a blank line at no depth."""
    found, comment, code, depth = [], [], [], 0

    def done():
        if comment or code:
            found.append((list(comment), "\n".join(code)))
        comment.clear()
        code.clear()

    position = 0
    lines = text.split("\n")
    while position < len(lines):
        line = lines[position]
        if depth == 0 and line.startswith("/*"):
            done()
            whole = [line]
            while "*/" not in lines[position]:
                position += 1
                whole.append(lines[position])
            comment.extend(comment_lines("\n".join(whole)))
        elif depth == 0 and not line.strip():
            done()
        else:
            code.append(line)
            depth += line.count("{") - line.count("}")
        position += 1
    done()
    return found


def split(code):
    """The declarations of a piece of code: up to a `;` or a body's end, and the #defines."""
    found, now, depth = [], "", 0
    lines = code.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.startswith("#"):
            while line.endswith("\\") and position + 1 < len(lines):
                position += 1
                line += "\n" + lines[position]
            found.append(line)
        else:
            for character in line + "\n":
                now += character
                depth += (character == "{") - (character == "}")
                ends = character == ";" or character == "}" and " inline " in now
                if depth == 0 and ends:
                    found.append(now.strip())
                    now = ""
        position += 1
    return found


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def struct_of(declaration):
    match = re.match(r"typedef struct \w+ \{(.*)\} (\w+);$", squeeze(declaration))
    return match and (match.group(2), [m.strip() for m in match.group(1).split(";") if m.strip()])


def member_name(member):
    match = re.search(r"\(\*(\w+)\)", member) or re.search(r"(\w+)(?:\[\w*\])*$", member)
    return match.group(1)


def directive(declaration):
    """(kind of Sphinx's C domain, signature), or None for what has no place in the reference."""
    text = squeeze(declaration)
    if text.startswith("#define"):
        match = re.match(r"#define (\w+(?:\([^)]*\))?)", text)
        name = match.group(1)
        guard = name.endswith("_H") or name in ("QUELL_API",) or name.startswith("QUELL_STATUS")
        return None if guard else ("macro", name)
    if text.startswith("#") or text.startswith("extern"):
        return None
    match = re.match(r"typedef struct (\w+) \1;$", text)
    if match:
        return "type", match.group(1)
    if text.startswith("typedef enum"):
        return "enum", re.match(r"typedef enum (\w+)", text).group(1)
    if text.startswith("typedef"):
        return "type", text[len("typedef "):].rstrip(";")
    text = re.sub(r"^(QUELL_API|static inline) ", "", re.sub(r"^QUELL_API ", "", text))
    return "function", text.split(" {")[0].rstrip(";")


def struct(name, fields, comment):
    """A struct with what is said of its members, which are in the comment's order."""
    known = {member_name(field): field for field in fields}
    before, said = prose.members(comment, known)
    out = [f".. c:struct:: {name}", ""] + ["   " + line for line in prose.rst(before)]
    if "size" in known and not any("size" in names for names, _ in said):
        said.insert(0, (["size"], ["the size of the struct, as the defaults set it."]))
    for names, lines in said:
        signatures = [known.pop(one) for one in names]
        out += ["   " + line for line in described("member", signatures, lines)]
    for field in known.values():
        out += ["   " + line for line in described("member", [field], [])]
    return out


def statuses(text):
    out = [".. c:enum:: quell_status", ""]
    for name, meaning in re.findall(r'X\((QUELL_\w+),\s*"([^"]*)"\)', text):
        out += [f"   .. c:enumerator:: {name}", "", f"      {prose.inline(meaning)}", ""]
    return out


def described(kind, signatures, comment):
    first, *others = signatures
    margin = " " * (len(kind) + 8)
    out = [f".. c:{kind}:: {first}"] + [margin + other for other in others] + [""]
    return out + ["   " + line for line in prose.rst(comment)] + [""]


def entries(text):
    """The declarations of a header as reStructuredText. What follows one comment is described by
    it: the first kind of things, where they are several."""
    out = []
    for comment, code in parts(text):
        found = []
        for declaration in split(code):
            structure = struct_of(declaration)
            if structure:
                out += struct(*structure, comment)
                comment = []
            elif declaration.startswith("typedef enum quell_status"):
                out += statuses(text)
            elif directive(declaration):
                found.append(directive(declaration))
        if not code.strip():
            out += prose.rst(comment)
        for kind, group in itertools.groupby(found, key=lambda one: one[0]):
            out += described(kind, [signature for _, signature in group], comment)
            comment = []
    return out


def page(path, name):
    """A page of reStructuredText of one header."""
    text = path.read_text(encoding="utf-8")
    top = text.index("#ifndef")
    heads = re.findall(r"/\*.*?\*/", text[:top], re.DOTALL)[1:]
    body = text[top:]
    body = body[body.index('extern "C" {') + 20:] if 'extern "C" {' in body else ""
    body = body.lstrip("\n").removeprefix("#endif").split("#ifdef __cplusplus")[0]
    head = comment_lines(heads[0])
    title = f"quell/{name}.h"
    out = [title, "=" * len(title), "", ".. code-block:: c", "",
           f"   #include <quell/{name}.h>", ""]
    out += prose.rst(head) + entries(body)
    return "\n".join(line.rstrip() for line in out) + "\n"
