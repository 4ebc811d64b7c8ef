# SPDX-License-Identifier: MIT
"""A linear classifier of glyphs, on means of 2 x 2 pixels, that knows rendered fonts and no sample.
Whole families of fonts are held out of its training."""

import pathlib

import numpy as np
import torch
from dataset import LABELS, SIDE, font_files, render
from torch import Tensor, nn

HELD_OUT = ("/lato/", "/roboto/", "/linux-libertine/", "/hack/", "/comfortaa/")
ALIKE = ("Oo0", "Il1", "Cc", "Ss", "Vv", "Ww", "Xx", "Zz")  # too much, in one font or another
SEED, VIEWS, STEPS, BATCH = 7, 4, 1200, 256
MOST = 47  # weights are whole numbers from -47 to 47: printable letters


def images(x: np.ndarray) -> Tensor:
    """float32[n][1][SIDE][SIDE] in [-1, 1], from dataset.render or from quell."""
    x = x / np.float32(127.5) - 1 if x.dtype == np.uint8 else x.clip(-1, 1)
    return torch.from_numpy(x.astype(np.float32))[:, None]


def merged(label: Tensor) -> Tensor:
    """Maps each class to the first of those that it is merged with."""
    first = list(range(len(LABELS)))
    for group in ALIKE:
        for letter in group:
            first[LABELS.index(letter)] = LABELS.index(group[0])
    return torch.tensor(first)[label]


def held_out(count: int) -> Tensor:
    """Says which of `count` images, in the order of dataset.render, are of fonts that are held out."""
    fonts = [any(family in str(file) for family in HELD_OUT) for file in font_files()]
    return torch.tensor(fonts).repeat_interleave(count // len(fonts))


def fit(x: Tensor, label: Tensor) -> nn.Module:
    """Logistic regression; the weights are then made whole numbers."""
    torch.manual_seed(0)
    last = nn.Linear(SIDE**2 // 4, len(LABELS))
    judge = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), last)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=1e-2, weight_decay=1e-2)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        pick = torch.randint(len(x), (BATCH,))
        loss = nn.functional.cross_entropy(judge(x[pick]), label[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cosine.step()
    with torch.no_grad():
        scale = MOST / last.weight.abs().max()
        for parameter in last.parameters():
            parameter.copy_((parameter * scale).round())
    return judge


@torch.no_grad()
def accuracy(judge: nn.Module, x: Tensor, label: Tensor) -> str:
    found = judge(x).argmax(1)
    one, alike = found == label, merged(found) == merged(label)
    return f"{one.float().mean():.1%}, alike merged {alike.float().mean():.1%}"


def train() -> nn.Module:
    x, label = render(SEED, VIEWS)
    x, label = images(x), torch.from_numpy(label)
    out = held_out(len(x))
    judge = fit(x[~out], label[~out])
    print(f"the judge on its own fonts: {accuracy(judge, x[~out], label[~out])}")
    print(f"the judge on fonts held out: {accuracy(judge, x[out], label[out])}", flush=True)
    return judge


def write(judge: nn.Module, path: pathlib.Path) -> None:
    """A line for each class: the bias, then its weights, w as the letter of the code w + 79."""
    escaped = {"\\": "\\\\", '"': '\\"', "?": "\\?"}
    lines = ["/* Made by training/glyphs/check.py. */", "/* clang-format off */"]
    weight, bias = (p.detach().numpy().astype(np.int64) for p in judge[-1].parameters())
    for row, offset in zip(weight, bias, strict=True):
        letters = [chr(w + 79) for w in row]
        lines.append(f'{{{offset}, "{"".join(escaped.get(c, c) for c in letters)}"}},')
    path.write_text("\n".join(lines) + "\n")
