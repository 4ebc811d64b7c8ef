/* SPDX-License-Identifier: MIT */
/* Small networks of the families that people use, as quell.export wrote them: their outputs beside
 * PyTorch's in float64, at most four times as far as PyTorch's own float32. Files and numbers are
 * made by tests/reference/families.py. */
#include "harness.h"
#include "models.h"
#include "models/program_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INPUTS = 4, MOST_OUTPUT = 4096 };

/* own: how far PyTorch's float32 is from float64, relative to the largest output. */
struct family {
    const char *name, *program;
    struct {
        const char *name;
        const double *values;
    } input[MOST_INPUTS];
    const double *y;
    size_t count;
    double own;
};

#include "families.inc"

/* Writes the values of an input of that shape. */
static void fill(const struct family *family, const struct quell_program_file *program, size_t i,
                 float *out)
{
    const char *name = quell_program_file_input(program, i);
    const double *values = NULL;
    const size_t *shape;
    size_t count = 1, rank = quell_program_file_shape(program, i, &shape);
    for (size_t d = 0; d < rank; d++) count *= shape[d];
    for (size_t k = 0; k < MOST_INPUTS && family->input[k].name; k++)
        if (!strcmp(family->input[k].name, name)) values = family->input[k].values;
    CHECK(values, "%s has an input %s", family->name, name);
    for (size_t k = 0; k < count; k++) out[k] = (float)values[k];
}

static void check_family(const struct family *family)
{
    char path[1024];
    static float y[MOST_OUTPUT], given[MOST_INPUTS][MOST_OUTPUT];
    const float *inputs[MOST_INPUTS] = {given[0], given[1], given[2], given[3]};
    struct quell_program_file *program = NULL;
    snprintf(path, sizeof path, "%s/families/%s.safetensors", getenv("QUELL_PROGRAMS"),
             family->name);
    MUST(quell_program_file_open(&program, path, family->program));
    for (size_t i = 0; i < MOST_INPUTS && quell_program_file_input(program, i); i++)
        fill(family, program, i, given[i]);
    MUST(quell_program_file_run(program, inputs, y));
    double largest = 0, worst = 0;
    for (size_t i = 0; i < family->count; i++) {
        double off = fabs((double)y[i] - family->y[i]), size = fabs(family->y[i]);
        if (size > largest) largest = size;
        if (!(off <= worst)) worst = off;
    }
    CHECK(worst <= (4 * family->own + 1e-6) * largest, "%s: %.1e off, PyTorch %.1e", family->name,
          worst / largest, family->own);
    quell_program_file_free(program);
}

TEST(program_families, are_pytorchs)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_family(&families[i]);
}
