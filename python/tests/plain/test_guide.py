# SPDX-License-Identifier: MIT
"""docs/python.md, what of it needs NumPy alone; docs/from-diffusers.md; and the first example."""

import ast
import json
import pathlib
import re
import subprocess
import sys

import pytest
import quell

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import guide


OF_TORCH = ("quell.export", "quell.from_torch")


def check_lines(page, names, of=ast.AST):
    for line, body in guide.lines(page):
        try:
            if isinstance(body, of):
                guide.check_line(body, names, OF_TORCH)
        except (AttributeError, TypeError) as error:
            raise AssertionError(f"{page}: `{line}`: {error}") from error


@pytest.mark.parametrize("page", ["README.md", *sorted(p.name for p in guide.PAGES.glob("*.md"))])
def test_calls_in_prose(page):
    """What a page tells to call is there, with these arguments."""
    check_lines(page, {"quell": quell}, ast.Call)


def test_guide():
    chosen = [block for block in guide.blocks() if not guide.of_torch(block[0])]
    assert len(chosen) == 11
    check_lines("python.md", guide.run(chosen))
    assert "torch" not in sys.modules


# scheduler_config.json of Stable Diffusion 1.5.
PNDM = {
    "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": False,
    "num_train_timesteps": 1000, "set_alpha_to_one": False, "skip_prk_steps": True,
    "steps_offset": 1, "trained_betas": None,
}  # fmt: skip


def test_the_page_on_diffusers(tmp_path, monkeypatch, capsys):
    """Its one block, for a network that returns half of x; and what it says that is printed."""
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(json.dumps(PNDM))
    monkeypatch.chdir(tmp_path)
    text = (guide.ROOT / "docs" / "from-diffusers.md").read_text(encoding="utf-8")
    ((code, printed),) = re.findall(r"```python\n(.*?)```\n\n[^\n]*\n\n    ([^\n]*\n)", text, re.S)
    names = {"network": lambda x, t: x / 2}
    exec(compile(code, "docs/from-diffusers.md", "exec"), names)
    assert capsys.readouterr().out.endswith(printed)
    assert names["x0"].shape == (8, 4, 64, 64) and len(names["setup"].sigmas) == 26


def test_first_example():
    path = guide.ROOT / "examples" / "python" / "first.py"
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert run.stdout == (guide.ROOT / "examples" / "first.txt").read_text(encoding="utf-8")
