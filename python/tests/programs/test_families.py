# SPDX-License-Identifier: MIT
"""Networks of other people's as programs: each held against PyTorch in float64, on other inputs
than were traced. Long: with QUELL_LONG=1, for those whose packages are installed.

    python python/tests/programs/test_families.py [NAME...]

prints the table: whether it was exported, its instructions, the bytes of its JSON, the largest
difference from PyTorch in float64 of the program's exact values and of PyTorch's own in float32."""

import json
import os
import sys
import tempfile
import time
import warnings

import beside
import interpreter
import pytest
import torch
from families import FAMILIES
from quell.programs.check import compare, expected
from quell.programs.exporter import program_of
from quell.programs.inputs import inputs_of


def made(name):
    """A network, with no weight that is zero throughout: what is after it would not be seen."""
    torch.manual_seed(0)
    module, example, classes = FAMILIES[name]()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.numel() and not weight.abs().max():
                weight.normal_(std=0.05)
    return module, example, classes


def names_of(example, classes):
    """x, then the time where there is one a sample, then conditions."""
    rest = ["time" if len(example) > 1 and example[1].ndim == 1 else "embedding"]
    rest += ["class" if classes else "first", "second"]
    return ["x", *rest][: len(example)]


def exported(name):
    module, example, classes = made(name)
    inputs = inputs_of(module, example, names_of(example, classes), True, classes)
    right = expected(module, inputs, classes)
    lowered = program_of(module, inputs)
    with tempfile.TemporaryDirectory() as folder:
        path = beside.written({"denoise": lowered}, folder)
        error = compare(beside.evaluator(path, "denoise"), right, 1e-5)
        program = interpreter.read(path)[0]["programs"]["denoise"]
    own = (right.single.double() - right.double).abs().max() / right.double.abs().max()
    return program, error, float(own)


@pytest.mark.skipif(not os.environ.get("QUELL_LONG"), reason="long: QUELL_LONG=1")
@pytest.mark.parametrize("name", FAMILIES)
def test_family(name):
    try:
        program, error, _ = exported(name)
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
    assert len(program["instructions"]) < 2000 and error < 1e-5


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print("| network | exported | instructions | JSON | difference | PyTorch's own | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or FAMILIES:
        began = time.monotonic()
        try:
            program, error, own = exported(name)
        except (ImportError, ValueError) as wrong:
            print(f"| {name} | no: {wrong} |", flush=True)
            continue
        size = len(json.dumps(program)) / 1000
        count, seconds = len(program["instructions"]), time.monotonic() - began
        print(
            f"| {name} | yes | {count} | {size:.0f} kB | {error:.1e} | {own:.1e} | {seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
