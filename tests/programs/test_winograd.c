/* SPDX-License-Identifier: MIT */
/* Convolutions by Winograd's algorithm: to the bit as docs/programs.md says, operation by
 * operation, on every instruction set, by any number of workers; and close to the convolution. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE 8 /* the most elements of a tile along a dimension */

/* A convolution: sizes, and the tile of its result. pairs: half of it. */
struct setting {
    size_t in, out, size[2], tile, pairs;
    long before[2], after[2], made[2];
};

static const double points[4][3] = {{0}, {1}, {0.625, 1.5}, {0.5, 1, 2}};

/* The coefficients, from z^0 on, of the product of z - a^2 over all points a but one. */
static void coefficients(size_t pairs, size_t left_out, float *c)
{
    double product[4] = {1};
    for (size_t i = 0; i < pairs; i++) {
        if (i == left_out) continue;
        double square = points[pairs][i] * points[pairs][i];
        for (size_t j = 3; j > 0; j--) product[j] = product[j - 1] - square * product[j];
        product[0] *= -square;
    }
    for (size_t j = 0; j <= pairs; j++) c[j] = (float)product[j];
}

/* The sum of c[j] d[2 j] for j < count, from the last one, whose c is 1, down. */
static float descend(size_t count, const float *c, const float *d)
{
    float s = d[2 * (count - 1)];
    for (size_t j = count - 1; j-- > 0;) s = fmaf(c[j], d[2 * j], s);
    return s;
}

/* B: a line of the input. */
static void split(size_t pairs, const float *d, float *to)
{
    float c[4];
    coefficients(pairs, SIZE_MAX, c);
    to[0] = descend(pairs + 1, c, d);
    to[2 * pairs + 1] = descend(pairs + 1, c, d + 1);
    for (size_t i = 0; i < pairs; i++) {
        coefficients(pairs, i, c);
        float even = descend(pairs, c, d + 2), odd = descend(pairs, c, d + 1);
        to[1 + 2 * i] = fmaf((float)points[pairs][i], odd, even);
        to[2 + 2 * i] = fmaf(-(float)points[pairs][i], odd, even);
    }
}

/* G: a line of weights, in double. */
static void weigh(size_t pairs, const double *g, double *to)
{
    double at[7] = {0};
    for (size_t i = 0; i < pairs; i++) {
        at[1 + 2 * i] = points[pairs][i];
        at[2 + 2 * i] = -points[pairs][i];
    }
    for (size_t i = 0; i <= 2 * pairs; i++) {
        double distance = 1, p = at[i];
        for (size_t k = 0; k <= 2 * pairs; k++)
            if (k != i) distance *= p - at[k];
        to[i] = ((g[0] + p * p * g[2]) + p * g[1]) * (1 / distance);
    }
    to[2 * pairs + 1] = g[2];
}

/* A: a line of products. */
static void join(size_t pairs, const float *m, float *to)
{
    float sum[3], difference[3];
    size_t tile = 2 * pairs;
    for (size_t i = 0; i < pairs; i++) {
        sum[i] = m[1 + 2 * i] + m[2 + 2 * i];
        difference[i] = m[1 + 2 * i] - m[2 + 2 * i];
    }
    for (size_t j = 0; j < tile; j++) {
        const float *of = j % 2 ? difference : sum;
        float s = 0;
        for (size_t i = 0; i < pairs; i++) {
            float power = (float)pow(points[pairs][i], (double)j);
            if (i)
                s = fmaf(power, of[i], s);
            else if (j == 0)
                s = m[0] + of[i];
            else if (j + 1 == tile)
                s = fmaf(power, of[i], m[tile + 1]);
            else
                s = power * of[i];
        }
        to[j] = s;
    }
}

/* The Dot over channels, of one frequency of a tile. */
static float dot(size_t count, const float *a, const float *b)
{
    size_t block = 32;
    while (block * block < 4 * count) block *= 2;
    float total = 0;
    for (size_t from = 0; from < count; from += block) {
        float s = 0;
        for (size_t p = from; p < count && p < from + block; p++) s = fmaf(a[p], b[p], s);
        total += s;
    }
    return total;
}

static float seen(const struct setting *s, const struct array *x, size_t c, long y, long z)
{
    if (y < 0 || z < 0 || y >= (long)s->size[0] || z >= (long)s->size[1]) return 0;
    return (float)x->at[(c * s->size[0] + (size_t)y) * s->size[1] + (size_t)z];
}

/* Applies a transform along the columns of a square, and then along its rows. */
static void both(size_t pairs, void (*line)(size_t, const float *, float *), size_t from, size_t to,
                 float square[TILE][TILE])
{
    float in[TILE], out[TILE];
    for (size_t j = 0; j < from; j++) {
        for (size_t i = 0; i < from; i++) in[i] = square[i][j];
        line(pairs, in, out);
        for (size_t i = 0; i < to; i++) square[i][j] = out[i];
    }
    for (size_t i = 0; i < to; i++) {
        memcpy(in, square[i], sizeof in);
        line(pairs, in, square[i]);
    }
}

/* The weights of an output and an input channel. */
static void weigh_both(size_t pairs, const double *g, float to[TILE][TILE])
{
    double rows[TILE][3], in[3], out[TILE];
    for (size_t j = 0; j < 3; j++) {
        for (size_t i = 0; i < 3; i++) in[i] = g[3 * i + j];
        weigh(pairs, in, out);
        for (size_t i = 0; i < 2 * pairs + 2; i++) rows[i][j] = out[i];
    }
    for (size_t i = 0; i < 2 * pairs + 2; i++) {
        weigh(pairs, rows[i], out);
        for (size_t j = 0; j < 2 * pairs + 2; j++) to[i][j] = (float)out[j];
    }
}

/* The transformed weights of all output and input channels. */
static float (*weights_of(const struct setting *s, const struct array *w))[TILE][TILE]
{
    float(*u)[TILE][TILE] = malloc(s->out * s->in * sizeof *u);
    CHECK(u, "no memory");
    for (size_t i = 0; i < s->out * s->in; i++) weigh_both(s->pairs, w->at + i * 9, u[i]);
    return u;
}

#define MOST_CHANNELS 300

/* What the tile at (ty, tz) sees of every channel, transformed. */
static void inputs_of(const struct setting *s, const struct array *x, size_t ty, size_t tz,
                      float v[MOST_CHANNELS][TILE][TILE])
{
    size_t n = s->tile + 2;
    for (size_t c = 0; c < s->in; c++) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                v[c][i][j] = seen(s, x, c, (long)(ty * s->tile + i) - s->before[0],
                                  (long)(tz * s->tile + j) - s->before[1]);
        both(s->pairs, split, n, n, v[c]);
    }
}

/* The result of a tile and an output channel, whose weights are u. */
static void result_of(const struct setting *s, const float (*v)[TILE][TILE],
                      const float (*u)[TILE][TILE], float result[TILE][TILE])
{
    size_t n = s->tile + 2;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            float left[MOST_CHANNELS], right[MOST_CHANNELS];
            for (size_t c = 0; c < s->in; c++) left[c] = v[c][i][j], right[c] = u[c][i][j];
            result[i][j] = dot(s->in, left, right);
        }
    both(s->pairs, join, n, s->tile, result);
}

static struct array twin(const struct setting *s, const struct array *a, bool biased)
{
    static float v[MOST_CHANNELS][TILE][TILE];
    const size_t sizes[3] = {s->out, (size_t)s->made[0], (size_t)s->made[1]};
    struct array y = array_new(3, sizes);
    float(*u)[TILE][TILE] = weights_of(s, &a[1]), tile[TILE][TILE];
    for (size_t ty = 0; ty * s->tile < sizes[1]; ty++)
        for (size_t tz = 0; tz * s->tile < sizes[2]; tz++) {
            inputs_of(s, &a[0], ty, tz, v);
            for (size_t o = 0; o < s->out; o++) {
                result_of(s, v, u + o * s->in, tile);
                for (size_t i = 0; i < s->tile && ty * s->tile + i < sizes[1]; i++)
                    for (size_t j = 0; j < s->tile && tz * s->tile + j < sizes[2]; j++) {
                        if (biased) tile[i][j] += (float)a[2].at[o];
                        y.at[(o * sizes[1] + ty * s->tile + i) * sizes[2] + tz * s->tile + j] =
                            (double)tile[i][j];
                    }
            }
        }
    free(u);
    return y;
}

static struct array convolution(const struct setting *s, const struct array *a, bool biased)
{
    const size_t sizes[3] = {s->out, (size_t)s->made[0], (size_t)s->made[1]};
    struct array y = array_new(3, sizes);
    for (size_t i = 0; i < y.count; i++) {
        long at[MOST_RANK];
        array_split(&y, i, at);
        y.at[i] = biased ? a[2].at[at[0]] : 0;
        for (size_t c = 0; c < s->in; c++)
            for (long t = 0; t < 9; t++)
                y.at[i] += a[1].at[((size_t)at[0] * s->in + c) * 9 + (size_t)t] *
                           (double)seen(s, &a[0], c, at[1] + t / 3 - s->before[0],
                                        at[2] + t % 3 - s->before[1]);
    }
    return y;
}

static void choose(struct chance *chance, struct setting *s, size_t trial)
{
    static const size_t many[] = {1, 3, 16, 17, 24, 32, 40, 64};
    *s = (struct setting){.tile = 2 * (1 + trial % 3), .pairs = 1 + trial % 3};
    s->in = trial % 11 == 10 ? 257 : many[chance_whole(chance, 0, 7)];
    s->out = s->in == 257 ? 33 : many[chance_whole(chance, 0, 7)];
    for (size_t d = 0; d < 2; d++) {
        s->size[d] = chance_whole(chance, 3, s->in == 257 ? 8 : 21);
        s->before[d] = chance_whole(chance, 0, 3) ? 1 : (long)chance_whole(chance, 0, 3) - 1;
        s->after[d] = chance_whole(chance, 0, 3) ? 1 : (long)chance_whole(chance, 0, 3) - 1;
        s->made[d] = (long)s->size[d] + s->before[d] + s->after[d] - 2;
        if (s->made[d] < 1) s->before[d] = 1, s->after[d] = 1, s->made[d] = (long)s->size[d];
    }
}

static void check_bits(const struct array *got, const struct array *right, const char *what)
{
    CHECK(got->count == right->count, "%s: %zu elements, not %zu", what, got->count, right->count);
    for (size_t i = 0; i < got->count; i++)
        CHECK(got->at[i] == right->at[i], "%s: element %zu is %a, not %a", what, i, got->at[i],
              right->at[i]);
}

/* Every instruction set gives the bits of the twin; so do workers, and several samples. */
static void check_runs(const char *text, size_t count, const struct array *a, size_t trial,
                       const struct array *right)
{
    char what[512];
    struct many many = {.instructions = text,
                        .count = count,
                        .arrays = a,
                        .constants = trial % 4   ? 6
                                     : trial % 8 ? 7
                                                 : 0,
                        .workers = 1 + trial % 5};
    for (size_t i = 0; quell_kernels_at(i); i++) {
        many.kernels = quell_kernels_at(i);
        if (!quell_kernels_available(many.kernels)) continue;
        struct array got = run_program(&many);
        snprintf(what, sizeof what, "%s, %s, %zu workers", text, many.kernels->isa, many.workers);
        check_bits(&got, right, what);
        array_free(&got);
    }
}

static void write_instruction(char text[256], const struct setting *s, bool biased)
{
    snprintf(text, 256,
             "{'conv': ['a', 'b'%s], 'before': [%ld, %ld], 'after': [%ld, %ld], 'winograd': %zu}",
             biased ? ", 'c'" : "", s->before[0], s->before[1], s->after[0], s->after[1], s->tile);
}

TEST(program_winograd, bits)
{
    struct chance chance = {11};
    for (size_t trial = 0; trial < by_effort(12, 33, 33); trial++) {
        struct setting s;
        choose(&chance, &s, trial);
        const size_t x_size[3] = {s.in, s.size[0], s.size[1]}, w_size[4] = {s.out, s.in, 3, 3};
        struct array a[3] = {array_random(&chance, 3, x_size), array_random(&chance, 4, w_size),
                             array_random(&chance, 1, &s.out)};
        bool biased = chance_whole(&chance, 0, 1);
        struct array right = twin(&s, a, biased);
        char text[256];
        write_instruction(text, &s, biased);
        check_runs(text, biased ? 3 : 2, a, trial, &right);
        array_free(&right);
        for (int k = 0; k < 3; k++) array_free(&a[k]);
    }
}

/* The error, relative to the largest element, of random images of random weights. The tiles of the
 * usual points 1 and 2, and of 1, 2 and 4, would miss these bounds. */
TEST(program_winograd, error)
{
    static const double most[] = {6e-7, 1.5e-6, 7e-6};
    for (size_t k = 0; k < 3; k++)
        for (uint64_t seed = 1; seed < by_effort(2, 4, 4); seed++) {
            struct chance chance = {seed};
            struct setting s = {.in = 64, .out = 32, .tile = 2 * (k + 1), .pairs = k + 1};
            for (size_t d = 0; d < 2; d++) s.before[d] = s.after[d] = 1, s.size[d] = 12;
            s.made[0] = s.made[1] = 12;
            const size_t x_size[3] = {64, 12, 12}, w_size[4] = {32, 64, 3, 3};
            struct array a[2] = {array_random(&chance, 3, x_size),
                                 array_random(&chance, 4, w_size)};
            struct array right = convolution(&s, a, false);
            char text[256];
            write_instruction(text, &s, false);
            check_instruction(text, 2, a, 2, &right, most[k]);
            array_free(&right), array_free(&a[0]), array_free(&a[1]);
        }
}
