# SPDX-License-Identifier: MIT
"""The example of azula's README, run with nothing but its imports changed."""

import importlib.metadata
import re

import pytest
import torch
from torch import nn


class CustomNN(nn.Module):
    """What the example leaves to its reader: a network, called with x and t."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(in_features + 1, 64), nn.SiLU(), nn.Linear(64, out_features)
        )

    def forward(self, x, t):
        return self.layers(torch.cat((x, t.expand(len(x))[:, None]), dim=-1))


def example():
    """The first example, from the installed azula's own description."""
    text = importlib.metadata.metadata("azula").get_payload()
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]


def run(text):
    torch.manual_seed(0)
    batches = [torch.randn(256, 5) * 0.5 + 2 for _ in range(300)]
    names = {"torch": torch, "CustomNN": CustomNN, "batch_size": 256, "train_loader": batches}
    exec(compile(text, "README", "exec"), names)
    return names


def test_the_example():
    text = example()
    changed = re.sub(r"^from azula\.", "from quell.", text, flags=re.MULTILINE)
    old, new = text.splitlines(), changed.splitlines()
    differing = [a for a, b in zip(old, new, strict=True) if a != b]
    assert len(differing) == 3 and all(line.startswith("from azula.") for line in differing)
    names = run(changed)
    x0 = names["x0"]
    assert type(names["sampler"]).__module__ == "quell.sample"
    assert torch.is_tensor(x0) and x0.shape == (64, 5)
    assert torch.isfinite(x0).all()


@pytest.mark.parametrize("package", ["azula", "quell"])
def test_both_learn_the_same(package):
    x0 = run(re.sub(r"^from azula\.", f"from {package}.", example(), flags=re.MULTILINE))["x0"]
    assert abs(float(x0.mean()) - 2) < 0.3
