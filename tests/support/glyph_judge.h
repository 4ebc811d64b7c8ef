/* SPDX-License-Identifier: MIT */
/* Which letter an image is: a linear classifier of 14 x 14 means decides, that was trained on
 * rendered fonts and never saw a sample (training/glyphs/check.py). */
#ifndef QUELL_TESTS_GLYPH_JUDGE_H
#define QUELL_TESTS_GLYPH_JUDGE_H

enum { GLYPH_CLASSES = 62, GLYPH_SIDE = 28, GLYPH_DIM = GLYPH_SIDE * GLYPH_SIDE };

/* The letters in the order of builtin:glyphs' classes. */
extern const char glyph_labels[];

/* What the judge should say of each class. Classes that cannot be told apart in every font are one:
 * that of the first of them. */
extern const char glyph_merged[];

/* Returns one of glyph_merged. x: GLYPH_DIM elements. */
char glyph_judged(const float *x);

#endif
