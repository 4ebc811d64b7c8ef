/* SPDX-License-Identifier: MIT */
/* The kinds that sum over sets and windows, over random shapes, against their formulas in
 * docs/programs.md taken literally, in double. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BOUND 2e-6
#define TRIALS ((int)by_effort(40, 100, 100))

/* At most some hundred elements, since the twins compare each with each. */
static struct array random_array(struct chance *chance, size_t least, size_t most)
{
    size_t size[MOST_RANK], rank = chance_whole(chance, least, most), count = 1;
    for (size_t d = 0; d < rank; d++)
        size[d] = chance_whole(chance, 0, 3) ? chance_whole(chance, 1, 5) : 1;
    if (!chance_whole(chance, 0, 5)) size[chance_whole(chance, 0, rank - 1)] = 257;
    for (size_t d = 0; d < rank; d++) count *= size[d];
    for (size_t d = 0; d < rank && count > 600; d++)
        if (size[d] < 257) count /= size[d], size[d] = 1;
    return array_random(chance, rank, size);
}

/* Random dimensions, ascending. */
static size_t random_dims(struct chance *chance, size_t rank, size_t *dims)
{
    size_t count = 0;
    for (size_t d = 0; d < rank; d++)
        if (chance_whole(chance, 0, 1)) dims[count++] = d;
    if (!count) dims[count++] = chance_whole(chance, 0, rank - 1);
    return count;
}

static void dims_text(char text[64], size_t count, const size_t *dims)
{
    size_t used = (size_t)snprintf(text, 64, "[");
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, 64 - used, "%s%zu", i ? ", " : "", dims[i]);
    snprintf(text + used, 64 - used, "]");
}

/* Whether two elements are of one set: they differ in some dimensions only. */
static bool same_set(const struct array *a, size_t i, size_t j, size_t count, const size_t *dims)
{
    long left[MOST_RANK], right[MOST_RANK];
    array_split(a, i, left);
    array_split(a, j, right);
    for (size_t k = 0; k < count; k++) left[dims[k]] = right[dims[k]] = 0;
    return !memcmp(left, right, a->rank * sizeof *left);
}

/* Collects the set of element i, in order. Returns its size. */
static size_t set_of(const struct array *a, size_t i, size_t count, const size_t *dims, double *set)
{
    size_t n = 0;
    for (size_t j = 0; j < a->count; j++)
        if (same_set(a, i, j, count, dims)) set[n++] = a->at[j];
    return n;
}

static double reduced(const char *function, size_t n, const double *x, double correction)
{
    double sum = 0, squares = 0, most = x[0], least = x[0];
    size_t first = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        if (x[i] > most) most = x[first = i];
        if (x[i] < least) least = x[last = i];
    }
    bool var = !strcmp(function, "var");
    for (size_t i = 0; i < n; i++) squares += pow(x[i] - (var ? sum / (double)n : 0), 2);
    if (!strcmp(function, "sum")) return sum;
    if (!strcmp(function, "mean")) return sum / (double)n;
    if (var) return squares / ((double)n - correction);
    if (!strcmp(function, "norm")) return sqrt(squares);
    if (!strcmp(function, "max")) return most;
    if (!strcmp(function, "min")) return least;
    return (double)(!strcmp(function, "argmax") ? first : last);
}

static double set[1 << 12];

/* Whether an element is the first one of its set, which stands for the result. */
static bool leads(const struct array *a, size_t i, size_t count, const size_t *dims)
{
    long at[MOST_RANK];
    array_split(a, i, at);
    for (size_t k = 0; k < count; k++)
        if (at[dims[k]]) return false;
    return true;
}

TEST(program_sets, reduce)
{
    static const char *const names[] = {"sum", "mean", "var",    "norm",
                                        "max", "min",  "argmax", "argmin"};
    struct chance chance = {21};
    for (int trial = 0; trial < 2 * TRIALS; trial++) {
        const char *name = names[trial % 8];
        size_t dims[MOST_RANK], size[MOST_RANK] = {2050};
        struct array a = trial < 16 ? array_random(&chance, 1, size) : random_array(&chance, 1, 5);
        size_t count = random_dims(&chance, a.rank, dims), rank = 0,
               n = set_of(&a, 0, count, dims, set), written = 0;
        bool keep = trial % 3 == 0;
        size_t correction = trial % 8 == 2 && n > 1 && trial % 16 > 8;
        for (size_t d = 0, k = 0; d < a.rank; d++) {
            bool inner = k < count && dims[k] == d;
            k += inner;
            if (!inner || keep) size[rank++] = inner ? 1 : a.size[d];
        }
        struct array y = array_new(rank, size);
        for (size_t i = 0; i < a.count; i++) {
            if (!leads(&a, i, count, dims)) continue;
            set_of(&a, i, count, dims, set);
            y.at[written++] = reduced(name, n, set, (double)correction);
        }
        char list[64], text[192], extra[32] = "";
        dims_text(list, count, dims);
        if (correction) snprintf(extra, sizeof extra, ", 'correction': %zu", correction);
        snprintf(text, sizeof text, "{'reduce': ['a'], 'function': '%s', 'dims': %s, 'keep': %s%s}",
                 name, list, keep ? "true" : "false", extra);
        check_instruction(text, 1, &a, (unsigned)trial % 2, &y, BOUND);
        array_free(&a);
        array_free(&y);
    }
}

TEST(program_sets, softmax)
{
    struct chance chance = {22};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a = random_array(&chance, 1, 4), y = array_new(a.rank, a.size);
        size_t dim = chance_whole(&chance, 0, a.rank - 1);
        for (size_t i = 0; i < a.count; i++) a.at[i] *= 8;
        for (size_t i = 0; i < a.count; i++) {
            size_t n = set_of(&a, i, 1, &dim, set);
            double total = 0;
            for (size_t j = 0; j < n; j++) total += exp(set[j] - a.at[i]);
            y.at[i] = 1 / total;
        }
        char text[64];
        snprintf(text, sizeof text, "{'softmax': ['a'], 'dim': %zu}", dim);
        check_instruction(text, 1, &a, 0, &y, BOUND);
        array_free(&a);
        array_free(&y);
    }
}

/* (x - mean) / root of (v + epsilon) for the elements of a set, which holds x. */
static double standard(double x, size_t n, const double *of, bool centred, double correction,
                       double epsilon)
{
    double mean = 0, v = 0;
    for (size_t i = 0; i < n && centred; i++) mean += of[i] / (double)n;
    for (size_t i = 0; i < n; i++) v += (of[i] - mean) * (of[i] - mean);
    return (x - mean) / sqrt(v / ((double)n - correction) + epsilon);
}

static void finish_norm(struct chance *chance, struct array *a, struct array *y, const char *sets,
                        bool centred, size_t correction, int operands)
{
    size_t size[MOST_RANK];
    for (size_t d = 0; d < y->rank; d++) size[d] = chance_whole(chance, 0, 1) ? y->size[d] : 1;
    struct array all[3] = {*a, array_random(chance, y->rank, size),
                           array_random(chance, y->rank, size)};
    for (size_t i = 0; i < y->count; i++) {
        long at[MOST_RANK];
        array_split(y, i, at);
        for (size_t d = 0; d < y->rank; d++)
            if (size[d] == 1) at[d] = 0;
        if (operands > 1) y->at[i] *= all[1].at[array_flat(&all[1], at)];
        if (operands > 2) y->at[i] += all[2].at[array_flat(&all[1], at)];
    }
    static const char *const names[] = {"", "'a'", "'a', 'b'", "'a', 'b', 'c'"};
    char text[256];
    snprintf(text, sizeof text,
             "{'norm': [%s], %s, 'centred': %s, 'correction': %zu, 'epsilon': 0.001}",
             names[operands], sets, centred ? "true" : "false", correction);
    check_instruction(text, (size_t)operands, all, (unsigned)operands % 2 ? 6 : 0, y, BOUND);
    for (int k = 0; k < 3; k++) array_free(&all[k]);
    array_free(y);
}

TEST(program_sets, norm_over_dims)
{
    struct chance chance = {23};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a = random_array(&chance, 1, 5), y = array_new(a.rank, a.size);
        size_t dims[MOST_RANK], count = random_dims(&chance, a.rank, dims);
        bool centred = trial % 2;
        size_t correction = 0, n = set_of(&a, 0, count, dims, set);
        if (n > 1 && trial % 5 == 0) correction = 1;
        for (size_t i = 0; i < a.count; i++) {
            set_of(&a, i, count, dims, set);
            y.at[i] = standard(a.at[i], n, set, centred, (double)correction, 0.001f);
        }
        char list[64], sets[96];
        dims_text(list, count, dims);
        snprintf(sets, sizeof sets, "'dims': %s", list);
        finish_norm(&chance, &a, &y, sets, centred, correction, 1 + trial % 3);
    }
}

TEST(program_sets, norm_of_groups)
{
    struct chance chance = {24};
    for (int trial = 0; trial < TRIALS; trial++) {
        size_t groups = chance_whole(&chance, 1, 4), each = chance_whole(&chance, 1, 5);
        size_t rank = chance_whole(&chance, 1, 5), size[MOST_RANK] = {groups * each}, n = each;
        if (!chance_whole(&chance, 0, 9)) groups = 1, size[0] = n = each = 257;
        for (size_t d = 1; d < rank; d++) n *= size[d] = chance_whole(&chance, 1, 4);
        struct array a = array_random(&chance, rank, size), y = array_new(rank, size);
        for (size_t i = 0; i < a.count; i++)
            y.at[i] = standard(a.at[i], n, a.at + i / n * n, trial % 2, 0, 0.001f);
        char sets[32];
        snprintf(sets, sizeof sets, "'groups': %zu", groups);
        finish_norm(&chance, &a, &y, sets, trial % 2, 0, 1 + trial % 3);
    }
}

TEST(program_sets, pool)
{
    static const char *const names[] = {"mean", "sum", "max"};
    struct chance chance = {25};
    for (int trial = 0; trial < TRIALS;) {
        size_t spatial = chance_whole(&chance, 1, 3), size[4], made[4];
        long window[3], stride[3], before[3], after[3];
        bool fits = true;
        size[0] = made[0] = chance_whole(&chance, 1, 3);
        for (size_t d = 0; d < spatial; d++) {
            size[1 + d] = chance_whole(&chance, 1, 7);
            window[d] = (long)chance_whole(&chance, 1, 3);
            stride[d] = (long)chance_whole(&chance, 1, 3);
            before[d] = (long)chance_whole(&chance, 0, (size_t)window[d] - 1);
            after[d] = (long)chance_whole(&chance, 0, (size_t)window[d] - 1);
            long room = before[d] + (long)size[1 + d] + after[d] - window[d];
            fits &= room >= 0;
            made[1 + d] = room < 0 ? 1 : (size_t)(room / stride[d] + 1);
        }
        if (!fits) continue;
        const char *name = names[trial++ % 3];
        struct array a = array_random(&chance, 1 + spatial, size), y = array_new(1 + spatial, made);
        for (size_t i = 0; i < y.count; i++) {
            long at[4], taps = 1;
            double sum = 0, most = -INFINITY;
            array_split(&y, i, at);
            for (size_t d = 0; d < spatial; d++) taps *= window[d];
            for (size_t j = 0; j < a.count; j++) {
                long from[4];
                array_split(&a, j, from);
                bool inside = from[0] == at[0];
                for (size_t d = 0; d < spatial; d++) {
                    long offset = from[1 + d] - (at[1 + d] * stride[d] - before[d]);
                    inside &= offset >= 0 && offset < window[d];
                }
                if (inside) sum += a.at[j], most = fmax(most, a.at[j]);
            }
            y.at[i] = *name == 's' ? sum : name[1] == 'a' ? most : sum / (double)taps;
        }
        char text[384];
        int used = snprintf(text, sizeof text, "{'pool': ['a'], 'function': '%s'", name);
        const long *const lists[] = {window, stride, before, after};
        static const char *const words[] = {"window", "stride", "before", "after"};
        for (int k = 0; k < 4; k++) {
            used += snprintf(text + used, sizeof text - (size_t)used, ", '%s': [", words[k]);
            for (size_t d = 0; d < spatial; d++)
                used += snprintf(text + used, sizeof text - (size_t)used, "%s%ld", d ? ", " : "",
                                 lists[k][d]);
            used += snprintf(text + used, sizeof text - (size_t)used, "]");
        }
        snprintf(text + used, sizeof text - (size_t)used, "}");
        check_instruction(text, 1, &a, (unsigned)trial % 2, &y, BOUND);
        array_free(&a);
        array_free(&y);
    }
}

/* The piecewise linear function through x[0 ... n - 1] at a place, constant beyond its ends. */
static double line(double place, long n, long at, double x)
{
    double apart = fabs(fmin(fmax(place, 0), (double)n - 1) - (double)at);
    return apart < 1 ? (1 - apart) * x : 0;
}

/* A window of which nearly all lies outside takes no time. */
TEST(program_sets, pool_with_a_huge_window)
{
    const size_t size[] = {1, 2};
    struct array a = array_new(2, size), y = array_new(2, size);
    a.at[0] = 0.5, a.at[1] = 0.25;
    y.at[0] = 0.5, y.at[1] = 0.75;
    check_instruction("{'pool': ['a'], 'function': 'sum', 'window': [1000000000], 'before': "
                      "[999999999], 'stride': [1]}",
                      1, &a, 0, &y, 0);
    array_free(&a);
    array_free(&y);
}

TEST(program_sets, interpolate)
{
    struct chance chance = {26};
    for (int trial = 0; trial < TRIALS; trial++) {
        size_t lead = chance_whole(&chance, 0, 2), count = chance_whole(&chance, 1, 3);
        size_t size[5], made[5], rank = lead + count;
        bool corners = trial % 2;
        for (size_t d = 0; d < rank; d++) {
            size[d] = made[d] = chance_whole(&chance, 1, 5);
            if (d >= lead) made[d] = chance_whole(&chance, 1, 7);
        }
        struct array a = array_random(&chance, rank, size), y = array_new(rank, made);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            for (size_t j = 0; j < a.count; j++) {
                long from[MOST_RANK];
                double part = a.at[j];
                array_split(&a, j, from);
                for (size_t d = 0; d < rank; d++) {
                    double n = (double)size[d], m = (double)made[d], o = (double)at[d];
                    double place =
                        corners ? (m > 1 ? o * (n - 1) / (m - 1) : 0) : (o + 0.5) * n / m - 0.5;
                    part = d < lead ? (from[d] == at[d] ? part : 0)
                                    : line(place, (long)size[d], from[d], part);
                }
                y.at[i] += part;
            }
        }
        char list[64], text[128];
        dims_text(list, count, made + lead);
        snprintf(text, sizeof text, "{'interpolate': ['a'], 'sizes': %s, 'corners': %s}", list,
                 corners ? "true" : "false");
        check_instruction(text, 1, &a, (unsigned)(trial / 2) % 2, &y, BOUND);
        array_free(&a);
        array_free(&y);
    }
}
