# SPDX-License-Identifier: MIT
"""Checks drawn glyphs: whether each is the letter that it should be, and whether it is new.

    quell sample --model builtin:glyphs --class each --guidance 2 --sampler dpmpp_2m --steps 20 \\
        --count 1240 --out guided.npy
    python training/glyphs/check.py guided.npy ... [--write tests/support/glyph_classifier.inc]

What: by a classifier that was trained on rendered glyphs. New: the distance of each sample to the
nearest image of the training set, beside that of fresh views of the same fonts and of fonts that
are not in it. Needs the Python package (docs/training.md)."""

import argparse
import pathlib

import judge as judges
import numpy as np
import torch
from dataset import FONTS, LABELS, SIDE, drawn, jittered, render, scaled
from judge import images
from torch import Tensor
from torch.nn.functional import avg_pool2d

VIEWS, SEED = 24, 0  # those of train.py
OTHERS = (  # of the same packages
    "opentype/linux-libertine/LinLibertine_DR.otf",
    "opentype/urw-base35/NimbusRoman-Regular.otf",
    "truetype/dejavu/DejaVuSerifCondensed-Bold.ttf",
    "truetype/freefont/FreeSerifBold.ttf",
    "truetype/lato/Lato-Black.ttf",
    "truetype/noto/NotoSerifDisplay-Regular.ttf",
    "truetype/open-sans/OpenSans-Light.ttf",
    "truetype/roboto/unhinted/RobotoCondensed-Regular.ttf",
)


def other_fonts() -> np.ndarray:
    random = np.random.default_rng(1)
    fonts = [scaled(FONTS / name) for name in OTHERS]
    return np.stack([jittered(drawn(f, letter), random) for f in fonts for letter in LABELS])


def nearest(x: Tensor, known: Tensor) -> Tensor:
    """The root mean square difference to the nearest of `known`."""
    x, known = x.flatten(1), known.flatten(1)
    best = torch.full((len(x),), torch.inf)
    for part in known.split(4096):
        squares = x.square().sum(1)[:, None] + part.square().sum(1) - 2 * x @ part.T
        best = torch.minimum(best, squares.min(1).values)
    return (best.clamp(min=0) / x.shape[1]).sqrt()


def show(what: str, distance: Tensor, bound: Tensor) -> None:
    some = torch.quantile(distance, torch.tensor([0.01, 0.1, 0.5, 0.9])).tolist()
    text = ", ".join(f"{d:.3f}" for d in some)
    share = (distance < bound).float().mean()
    print(f"{what:>24}: {text}; {share:.1%} below the fresh views' 1%", flush=True)


def check_new(samples: dict, pool: int) -> None:
    """Compares means of pool x pool pixels; 2 removes grain, which does not make a glyph new."""
    print(f"root mean square difference of {SIDE // pool} x {SIDE // pool} means to the nearest")
    print("training image's: quantiles 1, 10, 50, 90%")
    small = {name: avg_pool2d(x, pool) for name, x in samples.items()}
    known, bound = small.pop("training set"), None
    for name, x in small.items():
        distance = nearest(x, known)
        bound = torch.quantile(distance, 0.01) if bound is None else bound
        show(name, distance, bound)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", nargs="+", type=pathlib.Path, help="of all classes in turn")
    parser.add_argument("--write", type=pathlib.Path, help="the classifier, for the test in C")
    options = parser.parse_args()
    judge = judges.train()
    if options.write:
        judges.write(judge, options.write)
    samples = {path.stem: images(np.load(path)) for path in options.samples}
    for name, x in samples.items():
        label = torch.arange(len(x)) % len(LABELS)
        print(f"{name}: {judges.accuracy(judge, x, label)}", flush=True)
    rendered = {
        "training set": images(render(SEED, VIEWS)[0]),
        "fresh views": images(render(SEED + 1, 1)[0]),
        "more fresh views": images(render(SEED + 2, 1)[0]),
        "other fonts": images(other_fonts()),
    }
    for pool in 1, 2:
        check_new({**rendered, **samples}, pool)


if __name__ == "__main__":
    main()
