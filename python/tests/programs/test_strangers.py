# SPDX-License-Identifier: MIT
"""Modules of a stranger's kind are exported in one call, which compares them with PyTorch in
double, and drawn from; or they are refused in words that say what to do. All of them take
minutes: with QUELL_LONG."""

import os
import zlib

import numpy as np
import pytest
import quell
import strangers_attention  # noqa: F401, which adds to the table
import strangers_conditions  # noqa: F401
import strangers_data  # noqa: F401
import strangers_functions  # noqa: F401
import strangers_habits  # noqa: F401
import strangers_images  # noqa: F401
import strangers_layers  # noqa: F401
import strangers_places  # noqa: F401
import strangers_recurrent  # noqa: F401
import strangers_refused  # noqa: F401
import strangers_science  # noqa: F401
import strangers_sequences  # noqa: F401
import strangers_shapes  # noqa: F401
import strangers_sizes  # noqa: F401
import strangers_tables  # noqa: F401
import strangers_wrapped  # noqa: F401
import torch
from strangers import CASES

REFUSED = {
    "autocast_bf16": "rounding to bfloat16 .*autocast",
    "branches_by_cond": "torch.cond, .*strangers_refused.py:[0-9]+: .*choose with torch.where",
    "branch_on_time": "must not choose its way by the values",
    "func_grad": "takes a gradient .*strangers_refused.py:[0-9]+",
    "gradients_in_forward": "takes a gradient .*strangers_refused.py:[0-9]+",
    "hash_of_label": "whole numbers above 2\\^24.*make a table .*strangers_refused.py:[0-9]+: ",
    "lazy_linear": "call the network once before",
    "noise_in_forward": "random numbers inside the network",
    "scripted_whole": "of TorchScript",
    "rewritten_by_mask": "choosing by a mask; .*where\\(\\) keeps all",
    "traced_whole": "of TorchScript",
    "two_outputs": "returns 2 tensors, must be one",
}
COUNT = 3
# Which were not as they are now.
ORDINARY = (
    "adm_in_half", "best_two_experts", "bool_mask", "cfg_inside", "codebook_nearest", "func_grad",
    "hooks", "inference_mode_and_contexts", "last_state_by_length", "music_skew_attention",
    "scalar_buffers",
)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_stranger(name, tmp_path):
    if name not in ORDINARY and not os.environ.get("QUELL_LONG"):
        pytest.skip("long: QUELL_LONG=1")
    torch.manual_seed(zlib.crc32(name.encode()))
    network, example, told = CASES[name]()
    path, said = tmp_path / "net.safetensors", {"output": "x0", "schedule": "vp", "time": "t"}
    if name in REFUSED:
        with pytest.raises(ValueError, match=f"(?s){REFUSED[name]}"):
            quell.export(network, path, example, **{**said, **told})
        return
    assert quell.export(network, path, example, **{**said, **told}) < 1e-5
    shape = tuple(
        next(iter(example.values()) if isinstance(example, dict) else iter(example)).shape[1:]
    )
    assert quell.load(path).shape == shape
    same_bits(path, shape, conditions_of(example, told.get("classes"), quell.load(path)))


def conditions_of(example, classes, model):
    """What the first sample of the example is told."""
    given = list(example.values() if isinstance(example, dict) else example)[2:]
    rest = [part for one in given for part in torch.utils._pytree.tree_leaves(one)]
    if classes:
        return {"label": [int(rest[0][0])] * COUNT}
    return {name: part[0].numpy() for name, part in zip(model.conditions, rest, strict=True)}


def same_bits(path, shape, conditions):
    """On each instruction set, and on two threads."""
    made = []
    for isa in "scalar", None:
        for threads in 1, 2:
            sampler = quell.Sampler(quell.load(path), "dpmpp_2m", steps=3, isa=isa, threads=threads,
                                    silent=True)  # fmt: skip
            made.append(sampler(sampler.init((COUNT, *shape), seed=1), **conditions))
    assert np.isfinite(made[0]).all()
    assert all(np.array_equal(made[0], each) for each in made[1:])


def test_the_same_bits_on_each_instruction_set(tmp_path):
    network, example, told = CASES["groupnorm1_pixelshuffle"]()
    path = tmp_path / "net.safetensors"
    quell.export(network, path, example, output="x0", schedule="vp", time="t", **told)
    same_bits(path, (3, 8, 8), {})
