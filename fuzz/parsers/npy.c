/* SPDX-License-Identifier: MIT */
/* .npy files: of floats, of integers, and as a data set that is a model. */
#include "input.h"
#include "models/model.h"
#include "io/npy.h"

#include <stdlib.h>

#define MOST 4096

static void read_floats(const char *path)
{
    struct quell_npy npy;
    double values[MOST];
    if (quell_npy_open(&npy, path)) return;
    size_t half = npy.values < MOST ? npy.values / 2 : MOST / 2;
    if (!quell_npy_doubles(&npy, half, values) && !quell_npy_skip(&npy, npy.values > half))
        (void)quell_npy_doubles(&npy, npy.values - npy.taken < MOST ? npy.values - npy.taken : MOST,
                                values);
    quell_npy_close(&npy);
}

static void read_integers(const char *path)
{
    struct quell_npy npy;
    int64_t values[MOST];
    if (quell_npy_open_integers(&npy, path)) return;
    (void)quell_npy_integers(&npy, npy.values < MOST ? npy.values : MOST, values);
    quell_npy_close(&npy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = input_file(data, size);
    quell_model *model = calloc(1, sizeof *model);
    if (!model) return 0;
    read_floats(path);
    read_integers(path);
    (void)quell_model_read_points(model, path);
    quell_model_free(model);
    return 0;
}
