# SPDX-License-Identifier: MIT
"""Draws glyphs by class with azula, to see how a training goes.

    python training/glyphs/sample.py RUN/checkpoint.pt glyphs.png [--guidance 2] [--steps 32]"""

import argparse

import torch
from azula.denoise import DiracPosterior, KarrasDenoiser
from azula.noise import VPSchedule
from azula.sample import DDIMSampler
from dataset import LABELS
from model import GlyphNetwork
from PIL import Image


class Guided(KarrasDenoiser):
    """mu = mu(no class) + weight (mu(class) - mu(no class))"""

    weight = 1.0

    def forward(self, x_t: torch.Tensor, t: torch.Tensor, label: torch.Tensor) -> DiracPosterior:
        with_class = super().forward(x_t, t, label=label).mean
        without = super().forward(x_t, t, label=None).mean
        return DiracPosterior(mean=without + self.weight * (with_class - without))


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("picture")
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--rows", type=int, default=4)
    options = parser.parse_args()
    network = GlyphNetwork()
    network.load_state_dict(torch.load(options.checkpoint)["average"])
    denoiser = Guided(network, VPSchedule())
    denoiser.weight = options.guidance
    label = torch.arange(len(LABELS)).repeat(options.rows)
    torch.manual_seed(0)
    sampler = DDIMSampler(denoiser, steps=options.steps)
    x = sampler(torch.randn(len(label), 28, 28), label=label)
    grid = x.clamp(-1, 1).unflatten(0, (-1, 31)).permute(0, 2, 1, 3).reshape(-1, 31 * 28)
    Image.fromarray(((1 - grid) * 127.5).byte().numpy()).save(options.picture)


if __name__ == "__main__":
    main()
