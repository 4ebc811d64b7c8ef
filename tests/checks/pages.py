# SPDX-License-Identifier: MIT
"""What a page of the documentation has its reader do, block by block.

A block after a line that ends with "`NAME`:" is a file of that name. A block of `bash` is run in a
clone of the repository, where quell is built and installed; a block of `sh` where the reader works,
beside an installed quell. A block of `text` after either is what it must print, where `...` stands
for anything.
"""
import dataclasses
import fnmatch
import re

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = re.compile(r"`([\w./-]+)`:\s*$")


@dataclasses.dataclass
class Block:
    """language, text: of the block; name: of the file that it is, or None; before: the paragraph
    before it; where: page:line; printed: what it must print, or None."""

    language: str
    text: str
    name: str | None
    before: str
    where: str
    printed: str | None = None


def read(page):
    """The blocks of a page; those of `text` that follow a command are in it."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in BLOCK.finditer(text):
        before = text[:match.start()].rstrip().rsplit("\n\n", 1)[-1]
        name = NAME.search(before)
        block = Block(match.group(1), match.group(2), name and name.group(1), before,
                      f"{page}:{text[:match.start()].count(chr(10)) + 1}")
        if block.language in ("sh", "bash") and "&&" in block.text:
            raise ValueError(f"{block.where}: bash -e does not see what fails before &&")
        last = blocks[-1] if blocks else None
        if block.language == "text" and last and last.language in ("sh", "bash") and not last.printed:
            last.printed = block.text
        else:
            blocks.append(block)
    return blocks


def alike(printed, wanted):
    printed, wanted = printed.rstrip().split("\n"), wanted.rstrip().split("\n")
    pattern = [re.sub(r"([\[*?])", r"[\1]", line).replace("...", "*") for line in wanted]
    return len(printed) == len(wanted) and all(
        fnmatch.fnmatchcase(a.rstrip(), b.rstrip()) for a, b in zip(printed, pattern))
