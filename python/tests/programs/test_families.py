# SPDX-License-Identifier: MIT
"""Networks of other people's as programs: each held against PyTorch in float64, on other inputs
than were traced. Long: with QUELL_LONG=1, for those whose packages are installed.

    python python/tests/programs/test_families.py [NAME...]

prints the table: whether it was exported, its instructions, the bytes of its JSON, and the largest
difference from PyTorch in float64, relative to the largest output: of the program's exact values,
of what quell makes of it, and of PyTorch's own in float32."""

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
from quell.programs.exporter import evaluator, program_of
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
        exact = compare(beside.evaluator(path, "denoise"), right, 1e-5)
        own = compare(evaluator(os.fspath(path), "denoise"), right, 1e-5)
        program = interpreter.read(path)[0]["programs"]["denoise"]
    torchs = (right.single.double() - right.double).abs().max() / right.double.abs().max()
    return program, exact, own, float(torchs)


@pytest.mark.skipif(not os.environ.get("QUELL_LONG"), reason="long: QUELL_LONG=1")
@pytest.mark.parametrize("name", FAMILIES)
def test_family(name):
    try:
        program, exact, own, torchs = exported(name)
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
    assert len(program["instructions"]) < 2000
    assert exact <= 2e-6 and own <= 4 * torchs + 1e-6


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print("| network | exported | instructions | JSON | exact | quell | PyTorch | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or FAMILIES:
        began = time.monotonic()
        try:
            program, *errors = exported(name)
        except (ImportError, ValueError) as wrong:
            print(f"| {name} | no: {wrong} |", flush=True)
            continue
        size = len(json.dumps(program)) / 1000
        count, seconds = len(program["instructions"]), time.monotonic() - began
        print(
            f"| {name} | yes | {count} | {size:.0f} kB | "
            + " | ".join(f"{error:.1e}" for error in errors)
            + f" | {seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
