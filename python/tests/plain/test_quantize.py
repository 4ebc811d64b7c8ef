# SPDX-License-Identifier: MIT
"""Whole numbers for a network's weights."""

import os
import subprocess

import numpy as np
import pytest

import quell

HOW = {"sampler": "heun", "steps": 6, "count": 4, "seed": 3, "label": [0, 1, 0, 1]}


def drawn(name, guide=None):
    denoiser = quell.guided(quell.load(name), guide, weight=2)
    sampler = quell.Sampler(denoiser, "heun", steps=6, silent=True)
    x1 = sampler.init((4, 2), seed=3)
    return np.asarray(sampler(x1, seed=3, label=HOW["label"])).astype(float)


def test_moves_samples_as_it_says(tmp_path):
    out, heard = tmp_path / "q.safetensors", []
    made = quell.quantize(
        "builtin:rings", out, bound=0.03, guidance=2, progress=lambda *at: heard.append(at), **HOW
    )
    x, y = drawn("builtin:rings"), drawn(out)
    assert 0 < made.moved <= 0.03
    np.testing.assert_allclose(np.sqrt(((y - x) ** 2).mean()) / x.std(), made.moved, atol=1e-6)
    np.testing.assert_allclose(x.std(), made.deviation, rtol=1e-6)
    assert made.bytes_after == out.stat().st_size < made.bytes_before
    assert sum(one.quantized for one in made.instructions) == made.quantized > 0
    assert all((one.why is None) == one.quantized for one in made.instructions)
    assert all(one.moves is not None for one in made.instructions if one.quantized)
    assert heard and all(0 <= done <= total for done, total in heard)


def test_is_that_of_the_command(tmp_path):
    out, theirs = tmp_path / "q.safetensors", tmp_path / "c.safetensors"
    how = {"weight": 3, "high": 0.8, "guide": quell.load("builtin:grid25")}
    quell.quantize("builtin:rings", out, guidance=how, schedule="cosine", **(HOW | {"label": -1}))
    options = "--guidance 3 --guidance-high 0.8 --guide builtin:grid25 --schedule cosine --seed 3"
    more = "--sampler heun --steps 6 --count 4 --quiet"
    command = [os.environ["QUELL_COMMAND"], "quantize", "-m", "builtin:rings", "-o", theirs]
    subprocess.run([*command, *options.split(), *more.split()], check=True)
    assert out.read_bytes() == theirs.read_bytes()


def test_refused(tmp_path):
    out = tmp_path / "q.safetensors"
    with pytest.raises(quell.BadArgument, match="must be from 1e-06 to 10"):
        quell.quantize("builtin:rings", out, bound=11)
    with pytest.raises(quell.BadArgument, match="take a higher bound"):
        quell.quantize("builtin:rings", out, bound=1e-6, **HOW)
    with pytest.raises(quell.Unsupported, match="is no network"):
        quell.quantize("builtin:grid25", out)
    with pytest.raises(ValueError, match=r"out: '.*', must be a name that ends with \.safetensors"):
        quell.quantize("builtin:rings", tmp_path / "q.npy")
    with pytest.raises(TypeError, match="weight: is told in guidance: guidance={'weight': "):
        quell.quantize("builtin:rings", out, weight=3)
    with pytest.raises(TypeError, match="takes no argument 'silent'$"):
        quell.quantize("builtin:rings", out, silent=True)
    with pytest.raises(TypeError, match="takes no argument 'energy'"):
        quell.quantize("builtin:rings", out, energy=1.0)
    with pytest.raises(TypeError, match="progress"):
        quell.quantize("builtin:rings", out, progress=3)

    def stop(done, total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        quell.quantize("builtin:rings", out, progress=stop, **HOW)
    assert not out.exists()
