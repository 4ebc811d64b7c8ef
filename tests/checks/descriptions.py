# SPDX-License-Identifier: MIT
"""What each language says of an option, {struct: {name: text}}, the struct being C's.

A description need not be the line of the table (src/base/options.inc), but has all its words.
"""
import re

from options import c_comments, command_rows, python_files, read

SMALL = {"each", "from", "have", "many", "that", "this", "what", "when", "which", "with", "whether"}
ITEM = re.compile(r"^((?:\w+, )*\w+): ", re.MULTILINE)


def words(line):
    """The words of a line of the table that matter."""
    return [word for word in re.findall(r"[\w'-]{4,}", line.lower()) if word not in SMALL]


def missing(line, text):
    """The words of the line that a description has not; a plural may be a singular."""
    text = " ".join(text.lower().split())
    return [word for word in words(line) if word not in text and word.rstrip("s") not in text]


def items(comment):
    """Of a comment with items, "a, b: what they are": {name: what it is}."""
    parts = ITEM.split(comment)
    return {name: what.split("\n\n")[0] for names, what in zip(parts[1::2], parts[2::2]) for name in names.split(", ")}


def c(root):
    return {name: items(comment) for name, comment in c_comments(root).items()}


def members(body):
    """The components of a type of Fortran, each with the comment at the end of its line or before it."""
    found, before = {}, ""
    for line in body.split("\n"):
        declared, _, said = line.partition("!")
        name = re.search(r"(\w+)(?:\([^)]*\))?(?: =>? .*?)? *$", declared)
        if name:
            found[name.group(1)] = said or before
        before = "" if name else said
    return {name: said for name, said in found.items() if said}


def cpp(root):
    found = {}
    for file in ("sampler", "run", "function", "guidance"):
        text = read(root / f"include/quell/{file}.hpp")
        for name in re.findall(r"^struct (\w+) \{\n", text, re.MULTILINE):
            above = text[:text.index(f"struct {name} {{")].rsplit("/*", 1)[1]
            above = re.sub(r"^ \*( |$)", "", above.split("*/")[0], flags=re.MULTILINE)
            found[f"quell_{name}"] = items(above)
    return found


def fortran(root):
    """The types; of procedures with options for arguments, the comment above says all."""
    text = "\n".join(read(path) for path in sorted((root / "fortran").glob("*.f90")))
    found = {name: members(body) for name, body in
             re.findall(r"^ *type :: (\w+)\n(.*?)^ *end type", text, re.DOTALL | re.MULTILINE)}
    for name, head in (("quell_function_options", "interface quell_denoiser_from_function"),
                       ("quell_guidance", "recursive subroutine quell_denoiser_from_guidance")):
        above = re.search(rf"((?:^ *!.*\n)+) *{head}", text, re.MULTILINE).group(1)
        found[name] = dict.fromkeys(re.findall(r"\w+", above), re.sub(r"^ *! ", "", above, flags=re.MULTILINE))
    return found


def python(root):
    """The arguments in the docstrings, whatever function they are of."""
    found = {}
    for path in python_files(root):
        for block in re.findall(r"^ +Arguments:\n(.*?)(?:\n\n|\"\"\")", read(path), re.DOTALL | re.MULTILINE):
            indent = re.match(" +", block).group(0)
            for name, what in items(re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)).items():
                found.setdefault(name, []).append(what)
    return found


def command(root):
    """The help of each option, {name: texts}, one for each command that has it."""
    found = {}
    for _, _, name, said in command_rows(root):
        found.setdefault(name, []).append(said)
    return found
