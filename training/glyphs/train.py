# SPDX-License-Identifier: MIT
"""Trains the glyph network; stopped, it goes on from its last checkpoint.

    python training/glyphs/train.py --out RUN [--steps N] [--seed S]

RUN gets checkpoint.pt, record.jsonl (a line every 100 steps) and, at the end, glyphs.safetensors:
the averaged weights in float16, with their description. Needs the Python package (docs/training.md)."""

import argparse
import copy
import json
import math
import os
import pathlib
import time

import torch
from azula.denoise import KarrasDenoiser
from azula.noise import VPSchedule
from dataset import LABELS, render
from model import GlyphNetwork, save
from torch import Tensor

BATCH, RATE, WARMUP = 128, 1e-3, 300
NO_LABEL = 0.15  # how often the class is withheld, for guidance
CHECKPOINT_SECONDS = 120


def rate(step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine to 1% of the full rate."""
    if step < WARMUP:
        return RATE * (step + 1) / WARMUP
    along = (step - WARMUP) / max(1, steps - WARMUP)
    return RATE * (0.01 + 0.99 * (1 + math.cos(math.pi * along)) / 2)


def times(count: int, random: torch.Generator) -> Tensor:
    """Draws one time in each of `count` equal parts of [0, 1], in random order."""
    t = (torch.arange(count) + torch.rand(count, generator=random)) / count
    return t[torch.randperm(count, generator=random)]


class Run:
    """Everything that a checkpoint holds."""

    def __init__(self, seed: int, steps: int) -> None:
        torch.manual_seed(seed)
        self.random = torch.Generator().manual_seed(seed)
        self.network = GlyphNetwork()
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-2
        )
        self.denoiser = KarrasDenoiser(self.network, VPSchedule())
        self.step, self.steps, self.seconds = 0, steps, 0.0

    def save(self, path: pathlib.Path) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": self.random.get_state(),
            "step": self.step,
            "steps": self.steps,
            "seconds": self.seconds,
        }
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def load(self, path: pathlib.Path) -> None:
        state = torch.load(path)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.random.set_state(state["random"])
        self.step, self.steps, self.seconds = state["step"], state["steps"], state["seconds"]

    def advance(self, images: Tensor, labels: Tensor) -> float:
        """One step on one batch; returns its loss."""
        pick = torch.randint(len(images), (BATCH,), generator=self.random)
        x = images[pick].float() / 127.5 - 1
        label = labels[pick].clone()
        label[torch.rand(BATCH, generator=self.random) < NO_LABEL] = len(LABELS)
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.step, self.steps)
        torch.manual_seed(int(torch.randint(2**62, (), generator=self.random)))
        loss = self.denoiser.loss(x, times(BATCH, self.random), label=label)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        keep = min(0.999, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now.detach(), 1 - keep)
        return loss.item()


def train(run: Run, out: pathlib.Path, images: Tensor, labels: Tensor) -> None:
    losses, begun, saved = [], time.monotonic() - run.seconds, time.monotonic()
    while run.step < run.steps:
        losses.append(run.advance(images, labels))
        run.seconds = time.monotonic() - begun
        if run.step % 100 == 0 or run.step == run.steps:
            line = {"step": run.step, "seconds": round(run.seconds), "loss": sum(losses) / len(losses)}
            with (out / "record.jsonl").open("a") as record:
                record.write(json.dumps(line) + "\n")
            losses = []
        if time.monotonic() - saved > CHECKPOINT_SECONDS or run.step == run.steps:
            run.save(out / "checkpoint.pt")
            saved = time.monotonic()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--views", type=int, default=24, help="of each glyph of each font")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    images, labels = (torch.from_numpy(a) for a in render(options.seed, options.views))
    run = Run(options.seed, options.steps)
    if (options.out / "checkpoint.pt").exists():
        run.load(options.out / "checkpoint.pt")
    train(run, options.out, images, labels)
    save(run.average, options.out / "glyphs.safetensors")


if __name__ == "__main__":
    main()
