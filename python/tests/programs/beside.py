# SPDX-License-Identifier: MIT
"""What the tests of programs share: modules of functions, and their programs' numbers by the naive
interpreter beside PyTorch's in float64."""

import pathlib
import tempfile

import interpreter
import numpy as np
import torch
from quell.programs.check import expected
from quell.programs.exporter import program_of, stored_of
from quell.programs.inputs import inputs_of
from safetensors.torch import save_file
from torch import nn


class Each(nn.Module):
    """Many functions of the same inputs, their results one after the other."""

    def __init__(self, functions, **parts):
        super().__init__()
        self.functions = functions
        for name, part in parts.items():
            if isinstance(part, nn.Module):
                self.add_module(name, part)
            else:
                self.register_buffer(name, part)

    def forward(self, x, *rest):
        made = [function(self, x, *rest) for function in self.functions]
        return torch.cat([part.reshape(x.shape[0], -1).float() for part in made], 1)

    def sizes(self, x, *rest):
        """How many numbers each function makes of a sample."""
        with torch.no_grad():
            return [function(self, x, *rest)[0].numel() for function in self.functions]


def evaluator(path, name):
    """In place of quell's own evaluation."""
    program = interpreter.Program(path, name)
    declared = program.program["inputs"]
    return lambda inputs: program(**{k: v for k, v in inputs.items() if k in declared})


def written(programs, folder, **fields):
    stored, metadata = stored_of(programs, {"kind": "network", "version": 1, **fields})
    path = pathlib.Path(folder, "program.safetensors")
    save_file(stored, path, metadata=metadata)
    return path


def numbers(module, example, names=None, classes=0):
    """What the module's program makes of other inputs, and what PyTorch does in float64."""
    inputs = inputs_of(module, example, names, False, classes)
    right = expected(module, inputs, classes)
    with tempfile.TemporaryDirectory() as folder:
        path = written({"denoise": program_of(module, inputs)}, folder)
        program = interpreter.Program(path)
        made = np.stack([program(**right.sample(k)) for k in range(len(right.double))])
    assert set(program.tensors) == program.used
    return made, right.double.numpy()


def check_each(functions, *example, most=1e-6, **parts):
    """Compares each function's numbers with PyTorch's, relative to the largest of that function."""
    module = Each(functions, **parts)
    made, right = numbers(module, example, ["x", "k"][: len(example)])
    begin, wrong = 0, []
    for k, size in enumerate(module.sizes(*example)):
        part = slice(begin, begin + size)
        scale = np.abs(right[:, part]).max() or 1
        error = np.abs(made[:, part] - right[:, part]).max() / scale
        if not error <= most:
            wrong.append(f"function {k}: {error:.1e}")
        begin += size
    assert begin == right.shape[1] and not wrong, wrong
