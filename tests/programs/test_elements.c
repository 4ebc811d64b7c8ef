/* SPDX-License-Identifier: MIT */
/* The kinds that move elements, over random shapes, against their definitions taken literally,
 * to the bit. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TRIALS ((int)by_effort(40, 120, 120))

static void list_text(char *text, size_t size, size_t count, const long *list)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (size_t d = 0; d < count; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%ld", d ? ", " : "", list[d]);
    snprintf(text + used, size - used, "]");
}

/* Checks a move or the like of one array: y[i] = a[from(i)]. */
static void check_moved(const char *text, struct array *a, struct array *y)
{
    check_instruction(text, 1, a, 0, y, 0);
    check_instruction(text, 1, a, 1, y, 0);
    array_free(a);
    array_free(y);
}

TEST(program_elements, reshape)
{
    struct chance chance = {12};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a = array_of_any_shape(&chance, 0, 5), y;
        long shape[4] = {1, (long)a.count, 1, 1};
        if (a.count % 2 == 0) shape[0] = 2, shape[1] /= 2;
        if (a.count % 6 == 0) shape[2] = 3, shape[1] /= 3;
        size_t size[4];
        for (int d = 0; d < 4; d++) size[d] = (size_t)shape[d];
        y = array_new(4, size);
        memcpy(y.at, a.at, a.count * sizeof *a.at);
        char list[96], text[256];
        list_text(list, sizeof list, 4, shape);
        snprintf(text, sizeof text, "{'move': ['a'], 'form': 'reshape', 'shape': %s}", list);
        check_moved(text, &a, &y);
    }
}

TEST(program_elements, permute)
{
    struct chance chance = {13};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a = array_of_any_shape(&chance, 0, 6);
        long order[MOST_RANK];
        size_t size[MOST_RANK];
        for (size_t d = 0; d < a.rank; d++) order[d] = (long)d;
        for (size_t d = a.rank; d-- > 1;) {
            size_t other = chance_whole(&chance, 0, d);
            long swap = order[d];
            order[d] = order[other], order[other] = swap;
        }
        for (size_t d = 0; d < a.rank; d++) size[d] = a.size[order[d]];
        struct array y = array_new(a.rank, size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK], from[MOST_RANK];
            array_split(&y, i, at);
            for (size_t d = 0; d < a.rank; d++) from[order[d]] = at[d];
            y.at[i] = a.at[array_flat(&a, from)];
        }
        char list[96], text[256];
        list_text(list, sizeof list, a.rank, order);
        snprintf(text, sizeof text, "{'move': ['a'], 'form': 'permute', 'order': %s}", list);
        check_moved(text, &a, &y);
    }
}

TEST(program_elements, slice_and_put)
{
    struct chance chance = {14};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a[2] = {array_of_any_shape(&chance, 1, 5)};
        size_t dim = chance_whole(&chance, 0, a[0].rank - 1), size[MOST_RANK];
        size_t start = chance_whole(&chance, 0, a[0].size[dim] - 1);
        size_t stop = chance_whole(&chance, start + 1, a[0].size[dim]);
        size_t step = chance_whole(&chance, 1, 3), made = 0;
        for (size_t at = start; at < stop; at += step) made++;
        for (size_t d = 0; d < a[0].rank; d++) size[d] = d == dim ? made : a[0].size[d];
        struct array part = array_new(a[0].rank, size), whole_one;
        a[1] = array_random(&chance, a[0].rank, size);
        whole_one = array_new(a[0].rank, a[0].size);
        memcpy(whole_one.at, a[0].at, a[0].count * sizeof *a[0].at);
        for (size_t i = 0; i < part.count; i++) {
            long at[MOST_RANK];
            array_split(&part, i, at);
            at[dim] = (long)start + at[dim] * (long)step;
            part.at[i] = a[0].at[array_flat(&a[0], at)];
            whole_one.at[array_flat(&a[0], at)] = a[1].at[i];
        }
        char text[256];
        snprintf(text, sizeof text,
                 "{'move': ['a', 'b'], 'form': 'put', 'dim': %zu, 'start': %zu, 'stop': %zu, "
                 "'step': %zu}",
                 dim, start, stop, step);
        check_instruction(text, 2, a, (unsigned)trial % 4, &whole_one, 0);
        snprintf(text, sizeof text,
                 "{'move': ['a'], 'form': 'slice', 'dim': %zu, 'start': %zu, 'stop': %zu, "
                 "'step': %zu}",
                 dim, start, stop, step);
        check_moved(text, &a[0], &part);
        array_free(&a[1]);
        array_free(&whole_one);
    }
}

TEST(program_elements, flip)
{
    struct chance chance = {15};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a = array_of_any_shape(&chance, 1, 5), y = array_new(a.rank, a.size);
        long dims[MOST_RANK];
        size_t count = 0;
        bool turned[MOST_RANK] = {0};
        for (size_t d = 0; d < a.rank; d++)
            if (chance_whole(&chance, 0, 1)) turned[d] = true, dims[count++] = (long)d;
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            array_split(&y, i, at);
            for (size_t d = 0; d < a.rank; d++)
                if (turned[d]) at[d] = (long)a.size[d] - 1 - at[d];
            y.at[i] = a.at[array_flat(&a, at)];
        }
        char list[96], text[256];
        list_text(list, sizeof list, count, dims);
        snprintf(text, sizeof text, "{'move': ['a'], 'form': 'flip', 'dims': %s}", list);
        check_moved(text, &a, &y);
    }
}

/* repeat: the whole again and again; nearest: every element; expand: sizes 1, and new
 * dimensions. */
static void repeat_how(struct chance *chance, const char *how)
{
    bool nearest = !strcmp(how, "nearest"), expand = !strcmp(how, "expand");
    struct array a = array_of_any_shape(chance, 0, 4);
    size_t extra = expand ? chance_whole(chance, 0, 2) : 0, size[MOST_RANK];
    long list[MOST_RANK];
    for (size_t d = 0; d < extra; d++) size[d] = chance_whole(chance, 1, 3);
    for (size_t d = 0; d < a.rank; d++) {
        list[d] = (long)chance_whole(chance, 1, 3);
        size[extra + d] = a.size[d] * (expand && a.size[d] > 1 ? 1 : (size_t)list[d]);
    }
    struct array y = array_new(extra + a.rank, size);
    for (size_t i = 0; i < y.count; i++) {
        long at[MOST_RANK];
        array_split(&y, i, at);
        for (size_t d = 0; d < a.rank; d++)
            at[extra + d] = nearest ? at[extra + d] / list[d] : at[extra + d] % (long)a.size[d];
        y.at[i] = a.at[array_flat(&a, at + extra)];
    }
    for (size_t d = 0; expand && d < y.rank; d++) list[d] = (long)y.size[d];
    char numbers[96], text[256];
    list_text(numbers, sizeof numbers, y.rank, list);
    if (nearest)
        snprintf(text, sizeof text, "{'nearest': ['a'], 'factors': %s}", numbers);
    else
        snprintf(text, sizeof text, "{'move': ['a'], 'form': '%s', '%s': %s}", how,
                 expand ? "shape" : "counts", numbers);
    check_moved(text, &a, &y);
}

TEST(program_elements, repeat_expand_nearest)
{
    struct chance chance = {16};
    for (int trial = 0; trial < TRIALS; trial++) {
        repeat_how(&chance, "repeat");
        repeat_how(&chance, "expand");
        repeat_how(&chance, "nearest");
    }
}

TEST(program_elements, concat)
{
    struct chance chance = {17};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array shape = array_of_any_shape(&chance, 1, 5), a[4];
        size_t dim = chance_whole(&chance, 0, shape.rank - 1), size[MOST_RANK];
        size_t count = chance_whole(&chance, 1, 4), all = 0;
        memcpy(size, shape.size, sizeof size);
        for (size_t k = 0; k < count; k++) {
            size[dim] = chance_whole(&chance, 1, 4);
            all += size[dim];
            a[k] = array_random(&chance, shape.rank, size);
        }
        size[dim] = all;
        struct array y = array_new(shape.rank, size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            size_t k = 0;
            array_split(&y, i, at);
            while (at[dim] >= (long)a[k].size[dim]) at[dim] -= (long)a[k++].size[dim];
            y.at[i] = a[k].at[array_flat(&a[k], at)];
        }
        static const char *const operands[] = {"'a'", "'a', 'b'", "'a', 'b', 'c'",
                                               "'a', 'b', 'c', 'd'"};
        char text[256];
        snprintf(text, sizeof text, "{'concat': [%s], 'dim': %zu}", operands[count - 1], dim);
        check_instruction(text, count, a, (unsigned)trial % 16, &y, 0);
        for (size_t k = 0; k < count; k++) array_free(&a[k]);
        array_free(&shape);
        array_free(&y);
    }
}

/* The element that lies at i, found by walking: a mirror turns back at the ends, a circle goes on
 * at the other one. */
static long walk(const char *mode, long i, long size)
{
    while (i < 0 || i >= size) {
        if (!strcmp(mode, "constant")) return -1;
        if (!strcmp(mode, "circular")) i += i < 0 ? size : -size;
        if (!strcmp(mode, "replicate")) i += i < 0 ? 1 : -1;
        if (!strcmp(mode, "reflect")) i = i < 0 ? -i : 2 * size - 2 - i;
    }
    return i;
}

TEST(program_elements, pad)
{
    static const char *const modes[] = {"constant", "circular", "reflect", "replicate"};
    struct chance chance = {18};
    for (int trial = 0; trial < 4 * TRIALS; trial++) {
        struct array a = array_of_any_shape(&chance, 1, 4);
        const char *mode = modes[trial % 4];
        long before[MOST_RANK], after[MOST_RANK];
        size_t size[MOST_RANK];
        for (size_t d = 0; d < a.rank; d++) {
            long own = (long)a.size[d], limit = trial % 4 == 1 ? own : trial % 4 == 2 ? own - 1 : 4;
            if (limit > 4) limit = 4;
            before[d] = (long)chance_whole(&chance, 0, (size_t)limit + 1) - 1;
            after[d] = (long)chance_whole(&chance, 0, (size_t)limit + 1) - 1;
            if (before[d] + own + after[d] < 1) before[d] = after[d] = 0;
            size[d] = (size_t)(before[d] + own + after[d]);
        }
        struct array y = array_new(a.rank, size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK];
            bool inside = true;
            array_split(&y, i, at);
            for (size_t d = 0; d < a.rank; d++) {
                at[d] = walk(mode, at[d] - before[d], (long)a.size[d]);
                inside &= at[d] >= 0;
            }
            y.at[i] = inside ? a.at[array_flat(&a, at)] : 1.5;
        }
        char first[96], last[96], text[384];
        list_text(first, sizeof first, a.rank, before);
        list_text(last, sizeof last, a.rank, after);
        snprintf(text, sizeof text, "{'pad': ['a'], 'mode': '%s', 'before': %s, 'after': %s%s}",
                 mode, first, last, trial % 4 ? "" : ", 'value': 1.5");
        check_moved(text, &a, &y);
    }
}

TEST(program_elements, gather)
{
    struct chance chance = {19};
    for (int trial = 0; trial < TRIALS; trial++) {
        struct array a[2] = {array_of_any_shape(&chance, 1, 4), array_of_any_shape(&chance, 0, 3)};
        size_t dim = chance_whole(&chance, 0, a[0].rank - 1), rank = 0, size[MOST_RANK];
        for (size_t i = 0; i < a[1].count; i++)
            a[1].at[i] = (double)chance_whole(&chance, 0, a[0].size[dim] - 1);
        bool wrong = trial % 5 == 0;
        if (wrong) a[1].at[0] = trial % 10 ? -1 : 0.5;
        for (size_t d = 0; d < dim; d++) size[rank++] = a[0].size[d];
        for (size_t d = 0; d < a[1].rank; d++) size[rank++] = a[1].size[d];
        for (size_t d = dim + 1; d < a[0].rank; d++) size[rank++] = a[0].size[d];
        struct array y = array_new(rank, size);
        for (size_t i = 0; i < y.count; i++) {
            long at[MOST_RANK], from[MOST_RANK];
            array_split(&y, i, at);
            double index = a[1].at[array_flat(&a[1], at + dim)];
            from[dim] = (long)index;
            for (size_t d = 0; d < dim; d++) from[d] = at[d];
            for (size_t d = dim + 1; d < a[0].rank; d++) from[d] = at[d - 1 + a[1].rank];
            y.at[i] =
                index < 0 || index != floor(index) ? (double)NAN : a[0].at[array_flat(&a[0], from)];
        }
        char text[128];
        snprintf(text, sizeof text, "{'gather': ['a', 'b'], 'dim': %zu}", dim);
        check_instruction(text, 2, a, wrong ? 0 : (unsigned)trial % 4, &y, 0);
        array_free(&a[0]);
        array_free(&a[1]);
        array_free(&y);
    }
}
