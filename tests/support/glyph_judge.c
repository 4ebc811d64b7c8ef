/* SPDX-License-Identifier: MIT */
#include "glyph_judge.h"

#include <stddef.h>

enum { MEANS = GLYPH_SIDE / 2 };

const char glyph_labels[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const char glyph_merged[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabCdefghijkImnOpqrStuVWXyZOI23456789";

/* A weight w is the letter of the code w + 79, row by row. */
static const struct {
    int bias;
    const char *weights;
} judge[GLYPH_CLASSES] = {
#include "glyph_classifier.inc"
};

static double clipped(float value) { return value < -1 ? -1 : value > 1 ? 1 : (double)value; }

char glyph_judged(const float *x)
{
    double best = -1e300;
    size_t found = 0;
    for (size_t k = 0; k < GLYPH_CLASSES; k++) {
        double score = judge[k].bias;
        for (size_t i = 0; i < GLYPH_DIM; i++) {
            int weight = judge[k].weights[i / GLYPH_SIDE / 2 * MEANS + i % GLYPH_SIDE / 2] - 79;
            score += weight * clipped(x[i]) / 4;
        }
        if (score > best) best = score, found = k;
    }
    return glyph_merged[found];
}
