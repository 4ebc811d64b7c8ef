# SPDX-License-Identifier: MIT
"""The stacks that draw the samples: quell and its peers."""

from stacks.base import Drawing, Problem, Stack
from stacks.by_azula import Azula, Compiled
from stacks.by_diffusers import Diffusers
from stacks.by_k_diffusion import KDiffusion
from stacks.by_onnx import Onnx
from stacks.by_quell import OneThread, Quell

STACKS: dict[str, Stack] = {
    stack.name: stack
    for stack in (Quell(), OneThread(), Azula(), Compiled(), Onnx(), KDiffusion(), Diffusers())
}

__all__ = ["STACKS", "Drawing", "Problem", "Stack"]
