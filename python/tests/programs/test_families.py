# SPDX-License-Identifier: MIT
"""Networks of other people's as programs: each compared with PyTorch in float64, on other inputs
than were traced. Long: with QUELL_LONG=1, for those whose packages are installed, and whose
repositories are cloned in $NETWORK_SOURCES.

    python python/tests/programs/test_families.py > docs/families.md

writes the page with the table; with names of networks, it tries those alone."""

import os
import sys
import tempfile
import warnings
from unittest import mock

import beside
import interpreter
import pytest
import torch
from families import FAMILIES
from quell.programs import check
from quell.programs.check import compare, expected
from quell.programs.exporter import _make_fast, evaluator, program_of, stored_of
from quell.programs.inputs import inputs_of

SAID = {"kind": "network", "version": 1}
# Too large for the naive interpreter, for more samples than these, and for tiles of convolutions:
# they are exported with fast=False.
LARGE = {"hf-celebahq-256": 1, "hf-vae-dec-512": 1, "v-diffusion-128": 3}


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
    """The program, its errors by the naive interpreter and by quell, and PyTorch's."""
    with mock.patch.object(check, "COUNT", LARGE.get(name, check.COUNT)):
        return compared(name)


def compared(name):
    module, example, classes = made(name)
    inputs = inputs_of(module, example, names_of(example, classes), True, classes)
    right = expected(module, inputs, classes)
    programs = {"denoise": program_of(module, inputs)}
    if name not in LARGE:
        _make_fast(programs, {"denoise": right}, True, 1e-5, lambda: stored_of(programs, SAID))
    with tempfile.TemporaryDirectory() as folder:
        path = beside.written(programs, folder)
        exact = 0.0 if name in LARGE else compare(beside.evaluator(path, "denoise"), right, 1e-5)
        own = compare(evaluator(os.fspath(path), "denoise"), right, 1e-5)
        program = interpreter.read(path)[0]["programs"]["denoise"]
    torchs = (right.single.double() - right.double).abs().max() / right.double.abs().max()
    return program, exact, own, float(torchs)


@pytest.mark.skipif(not os.environ.get("QUELL_LONG"), reason="long: QUELL_LONG=1")
@pytest.mark.parametrize("name", FAMILIES)
def test_family(name, record_property):
    """A report (--junitxml) has the rows of the page, too."""
    try:
        program, exact, own, torchs = exported(name)
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
    record_property("row", row(name, program, own, torchs))
    assert len(program["instructions"]) < 2000
    assert exact <= 2e-6 and own <= 4 * torchs + 1e-6


ORIGINS = {  # by the beginnings of the names
    "adm": "OpenAI's guided-diffusion", "azula": "azula", "diffwave": "lmnt-com/diffwave",
    "dit-orig": "facebookresearch/DiT", "dp": "real-stanford/diffusion_policy",
    "edm": "NVlabs/edm", "egnn": "ehoogeboom/e3_diffusion_for_molecules", "hf": "diffusers",
    "improved": "OpenAI's guided-diffusion", "jit": "JiT, by azula", "kdiff": "k-diffusion",
    "lucid": "denoising-diffusion-pytorch", "monai": "MONAI", "score": "yang-song/score_sde",
    "smalldiffusion": "smalldiffusion", "tabddpm": "yandex-research/tab-ddpm",
    "torch-": "torch.nn", "torchcfm": "torchcfm", "v-diff": "crowsonkb/v-diffusion, by azula",
}  # fmt: skip
HEAD = """# Networks of other people's

These networks were exported by `quell.export`, as they are in the code bases of their authors, and
computed by quell; their weights are random. The columns "quell" and "PyTorch" are the largest
differences from PyTorch in float64, relative to the largest output: of quell, and of PyTorch itself
in float32. The inputs are other samples, times, classes and conditions than those that were traced,
and another batch. quell may differ by four times what PyTorch does, and 1e-6.

Those whose names end in a number of pixels have the sizes of the published ones, the others are
small. The test is `python/tests/programs/test_families.py`, which also writes this page
(PyTorch {torch}, diffusers {diffusers}).

| network | from | weights | instructions | quell | PyTorch |
| --- | --- | --- | --- | --- | --- |"""


def row(name, program, own, torchs):
    origin = next(origin for begin, origin in ORIGINS.items() if name.startswith(begin))
    count = sum(weight.numel() for weight in FAMILIES[name]()[0].parameters())
    size = f"{count / 1e6:.0f} M" if count >= 1e6 else f"{count / 1e3:.0f} k"
    shown = f"{name}, `fast=False`" if name in LARGE else name
    cells = [shown, origin, size, len(program["instructions"]), f"{own:.1e}", f"{torchs:.1e}"]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main():
    import diffusers

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(HEAD.format(torch=torch.__version__.split("+")[0], diffusers=diffusers.__version__))
    for name in sys.argv[1:] or FAMILIES:
        try:
            program, _, own, torchs = exported(name)
            print(row(name, program, own, torchs), flush=True)
        except (ImportError, ValueError) as wrong:
            print(f"| {name} | no: {wrong} |", flush=True)


if __name__ == "__main__":
    main()
