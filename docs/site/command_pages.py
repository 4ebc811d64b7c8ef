# SPDX-License-Identifier: MIT
"""Pages of what the command itself says: its options, from `--help`, which the man pages are made
of too, and its names with their options, from `list --json`."""
import json
import re
import subprocess

import prose


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True).stdout


OPTION = re.compile(r"^  (?:(-.), |    )(--[a-z-]+(?: \S+)?)(?: +(.*))?$")


def option_entries(lines):
    found = []
    for line in lines:
        match = OPTION.match(line)
        if match:
            letter, name, text = match.groups()
            found.append([f"{letter}, {name}" if letter else name, text or ""])
        else:
            found[-1][1] += " " + line.strip()
    return found


def help_page(command, name):
    """`quell NAME --help` as a page whose options can be linked to."""
    words = [command] + ([name] if name else [])
    title = " ".join(["quell"] + words[1:])
    out = [title, "=" * len(title), "", f".. program:: {title}", ""]
    for block in output(*words, "--help").rstrip().split("\n\n"):
        lines = block.split("\n")
        if len(lines) > 1 and OPTION.match(lines[1]):
            out += [f".. rubric:: {lines.pop(0).rstrip(':')}", ""]
        if OPTION.match(lines[0]):
            for option, text in option_entries(lines):
                out += [f".. option:: {option}", "", f"   {prose.inline(text.strip())}", ""]
        elif lines[0].startswith(("Usage:", "Example")) or lines[-1].startswith("  "):
            out += [".. code-block:: none", ""] + ["   " + line for line in lines] + [""]
        else:
            out += [prose.inline(line) for line in lines] + [""]
    return "\n".join(out) + "\n"


def number(value):
    if isinstance(value, str):
        return value.replace("inf", "infinity")
    return f"{value:g}"


def option_row(option):
    if "choices" in option:
        takes = ", ".join(option["choices"])
    else:
        takes = f"{number(option['low'])} to {number(option['high'])}"
    return [f"   * - ``{option['name']}``", f"     - {prose.inline(option['summary'])}",
            f"     - {prose.inline(number(option['default']))}", f"     - {prose.inline(takes)}"]


NOISE = {"no": "No noise.", "yes": "It draws noise.", "optional": "Noise by its options."}


def entry(kind, one):
    name, summary = one["name"], prose.inline(one["summary"])
    out = [name, "-" * len(name), "", summary[0].upper() + summary[1:] + ".", ""]
    if kind == "samplers":
        order = f"Order {one['order']}" if one["order"] else "No order"
        many = "s" if one["evaluations"] > 1 else ""
        out += [f"{order}, {one['evaluations']} evaluation{many} of the denoiser a step. "
                f"{NOISE[one['stochastic']]}", ""]
    for alias in one.get("aliases", []):
        out += [f"``{alias['name']}`` is ``{alias['spec']}``.", ""]
    if one.get("options"):
        out += [".. list-table::", "   :header-rows: 1", "   :widths: auto", "",
                "   * - option", "     - ", "     - default", "     - values"]
        for option in one["options"]:
            out += option_row(option)
        out += [""]
    return out


def names_page(command, kind):
    found = json.loads(output(command, "list", kind, "--json"))[kind]
    title = f"{kind.capitalize()} and their options"
    page = "methods" if kind == "samplers" else "schedules"
    out = [title, "=" * len(title), "",
           f"What ``quell list {kind}`` says; the formulas are in :doc:`/docs/{page}`.", ""]
    for one in found:
        out += entry(kind, one)
    return "\n".join(out) + "\n"


def commands(command):
    return re.findall(r"^  ([a-z]+) ", output(command, "--help"), re.MULTILINE)
