/* SPDX-License-Identifier: MIT */
/* What the tests of models share: posterior means to compare by, and .npy files. */
#ifndef QUELL_TESTS_MODEL_FILES_H
#define QUELL_TESTS_MODEL_FILES_H

#include <quell/quell.h>
#include "scratch.h"

/* Ends the test unless both have the same kind, and give the same posterior means of five points
 * at two levels of noise, bit for bit. */
void denoisers_same(const quell_denoiser *a, const quell_denoiser *b, const char *what);

/* The same for the posterior means alone. */
void denoisers_agree(const quell_denoiser *a, const quell_denoiser *b, const char *what);

/* Writes an .npy file of float64. */
struct scratch_path write_doubles(const struct scratch *scratch, const char *name,
                                  const char *shape, const double *data, size_t count);

/* The beginning of descriptions. */
#define GAUSSIAN "{\"kind\": \"gaussian\", "
#define MIXTURE "{\"kind\": \"mixture\", \"weights\": [1, 2], \"means\": [[0, 1], [2, 3]], "

#endif
