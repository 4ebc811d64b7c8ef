# SPDX-License-Identifier: MIT
"""Which function of C is which of C++ and of Fortran, from the headers and modules themselves: a
member of C++ stands for the functions of C that it calls or that its comment names."""
import re

import cpp_headers
import fortran_modules

CALL = re.compile(r"\b(quell_\w+)\b")


def c_functions(headers):
    """{header: [functions]}"""
    found = {}
    for path in headers:
        text = path.read_text(encoding="utf-8")
        found[path.stem] = re.findall(r"^QUELL_API [^;]*?\b(quell_\w+)\(", text, re.MULTILINE)
    return found


def name_of(code):
    """The name that a declaration declares."""
    _, text = cpp_headers.template_of(cpp_headers.signature(code))
    match = re.search(r"([\w:]+)\(", text) or re.search(r"(\w+)$", text)
    return match.group(1) if match else ""


def cpp_members(headers):
    """{function of C: [names of C++]}"""
    found = {}

    def note(name, comment, code):
        for function in CALL.findall(code + " " + " ".join(comment)):
            names = found.setdefault(function, [])
            if name not in names:
                names.append(name)

    for path in headers:
        text = path.read_text(encoding="utf-8")
        if "\nnamespace quell\n{\n" not in text:
            continue
        body = text.split("\nnamespace quell\n{\n")[1].split("\n} // namespace quell\n")[0]
        for comment, code in cpp_headers.items(body.split("\n"), 0):
            if cpp_headers.HIDDEN.search(cpp_headers.signature(code)):
                continue
            _, head = cpp_headers.template_of(cpp_headers.signature(code))
            if head.startswith(("class ", "struct ")):
                owner = re.match(r"\w+ (\w+)", head).group(1)
                for inner, piece in cpp_headers.items(code.split("\n")[1:-1], 4):
                    note(f"quell::{owner}::{name_of(piece)}", inner, piece)
            else:
                note(f"quell::{name_of(code)}", comment, code)
    return found


def page(include, fortran):
    functions = c_functions(sorted(include.glob("*.h")))
    members = cpp_members(sorted(include.glob("*.hpp")))
    modules = set()
    for path in fortran:
        modules |= set(fortran_modules.public_names(path.read_text(encoding="utf-8")))
    title = "Names in C, C++ and Fortran"
    out = [title, "=" * len(title), "",
           "Handles are freed by ``_free`` in C and Fortran, and free themselves in C++.", ""]
    for header in (name for name in functions if functions[name]):
        out += [f"quell/{header}.h", "-" * (len(header) + 8), "", ".. list-table::",
                "   :header-rows: 1", "   :widths: auto", "   :class: names", "",
                "   * - C", "     - C++", "     - Fortran"]
        for function in functions[header]:
            cpp = members.get(function, [])
            if function.endswith("_free"):
                cpp = []
            out += [f"   * - ``{function}``", "     - " + ", ".join(f"``{one}``" for one in cpp),
                    "     - " + ("the same" if function in modules else "")]
        out += [""]
    return "\n".join(line.rstrip() for line in out) + "\n"
