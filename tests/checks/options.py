# SPDX-License-Identifier: MIT
"""What options there are: in the table src/base/options.inc, and in each language.

A language has its options as {struct: {name: default}}, the struct being C's and the default the
text that stands there, "" where there is none.
"""
import re

BOUNDS = {"INFINITY": float("inf"), "-INFINITY": -float("inf"), "SIZE_MAX": 2**64 - 1, "UINT64_MAX": 2**64 - 1}
NOT_GIVEN = {"NULL", "{}", "null()", "c_null_ptr", "not allocated", "py::none()", "vector{}", "condition_list()", "None", '""', "()",
             "no", "no bound"}
DEFAULT = re.compile(r'^(-?infinity|NULL|-?[\d.]+|"[^"]*")$')  # in a comment of C


class Option:
    """A row of the table, with its line."""

    def __init__(self, kind, owner, member, default, low, high, line):
        self.kind, self.owner, self.member = kind, owner, member
        self.default, self.low, self.high, self.line = default, low, high, line

    def __str__(self):
        return f"{self.owner}.{self.member}"


def read(path):
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def plain(text):
    """Without comments of C, and with each string and name in one line."""
    return " ".join(re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).split())


def parts(text):
    """The arguments in a text, "a, f(b, c)": split at the commas outside of brackets and strings."""
    found, depth, quoted, one = [], 0, False, ""
    for at, letter in enumerate(text):
        if letter == '"' and text[at - 1] != "\\":
            quoted = not quoted
        if not quoted:
            depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0 and not quoted:
            found.append(one.strip())
            one = ""
        else:
            one += letter
    return found + [one.strip()]


def inside(text, at):
    """What is in the bracket that opens at text[at]."""
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] in "([{") - (text[end] in ")]}")
        if depth == 0:
            return text[at + 1:end]
    raise ValueError("a bracket does not close")


def number(text):
    return BOUNDS[text] if text in BOUNDS else float(text)


def table(root):
    """The rows of the table, in their order."""
    rows = []
    for kind, given, line in re.findall(r"^(\w+)\((.*?)\)(?: /\* (.*) \*/)?$",
                                        read(root / "src/base/options.inc"), re.MULTILINE):
        owner, member, *rest = parts(given)
        default = rest[0] if rest else "NULL"
        low, high = [number(each) for each in rest[1:]] or (None, None)
        if kind == "FLAG":
            low, high = 0, 1
        rows.append(Option(kind, owner, member, default, low, high, line))
    return rows


def value_of(text):
    """A default as every language could have it: a number, a text, or None for "not given"."""
    text = text.strip()
    if text in NOT_GIVEN:
        return None
    if re.search(r"\binf(inity)?\b", text, re.IGNORECASE):
        return -float("inf") if text[0] == "-" else float("inf")
    if re.fullmatch(r"\.?(true|false)\.?", text, re.IGNORECASE):
        return float("true" in text.lower())
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")


def same(wanted, found):
    """Whether two defaults are one; that of a bound may be none."""
    wanted, found = value_of(wanted), value_of(found)
    return wanted == found or (found is None and wanted in (float("inf"), -float("inf")))


def c_structs(root):
    """struct -> (members in order, {member: default}, {member: default by the comment})"""
    found = {}
    for header in sorted((root / "include/quell").glob("*.h")):
        text = read(header)
        for body, name in re.findall(r"typedef struct \w+ \{(\s*size_t size;.*?)\} (\w+);", text, re.DOTALL):
            function = re.search(rf"static inline {name} \w+_defaults\(void\)\n\{{(.*?)\n\}}", text, re.DOTALL)
            if not function:
                continue
            members = [re.search(r"(\w+)\s*$", line).group(1) for line in plain(body).split(";") if line.strip()]
            defaults = {}
            for line in plain(function.group(1)).split(";"):
                *places, value = [each.strip() for each in line.split("=")]
                defaults.update({place.split(".")[1]: value for place in places if "." in place})
            found[name] = (members[1:], defaults, documented(comment_above(text, name)))
    return found


def comment_above(text, name):
    """The comment before a struct of C, without its stars."""
    comment = text[:text.index(f"typedef struct {name} {{")].rsplit("/*", 1)[1]
    return re.sub(r"^ \*( |$)", "", comment.split("*/")[0], flags=re.MULTILINE)


def c_comments(root):
    """struct -> the comment before it"""
    found = {}
    for header in sorted((root / "include/quell").glob("*.h")):
        text = read(header)
        for name in re.findall(r"typedef struct (\w+) \{\s*size_t size;", text):
            found[name] = comment_above(text, name)
    return found


def documented(text):
    """The defaults that a comment has in brackets at the end of a sentence, "a, b: what (1, 0)."."""
    items = re.split(r"^((?:\w+, )*\w+): ", text, flags=re.MULTILINE)
    found = {}
    for names, what in zip(items[1::2], items[2::2]):
        names, stated = names.split(", "), []
        for bracket in re.findall(r"\(([^()]*)\)\.(?=\s|$)", what.split("\n\n")[0]):
            values = [part.strip() for part in bracket.split(",")]
            if len(values) == len(names) and all(DEFAULT.match(value) for value in values):
                stated = values
        found.update(zip(names, stated or [""] * len(names)))
    return found


def members(text, name):
    """The members of a struct of C++, {name: default}."""
    body = re.search(rf"^struct {name} \{{\n(.*?)^\}};", text, re.DOTALL | re.MULTILINE).group(1)
    found = {}
    for line in plain(body).split(";"):
        if line.strip():
            declared, _, value = line.partition(" = ")
            found[declared.split()[-1]] = value.strip()
    return found


def cpp(root):
    """The options of the structs of C++."""
    files = {"quell_sampler_options": "sampler", "quell_draw": "run", "quell_run": "run",
             "quell_function_options": "function", "quell_guidance": "guidance"}
    return {name: members(read(root / f"include/quell/{file}.hpp"), name.removeprefix("quell_"))
            for name, file in files.items()}


def fortran_text(root):
    """All modules, without comments, each statement in one line."""
    text = "\n".join(read(path) for path in sorted((root / "fortran").glob("*.f90")))
    text = re.sub(r" +! .*$", "", re.sub(r"^\s*!.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return re.sub(r" *&\n *", " ", text)


def fortran_types(text):
    """type -> {component: default}, in order."""
    found = {}
    for name, body in re.findall(r"^ *type(?:, bind\(c\))? :: (\w+)\n(.*?)^ *end type", text, re.DOTALL | re.MULTILINE):
        found[name] = {}
        for line in body.split("\n"):
            head, colons, names = line.partition("::")
            for one in parts(names) if colons else []:
                component, _, value = one.partition("=")
                value = value.lstrip("> ").strip() or ("not allocated" if "allocatable" in head else "")
                found[name][component.split("(")[0].strip()] = value
    return found


def fortran(text):
    """What stands in Fortran's types, or for two structs in optional arguments."""
    types = fortran_types(text)
    found = {name: types.get(name, {}) for name in ("quell_sampler_options", "quell_draw", "quell_run")}
    for name, procedure in (("quell_function_options", "from_procedure"),
                            ("quell_guidance", "quell_denoiser_from_guidance")):
        arguments = re.search(rf"subroutine {procedure}\(([^)]*)\)", text).group(1)
        first = re.search(rf"= {name.replace('quell_', 'c_')}\(", text)
        given = dict(zip(types[name.replace("quell_", "c_")], parts(inside(text, first.end() - 1))))
        for key, value in given.items():
            if value.startswith("c_loc("):
                given[key] = re.search(rf"\b{value[6:-1]} = terminated\('([^']*)'", text).group(1)
        found[name] = {part.strip(): given.get(part.strip(), "") for part in arguments.split(",")}
    return found


def binding(root):
    """The arguments of the functions that pybind11 binds."""
    samplers, denoisers = plain(read(root / "python/src/samplers.cpp").replace("\\\n", "\n")), \
        plain(read(root / "python/src/denoisers.cpp"))

    def arguments(text):
        return {name: value.strip() for name, value in
                re.findall(r'py::arg\("(\w+)"\)(?:\.\w+\([^)]*\))?(?: = ((?:[^,()]|\([^)]*\))*))?', text)}

    made = re.search(r'"Options"\) \.def\(', samplers)
    run = re.search(r"define RUN_NAMES (.*?)static ", samplers).group(1)
    function = re.search(r'def_static\("function"', denoisers)
    guided = re.search(r'def_static\("guided"', denoisers)
    return {"quell_sampler_options": arguments(inside(samplers, made.end() - 1)),
            "quell_draw": arguments(run), "quell_run": arguments(run),
            "quell_function_options": arguments(inside(denoisers, function.start() + len("def_static"))),
            "quell_guidance": arguments(inside(denoisers, guided.start() + len("def_static")))}


def keywords(text, function, after=""):
    """The arguments of a function of Python, {name: default}."""
    start = re.search(re.escape(after) + rf".*?def {function}\(", text, re.DOTALL)
    given = {}
    for part in parts(" ".join(inside(text, start.end() - 1).split())):
        name, _, value = part.partition(" = ")
        given[name.split(":")[0]] = value
    return given


def stub(root):
    """The same in the stub of the binding."""
    text = read(root / "python/quell/_quell.pyi")
    run = keywords(text, "forward", "class Sampler:")
    return {"quell_sampler_options": keywords(text, "__init__", "class Options:"), "quell_draw": run,
            "quell_run": run, "quell_function_options": keywords(text, "function", "class Denoiser:"),
            "quell_guidance": keywords(text, "guided", "class Denoiser:")}


def python(root):
    """The arguments that users see, and where their docstring is."""
    folder = root / "python/quell"
    settings, sampler, guided, function = (
        read(folder / name) for name in ("_settings.py", "_sampler.py", "_guided.py", "_function.py"))
    made = keywords(settings, "__init__")
    call = keywords(sampler, "__call__")
    return {"quell_sampler_options": {**keywords(sampler, "init"), **made}, "quell_draw": call,
            "quell_run": {**made, **call},
            "quell_function_options": keywords(function, "__init__", "class FunctionDenoiser"),
            "quell_guidance": keywords(guided, "guided")}


def python_files(root):
    """Where the arguments that users see are described."""
    return [root / "python/quell" / name for name in ("_sampler.py", "_guided.py", "_function.py")]


def command_rows(root):
    """The options of all commands: kind, arguments, name and help of each."""
    for path in sorted((root / "src/cli").glob("*.[ch]")):
        text = plain(read(path).replace("\\\n", "\n"))
        for match in re.finditer(r"(?<!define )\b(TEXT|WORDS|COUNT|NUMBER|FLAG)(?:_ROW)?\(", text):
            row = parts(inside(text, match.end() - 1))
            names = [part for part in row if part.startswith('"')]
            if names:
                said = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', row[-1]))
                yield match.group(1), row, names[0].strip('"'), said


def command(root):
    """Each option of the command, {name: (default by its help, low, high)}; a flag's default is 0."""
    found = {}
    for kind, row, name, said in command_rows(root):
        stated = re.search(r"\(default:? ([^)]*?)(?:\)|:| of |, )", said.replace("(default: ", "(default "))
        default = stated.group(1) if stated else "0" if kind == "FLAG" else ""
        ends = row[-3:-1] if kind in ("COUNT", "NUMBER") and "low" not in row[-3] else ()
        found[name] = (default, *([number(end) for end in ends] or (None, None)))
    return found
