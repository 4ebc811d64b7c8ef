# SPDX-License-Identifier: MIT
"""The reference of Python, from the modules as they are: of each public class, method and function
its signature and its docstring. Nothing is imported, so that the package need not be built."""
import ast
import re

import prose

SECTION = re.compile(r"^(Arguments|Attributes|Returns|Raises|Yields):$")
ENTRY = re.compile(r"^    (\S[^:]*): ?(.*)$")


def docstring(node):
    return (ast.get_docstring(node) or "").split("\n")


def entries(lines):
    """The rows `name: text` of a section, whose further lines lie deeper in."""
    found = []
    for line in lines:
        match = ENTRY.match(line)
        if match:
            found.append([match.group(1), match.group(2)])
        elif line.strip() and found:
            found[-1][1] += " " + line.strip()
    return found


def section(name, lines):
    if name in ("Returns", "Yields") and not ENTRY.match(lines[0]):
        return [f"**{name}:** " + prose.inline(" ".join(line.strip() for line in lines)), ""]
    out = [f"**{name}**", "", ".. list-table::", "   :widths: auto", "   :class: names", ""]
    for word, text in entries(lines):
        code = ", ".join(f"``{one}``" for one in word.split(", "))
        out += [f"   * - {code}", f"     - {prose.inline(text)}"]
    return out + [""]


def text_of(node):
    """A docstring as reStructuredText."""
    out, plain, lines = [], [], docstring(node)
    position = 0
    while position < len(lines):
        match = SECTION.match(lines[position])
        if not match:
            plain.append(lines[position])
            position += 1
            continue
        end = position + 1
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" ")):
            end += 1
        out += section(match.group(1), [line for line in lines[position + 1:end] if line.strip()])
        position = end
    return prose.rst(plain) + out


def signature(node, skip):
    """The arguments without their types, which the docstring has in words."""
    arguments = node.args
    every = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(every) - len(arguments.defaults)) + arguments.defaults
    words = [one.arg + (f"={ast.unparse(value)}" if value else "")
             for one, value in zip(every, defaults)][skip:]
    if arguments.vararg or arguments.kwonlyargs:
        words.append("*" + (arguments.vararg.arg if arguments.vararg else ""))
    words += [one.arg + (f"={ast.unparse(value)}" if value else "")
              for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    words += ["**" + arguments.kwarg.arg] if arguments.kwarg else []
    return "(" + ", ".join(words) + ")"


def decorators(node):
    return {ast.unparse(one) for one in node.decorator_list}


def indented(lines):
    return ["   " + line if line else "" for line in lines]


def function(node):
    return [f".. py:function:: {node.name}{signature(node, 0)}", ""] + indented(text_of(node))


def member(node):
    words = decorators(node)
    if "property" in words:
        head = [f".. py:property:: {node.name}"]
    else:
        skip = 0 if "staticmethod" in words else 1
        head = [f".. py:method:: {node.name}{signature(node, skip)}"]
        head += [f"   :{word}:" for word in ("staticmethod", "classmethod") if word in words]
    return head + [""] + indented(text_of(node))


def kind(node):
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
    made = next((one for one in methods if one.name == "__init__"), None)
    head = f".. py:class:: {node.name}{signature(made, 1) if made else ''}"
    out = [head, ""] + indented(text_of(node))
    bases = ", ".join(f"``{ast.unparse(base)}``" for base in node.bases)
    out += ["   A subclass of " + bases + ".", ""] if bases else []
    for one in methods:
        shown = one.name == "__call__" or not one.name.startswith("_")
        if shown and ast.get_docstring(one) and not any(".setter" in word for word in decorators(one)):
            out += indented(member(one))
    return out


def page(title, paths, wanted):
    """The page of a module: what its files define that is in `wanted`."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    out = [title, "=" * len(title), ""] + prose.rst(docstring(trees[0]))
    out += [f".. py:module:: {title}", ""]
    for node in [one for tree in trees for one in tree.body]:
        name = getattr(node, "name", None)
        if name not in wanted or not ast.get_docstring(node):
            continue
        out += kind(node) if isinstance(node, ast.ClassDef) else function(node)
    return "\n".join(out) + "\n"


def public(package):
    """The names that `quell` itself has, and from which of its modules: {module: [names]}."""
    found = {}
    for node in ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            found.setdefault(node.module, []).extend(one.name for one in node.names)
    return found


def pages(package):
    """{name: text} of all pages. A name of the package that is on none is an error."""
    of = public(package)
    top = ["networks", "_lists", "_normals", "_quantize"]
    files = [package / f"{name}.py" for name in ("__init__", *top)]
    names = {name for module in top for name in of[f"quell.{module}"]}
    found = {
        "quell": page("quell", files, {*names, "fresh_seed"}),
        "sample": page("quell.sample", [package / "sample.py", package / "_sampler.py"],
                       set(of["quell.sample"])),
        "denoise": page("quell.denoise", [package / f"{name}.py"
                                          for name in ("denoise", "_guided", "_function")],
                        set(of["quell.denoise"])),
        "noise": page("quell.noise", [package / "noise.py"], set(of["quell.noise"])),
        "diffusers": page("quell.diffusers", [package / "diffusers/__init__.py"],
                          {"from_diffusers", "Setup"}),
        "programs": page("quell.programs", [package / name for name in
                                            ("programs/__init__.py", "programs/exporter.py",
                                             "diffusers/pipelines.py")],
                         {"export", "from_diffusers", "Exported"}),
        "queues": page("quell.queues", [package / "queues.py"], set(of["quell.queues"])),
        "errors": page("quell.errors", [package / "errors.py"], set(of["quell.errors"])),
    }
    # What the extension itself has is listed in docs/python.md; constants have no docstring.
    wanted = {name for module, names in of.items() if module != "quell._quell"
              for name in names if not name.isupper() and name != "seed_of"}
    lost = wanted - set(re.findall(r"^\.\. py:\w+:: (\w+)", "\n".join(found.values()), re.MULTILINE))
    if lost:
        raise ValueError(f"the reference of Python lacks {', '.join(sorted(lost))}: no docstring?")
    return found
