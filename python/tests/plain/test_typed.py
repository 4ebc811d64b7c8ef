# SPDX-License-Identifier: MIT
"""What type checkers see of the package is what there is (python/tests/typed.py is for mypy)."""

import inspect
import subprocess
import sys

import quell
from quell._keywords import SamplerKeywords


def test_all_public_names_are_listed():
    """In a process of its own, where no other test has imported more of the package."""
    code = "import quell; print(*sorted(name for name in dir(quell) if name[0] != '_'))"
    names = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert sorted([*quell.__all__, "export"]) == names  # export needs torch: it is there by name


def test_keywords_of_samplers_are_those_of_the_base():
    arguments = inspect.signature(quell.Sampler.__init__).parameters.values()
    wanted = {one.name for one in arguments if one.kind is inspect.Parameter.KEYWORD_ONLY}
    assert SamplerKeywords.__optional_keys__ == wanted
