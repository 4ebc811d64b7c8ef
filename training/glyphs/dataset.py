# SPDX-License-Identifier: MIT
"""Glyphs as 28 x 28 images: the letters and digits of many fonts, with jitter, from a seed.

All glyphs of a font have one scale and one baseline, so that c and C, o and O differ. Values are in
[-1, 1], ink is 1."""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SIDE = 28
FINE = 4  # rendered this much larger, then reduced
CAP_HEIGHT = 17.0
BASELINE = 21.0
FONTS = pathlib.Path("/usr/share/fonts")


def font_files() -> list[pathlib.Path]:
    files = []
    for line in (pathlib.Path(__file__).parent / "fonts.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        package, name = line.split()
        if not (FONTS / name).is_file():
            sys.exit(f"{FONTS / name} is missing: apt-get install {package}")
        files.append(FONTS / name)
    return files


def scaled(file: pathlib.Path) -> ImageFont.FreeTypeFont:
    """The font at the size at which H is CAP_HEIGHT high."""
    left, top, right, bottom = ImageFont.truetype(file, 400).getbbox("H", anchor="ls")
    return ImageFont.truetype(file, round(400 * CAP_HEIGHT * FINE / (bottom - top)))


def drawn(font: ImageFont.FreeTypeFont, letter: str) -> Image.Image:
    """The glyph on a large sheet, centred from left to right, on its baseline."""
    size = SIDE * FINE
    sheet = Image.new("L", (2 * size, 2 * size))
    left, _, right, _ = font.getbbox(letter, anchor="ls")
    at = (size - (left + right) / 2, size / 2 + BASELINE * FINE)
    ImageDraw.Draw(sheet).text(at, letter, fill=255, font=font, anchor="ls")
    return sheet


def jittered(sheet: Image.Image, random: np.random.Generator) -> np.ndarray:
    """A rotated, slanted, scaled and shifted view of the middle of a sheet, uint8[SIDE][SIDE]."""
    angle, slant = np.radians(random.uniform(-4, 4)), random.uniform(-0.08, 0.08)
    wide, high = random.uniform(0.92, 1.08, 2)
    shift = random.uniform(-1, 1, 2) * FINE
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1 / wide, slant], [0, 1 / high]])
    size = SIDE * FINE
    middle = np.array([size / 2, size / 2])
    offset = np.array([size, size]) - matrix @ (middle + shift)
    view = sheet.transform(
        (size, size), Image.Transform.AFFINE, (*matrix[0], offset[0], *matrix[1], offset[1]),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(view.resize((SIDE, SIDE), Image.Resampling.BOX))


def render(seed: int, views: int) -> tuple[np.ndarray, np.ndarray]:
    """images uint8[n][SIDE][SIDE] and labels int64[n]: `views` of each glyph of each font."""
    random = np.random.default_rng(seed)
    images, labels = [], []
    for file in font_files():
        font = scaled(file)
        for label, letter in enumerate(LABELS):
            sheet = drawn(font, letter)
            images += [jittered(sheet, random) for _ in range(views)]
            labels += [label] * views
    return np.stack(images), np.array(labels)
