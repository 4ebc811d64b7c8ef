/* SPDX-License-Identifier: MIT */
#include "model_files.h"
#include "harness.h"
#include "models.h"

#include <stdio.h>
#include <string.h>

#define ROWS 5
#define MOST_DIM 1024

/* Posterior means of fixed points, at two levels of noise. */
static void denoise(const quell_denoiser *denoiser, float *out)
{
    size_t dim = quell_denoiser_dim(denoiser);
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 1);
    quell_draw draw = quell_draw_defaults();
    static float x[ROWS * MOST_DIM];
    draw.count = ROWS;
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    MUST(quell_denoise(sampler, &draw, NULL, 0.1, x, out));
    MUST(quell_denoise(sampler, &draw, NULL, 0.9, x, out + ROWS * dim));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

void denoisers_agree(const quell_denoiser *a, const quell_denoiser *b, const char *what)
{
    static float left[2 * ROWS * MOST_DIM], right[2 * ROWS * MOST_DIM];
    size_t dim = quell_denoiser_dim(a);
    CHECK(dim == quell_denoiser_dim(b) && dim <= MOST_DIM, "%s: dim", what);
    denoise(a, left);
    denoise(b, right);
    CHECK(!memcmp(left, right, 2 * ROWS * dim * sizeof *left), "%s: other bits", what);
}

void denoisers_same(const quell_denoiser *a, const quell_denoiser *b, const char *what)
{
    CHECK(!strcmp(quell_denoiser_kind(a), quell_denoiser_kind(b)), "%s: %s, not %s", what,
          quell_denoiser_kind(a), quell_denoiser_kind(b));
    denoisers_agree(a, b, what);
}

/* The header's text has 118 letters, so that the data begin at 128. */
struct scratch_path write_doubles(const struct scratch *scratch, const char *name,
                                  const char *shape, const double *data, size_t count)
{
    char file[2048] = "\x93NUMPY\1\0\x76";
    memset(file + 10, ' ', 118);
    int length =
        sprintf(file + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }", shape);
    file[10 + length] = ' ';
    file[127] = '\n';
    memcpy(file + 128, data, count * sizeof *data);
    return scratch_write(scratch, name, file, 128 + count * sizeof *data);
}
