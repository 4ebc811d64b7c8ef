/* SPDX-License-Identifier: MIT */
/* Programs whose values are divided among workers by lines or by rows. Some instructions read the
 * parts of other workers, some only the worker's own, and the workers must wait for each other
 * accordingly. The bits are those of one worker. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TEXT = 3500 };

/* A block of a U-Net on `side` lines, to 24 channels at half of them and back. */
static const char block[] =
    "{'conv': ['x', 'b'], 'before': [1, 1], 'after': [1, 1]}, "                 /* 0 */
    "{'norm': [0], 'groups': %zu}, "                                            /* 1 */
    "{'map': [1], 'function': 'silu'}, "                                        /* 2 */
    "{'conv': [2, 'c'], 'before': [1, 1], 'after': [1, 1]%s}, "                 /* 3 */
    "{'map': [3, 0], 'function': 'add'}, "                                      /* 4 */
    "{'conv': [4, 'd'], 'before': [1, 1], 'after': [1, 1], 'stride': [2, 2]}, " /* 5 */
    "{'norm': [5], 'dims': [0], 'centred': false}, "                            /* 6 */
    "{'nearest': [6], 'factors': [1, 2, 2]}, "                                  /* 7 */
    "{'concat': [4, 7], 'dim': 0}, "                                            /* 8 */
    "{'norm': [8], 'groups': 6, 'centred': false}, "                            /* 9 */
    "{'conv': [9, 'e']}, "                                                      /* 10 */
    "{'move': [10], 'form': 'slice', 'dim': 0, 'start': 8, 'stop': 40}, "       /* 11 */
    "{'move': [11], 'form': 'reshape', 'shape': [32, %zu]}, "                   /* 12 */
    "{'move': [12], 'form': 'permute', 'order': [1, 0]}, "                      /* 13 */
    "{'norm': [13], 'dims': [1]}, "                                             /* 14 */
    "{'linear': [14, 'f']}, "                                                   /* 15 */
    "{'map': [15, 13], 'function': 'mul'}, "                                    /* 16 */
    "{'move': [16], 'form': 'permute', 'order': [1, 0]}, "                      /* 17 */
    "{'move': [17], 'form': 'reshape', 'shape': [32, %zu, %zu]}, "              /* 18 */
    "{'conv': [18, 'g'], 'before': [1, 1], 'after': [1, 1]%s}";                 /* 19 */

/* The same with whole weights, of which 'h' ... 'k' are the scales. */
static const char bytes[] =
    "{'conv_int8': ['x', 'b', 'h'], 'before': [1, 1], 'after': [1, 1]}, "
    "{'norm': [0], 'groups': %zu}, "
    "{'map': [1], 'function': 'silu'}, "
    "{'conv_int8': [2, 'c', 'h', 'h'], 'before': [1, 1], 'after': [1, 1]%s}, "
    "{'map': [3, 0], 'function': 'add'}, "
    "{'conv_int8': [4, 'd', 'i'], 'before': [1, 1], 'after': [1, 1], 'stride': [2, 2]}, "
    "{'norm': [5], 'dims': [0], 'centred': false}, "
    "{'nearest': [6], 'factors': [1, 2, 2]}, "
    "{'concat': [4, 7], 'dim': 0}, "
    "{'norm': [8], 'groups': 6, 'centred': false}, "
    "{'conv_int8': [9, 'e', 'h']}, "
    "{'move': [10], 'form': 'slice', 'dim': 0, 'start': 8, 'stop': 40}, "
    "{'move': [11], 'form': 'reshape', 'shape': [32, %zu]}, "
    "{'move': [12], 'form': 'permute', 'order': [1, 0]}, "
    "{'norm': [13], 'dims': [1]}, "
    "{'linear_int8': [14, 'f', 'j']}, "
    "{'map': [15, 13], 'function': 'mul'}, "
    "{'move': [16], 'form': 'permute', 'order': [1, 0]}, "
    "{'move': [17], 'form': 'reshape', 'shape': [32, %zu, %zu]}, "
    "{'conv_int8': [18, 'g', 'k'], 'before': [1, 1], 'after': [1, 1]%s}";

enum { OUTPUT = 19, ARRAYS = 11, FIRST_SCALE = 7 };

/* Whether two arrays are the same to the last bit; zeros of different signs are not told apart. */
static bool equal(const struct array *a, const struct array *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i] != b->at[i]) return false;
    return a->count == b->count;
}

static void make_whole(struct array *weights)
{
    for (size_t i = 0; i < weights->count; i++) weights->at[i] = nearbyint(127 * weights->at[i]);
}

static void check_sizes(struct chance *chance, const char *form, size_t lines, size_t across,
                        size_t groups, const char *way)
{
    const size_t size[ARRAYS][4] = {{3, lines, across},
                                    {48, 3, 3, 3},
                                    {48, 48, 3, 3},
                                    {24, 48, 3, 3},
                                    {48, 72, 1, 1},
                                    {32, 32},
                                    {3, 32, 3, 3},
                                    {48},
                                    {24},
                                    {32},
                                    {3}};
    const size_t rank[ARRAYS] = {3, 4, 4, 4, 4, 2, 4, 1, 1, 1, 1}, positions = lines * across;
    char text[MOST_TEXT];
    struct array arrays[ARRAYS];
    for (size_t i = 0; i < ARRAYS; i++) arrays[i] = array_random(chance, rank[i], size[i]);
    for (size_t i = 1; i < FIRST_SCALE && form == bytes; i++) make_whole(&arrays[i]);
    snprintf(text, sizeof text, form, groups, way, positions, lines, across, way);
    struct many many = {.instructions = text,
                        .output = OUTPUT,
                        .count = ARRAYS,
                        .arrays = arrays,
                        .constants = ~1u,
                        .x = &arrays[0],
                        .samples = 1,
                        .workers = 1};
    struct array right = run_program(&many);
    for (many.workers = 2; many.workers <= MOST_WORKERS; many.workers++) {
        if (!its_turn(many.workers, 2, lines / 4)) continue;
        struct array got = run_program(&many);
        CHECK(equal(&right, &got), "[%zu, %zu], %zu groups%s, %zu workers: other bits", lines,
              across, groups, way, many.workers);
        array_free(&got);
    }
    array_free(&right);
    for (size_t i = 0; i < ARRAYS; i++) array_free(&arrays[i]);
}

/* 48 channels in 16 groups: blocks of 1024 elements begin within a line. Tiles of 6 lines are seen
 * by two workers. */
TEST(divided, same_bits)
{
    struct chance chance = {5};
    check_sizes(&chance, block, 32, 32, 3, "");
    check_sizes(&chance, block, 32, 32, 16, ", 'winograd': 4");
    check_sizes(&chance, block, 24, 20, 4, ", 'winograd': 6");
    check_sizes(&chance, block, 16, 48, 3, ", 'winograd': 2");
    check_sizes(&chance, block, 28, 28, 6, ", 'winograd': 6");
    check_sizes(&chance, block, 14, 30, 1, "");
}

/* A worker knows the greatest element of its own lines alone, until all have met. */
TEST(divided, same_bytes)
{
    struct chance chance = {6};
    check_sizes(&chance, bytes, 32, 32, 3, "");
    check_sizes(&chance, bytes, 24, 20, 16, "");
    check_sizes(&chance, bytes, 14, 30, 1, "");
}

/* A norm over groups of a few channels, which is too small to be shared, between convolutions that
 * are shared: it must not read an image that still lies in parts. */
TEST(divided, small_norms)
{
    static const char small[] = "{'conv': ['x', 'b'], 'before': [1, 1], 'after': [1, 1]}, "
                                "{'norm': [0], 'groups': 4}, "
                                "{'conv': [1, 'c'], 'before': [1, 1], 'after': [1, 1]}, "
                                "{'norm': [2], 'groups': 4, 'centred': false}, "
                                "{'conv': [3, 'c'], 'before': [1, 1], 'after': [1, 1]}";
    struct chance chance = {7};
    for (size_t side = 8; side <= 24; side += 4) {
        const size_t size[3][4] = {{1, side, side}, {32, 1, 3, 3}, {32, 32, 3, 3}};
        const size_t rank[3] = {3, 4, 4};
        struct array arrays[3];
        for (size_t i = 0; i < 3; i++) arrays[i] = array_random(&chance, rank[i], size[i]);
        struct many many = {.instructions = small,
                            .output = 4,
                            .count = 3,
                            .arrays = arrays,
                            .constants = ~1u,
                            .x = &arrays[0],
                            .samples = 1,
                            .workers = 1,
                            .large = true};
        struct array right = run_program(&many);
        for (many.workers = 2; many.workers <= 4; many.workers += 2) {
            struct array got = run_program(&many);
            CHECK(equal(&right, &got), "%zu x %zu, %zu workers: other bits", side, side,
                  many.workers);
            array_free(&got);
        }
        array_free(&right);
        for (size_t i = 0; i < 3; i++) array_free(&arrays[i]);
    }
}
