#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the documentation as a site of HTML pages.

    build.py REPOSITORY QUELL FOLDER
    build.py --missing                  says what cannot be found of what it needs

REPOSITORY's pages (README.md and its like, docs/*.md) are taken as they are; the reference
comes from the headers and modules, and from what the command QUELL says. Sphinx reads all of it
from FOLDER/source and writes FOLDER/html. A warning is an error, and so is a link to what is not there.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import c_headers
import command_pages
import correspondence
import cpp_headers
import fortran_modules
import python_modules

KATEX = pathlib.Path(os.environ.get("QUELL_KATEX", "/usr/share/javascript/katex"))
HERE = pathlib.Path(__file__).resolve().parent
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
PAGES = {"README.md": "overview.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
         "SECURITY.md": "security.md"}
LANGUAGES = {".c": "c", ".h": "c", ".cpp": "cpp", ".hpp": "cpp", ".f90": "fortran", ".py": "python",
             ".md": "none", ".txt": "none", "": "none"}
NAMED = {"Makefile": "make", "CMakeLists.txt": "cmake"}


def source_name(path):
    """The page that shows a file of the repository; Sphinx would take an ending .md for its own."""
    return path.replace("/", "-").replace(".md", "-md")


def language(path):
    return NAMED.get(path.name, LANGUAGES.get(path.suffix, "none"))


class Site:
    def __init__(self, root, quell, folder):
        self.root, self.quell, self.source = root, quell, folder / "source"
        self.sources = set()  # files and folders of the repository that pages lead to
        # Pages that are no more; and what Sphinx remembers of them, of which it can make gigabytes.
        for name in ("source", "html", "doctrees"):
            shutil.rmtree(folder / name, ignore_errors=True)

    def write(self, name, text):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    # Pages of the repository.

    def target(self, path):
        """The page, or the file, that stands on the site for a path of the repository."""
        name = path.as_posix()
        if name in PAGES:
            return PAGES[name]
        if re.fullmatch(r"docs/[^/]+", name):
            return name
        if name.rstrip("/") == "include/quell":
            return "reference/index.rst"
        header = re.fullmatch(r"include/quell/(\w+)\.(h|hpp)", name)
        if header:
            return f"reference/{'c' if header.group(2) == 'h' else 'cpp'}/{header.group(1)}.rst"
        self.sources.add(name)
        return f"sources/{source_name(name)}.rst"

    def relinked(self, text, page, at):
        """The links of a page, `page` in the repository, for its place on the site."""
        def one(match):
            wanted = pathlib.Path(os.path.normpath(page.parent / match.group(2)))
            if not (self.root / wanted).exists():
                sys.exit(f"{page}: it links to {match.group(2)}, which is not there")
            to = os.path.relpath(self.target(wanted), pathlib.Path(at).parent)
            return match.group(1) + to + match.group(3)
        parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
        return "".join(part if i % 2 else LINK.sub(one, part) for i, part in enumerate(parts))

    def page(self, name, at):
        path = pathlib.Path(name)
        text = (self.root / path).read_text(encoding="utf-8")
        # GitHub's fence for formulas is MyST's directive.
        text = re.sub(r"^```math$", "```{math}", text, flags=re.MULTILINE)
        self.write(at, self.relinked(text, path, at))

    def repository_pages(self):
        for name, at in PAGES.items():
            self.page(name, at)
        for path in sorted((self.root / "docs").iterdir()):
            if path.suffix == ".md":
                self.page(f"docs/{path.name}", f"docs/{path.name}")
            elif path.suffix in (".png", ".svg"):
                shutil.copy(path, self.source / "docs")

    def index(self):
        """The first page: what the README begins with, and where to go. An entry with a `?` is of a
        page that need not be there; pages that have no entry go where `others` stands."""
        readme = (self.source / "overview.md").read_text(encoding="utf-8")
        begin = readme.split("\n", 1)[1].split("\n## ", 1)[0]
        begin = begin.replace("](#", "](overview.md#")
        template = (HERE / "index.md").read_text(encoding="utf-8")
        lines = []
        for line in template.split("\n"):
            entry = line.removesuffix(" ?")
            if entry == "others":
                pages = (f"docs/{path.stem}" for path in (self.source / "docs").glob("*.md"))
                lines += sorted(page for page in pages
                                if not re.search(rf"^{page}( \?)?$", template, re.MULTILINE))
            elif entry == line or (self.source / f"{entry}.md").exists():
                lines.append(entry)
        self.write("index.md", "\n".join(lines).replace("<!-- README -->", begin))

    # What is made.

    def reference(self):
        include = self.root / "include/quell"
        pages = {"c": sorted(include.glob("*.h")), "cpp": sorted(include.glob("*.hpp")),
                 "fortran": sorted((self.root / "fortran").glob("*.f90"))}
        for path in pages["c"]:
            self.write(f"reference/c/{path.stem}.rst", c_headers.page(path, path.stem))
        for path in pages["cpp"]:
            self.write(f"reference/cpp/{path.stem}.rst", cpp_headers.page(path, path.stem))
        for path in pages["fortran"]:
            if path.stem not in ("quell_c", "quell_callbacks"):
                self.write(f"reference/fortran/{path.stem}.rst", fortran_modules.page(path))
        for name, text in python_modules.pages(self.root / "python/quell").items():
            self.write(f"reference/python/{name}.rst", text)
        self.write("reference/command/quell.rst", command_pages.help_page(self.quell, ""))
        for name in command_pages.commands(self.quell):
            self.write(f"reference/command/{name}.rst", command_pages.help_page(self.quell, name))
        for kind in ("samplers", "grids", "schedules"):
            self.write(f"reference/names/{kind}.rst", command_pages.names_page(self.quell, kind))
        self.write("reference/names.rst", correspondence.page(include, pages["fortran"]))
        shutil.copy(HERE / "reference.rst", self.source / "reference/index.rst")
        for part in ("c", "cpp", "fortran", "python", "command"):
            self.list_of(part)

    def list_of(self, part):
        """The list of the pages of a part: those in the order that it has, then any others."""
        text = (HERE / f"reference_{part}.rst").read_text(encoding="utf-8").rstrip()
        for path in sorted((self.source / "reference" / part).glob("*.rst")):
            if not re.search(rf"^   {part}/{path.stem}$", text, re.MULTILINE):
                text += f"\n   {part}/{path.stem}"
        self.write(f"reference/{part}.rst", text + "\n")

    def source_pages(self):
        """A page for each file, and each folder, of the repository that another page leads to."""
        entries = []
        for name in sorted(self.sources):
            path = self.root / name
            files = [path] if path.is_file() else sorted(
                one for one in path.iterdir() if one.is_file() and one.suffix in LANGUAGES)
            out = [name, "=" * len(name), ""]
            for one in files:
                relative = one.relative_to(self.root).as_posix()
                if path.is_dir():
                    out += [one.name, "-" * len(one.name), ""]
                code = one.read_text(encoding="utf-8").rstrip().split("\n")
                out += [f".. code-block:: {language(one)}",
                        f"   :name: {relative}", ""] + ["   " + line for line in code] + [""]
            entries.append(source_name(name))
            self.write(f"sources/{entries[-1]}.rst", "\n".join(out) + "\n")
        toctree = ["Sources", "=======", "", "Files of the repository that these pages speak of.",
                   "", ".. toctree::", "   :maxdepth: 1", ""] + ["   " + entry for entry in entries]
        self.write("sources/index.rst", "\n".join(toctree) + "\n")


def missing():
    """What Sphinx is missing, it says itself; it is asked to build nothing."""
    found = [word for word in ("sphinx-build", "node") if not shutil.which(word)]
    if not (KATEX / "katex.min.js").exists():
        found.append("KaTeX")
    if "sphinx-build" not in found:
        with tempfile.TemporaryDirectory() as name:
            pathlib.Path(name, "index.rst").write_text("Nothing\n=======\n", encoding="utf-8")
            done = subprocess.run(
                ["sphinx-build", "-q", "-C", "-D", "extensions=myst_parser", "-D",
                 "html_theme=furo", name, f"{name}/html"], capture_output=True, check=False)
            found += ["myst-parser or furo"] if done.returncode else []
    return found


def main():
    if sys.argv[1:] == ["--missing"]:
        print(", ".join(missing()))
        return
    if len(sys.argv) != 4:
        sys.exit("usage: build.py REPOSITORY QUELL FOLDER")
    root, quell, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    site = Site(root, quell, folder)
    site.repository_pages()
    site.reference()
    site.index()
    site.source_pages()
    version = command_pages.output(quell, "--version").split()[-1]
    done = subprocess.run(
        ["sphinx-build", "-q", "-W", "--keep-going", "-j", "2", "-c", str(HERE),
         "-d", str(folder / "doctrees"), "-b", "html", str(site.source), str(folder / "html")],
        env={**os.environ, "QUELL_VERSION": version, "QUELL_KATEX": str(KATEX),
             "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
    if done.returncode:
        sys.exit("the site was not built without warnings")
    links = subprocess.run([sys.executable, HERE / "check_links.py", folder / "html"], check=False)
    if links.returncode:
        sys.exit("the site has links that lead nowhere, or outside")
    print(f"{folder}/html/index.html")


if __name__ == "__main__":
    main()
