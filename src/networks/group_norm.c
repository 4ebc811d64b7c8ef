/* SPDX-License-Identifier: MIT */
#include "networks/group_norm.h"

#include <math.h>

/* The number of positions that are summed in float32, in order for each channel, before the sum is
 * added to a double: a map can have more positions than float32 sums accurately. */
#define BLOCK 32

/* total: one number for each group; the other arrays: one for each channel. */
struct work {
    double *total;
    float *sum, *mean, *scale, *shift;
};

size_t quell_group_norm_floats(size_t channels) { return 6 * channels; }

static struct work lay_out(const struct quell_group_norm *n)
{
    float *rest = n->scratch + 2 * n->channels;
    return (struct work){(double *)(void *)n->scratch, rest, rest + n->channels,
                         rest + 2 * n->channels, rest + 3 * n->channels};
}

/* sum[c] = sum of x_c over some positions; with `mean`, of (x_c - mean_c)^2. */
static void add_block(const struct quell_group_norm *n, const float *x, size_t positions,
                      const float *mean, float *sum)
{
    for (size_t c = 0; c < n->channels; c++) sum[c] = 0;
    for (size_t i = 0; i < positions && mean; i++)
        for (size_t c = 0; c < n->channels; c++) {
            float apart = x[i * n->row + c] - mean[c];
            sum[c] += apart * apart;
        }
    for (size_t i = 0; i < positions && !mean; i++)
        for (size_t c = 0; c < n->channels; c++) sum[c] += x[i * n->row + c];
}

/* Sets total[group] to the mean of x over the group, or of (x - mean)^2. */
static void find_moments(const struct quell_group_norm *n, const struct work *work,
                         const float *mean)
{
    size_t each = n->channels / n->groups;
    for (size_t g = 0; g < n->groups; g++) work->total[g] = 0;
    for (size_t i = 0; i < n->positions; i += BLOCK) {
        size_t positions = n->positions - i < BLOCK ? n->positions - i : BLOCK;
        add_block(n, n->x + i * n->row, positions, mean, work->sum);
        for (size_t c = 0; c < n->channels; c++) work->total[c / each] += (double)work->sum[c];
    }
    for (size_t g = 0; g < n->groups; g++) work->total[g] /= (double)(n->positions * each);
}

void quell_group_norm_apply(const struct quell_group_norm *n, const struct quell_kernels *kernels)
{
    struct work work = lay_out(n);
    size_t each = n->channels / n->groups;
    find_moments(n, &work, NULL);
    for (size_t c = 0; c < n->channels; c++) work.mean[c] = (float)work.total[c / each];
    find_moments(n, &work, work.mean);
    for (size_t c = 0; c < n->channels; c++) {
        double factor = 1 / sqrt(work.total[c / each] + (double)n->epsilon);
        work.scale[c] = (float)(factor * (double)n->scale[c]);
        work.shift[c] = n->shift[c] - work.mean[c] * work.scale[c];
    }
    for (size_t i = 0; i < n->positions; i++)
        kernels->affine(n->out + i * n->row, n->x + i * n->row, n->channels, work.scale,
                        work.shift);
}
