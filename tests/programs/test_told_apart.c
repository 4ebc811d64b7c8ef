/* SPDX-License-Identifier: MIT */
/* Samples with different times, classes and conditions in one pass over the weights: each has the
 * bits that it has in a run of its own, with any number of workers and any kernels. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SAMPLES = 9, ROWS = 3 };

/* A network that is run. 'b' and 'c' are its conditions, of which each sample has a row. */
struct network {
    const char *name, *instructions;
    size_t output, count, rank[MOST_ARRAYS], size[MOST_ARRAYS][4];
};

static const struct network networks[] = {
    /* One row to a sample, to which what is told is added, and by which it is multiplied, in the
     * product's tile. */
    {"rows",
     "{'linear': ['b', 'd']}, {'map': [0], 'function': 'silu'}, {'map': [1, 'c'], 'function': "
     "'mul'}, "
     "{'linear': ['x', 'e', 'f']}, {'map': [3, 1], 'function': 'add'}, {'map': [4], 'function': "
     "'silu'}, {'map': [2, 5], 'function': 'mul'}, {'linear': [6, 'e']}, {'map': [7, 'x'], "
     "'function': 'add'}, {'map': ['c', 8], 'function': 'sub'}",
     9,
     6,
     {1, 1, 1, 2, 2, 1},
     {{32}, {8}, {32}, {32, 8}, {32, 32}, {32}}},
    /* Tokens: a modulated norm, attention, a mask that is told, and a gate after a product. */
    {"tokens",
     "{'linear': ['b', 'd']}, {'norm': ['x', 0], 'dims': [1]}, {'linear': [1, 'e']}, {'attention': "
     "[2, 'c', 'c']}, {'linear': [3, 'e']}, {'map': [4, 0], 'function': 'mul'}, {'map': [5, 'x'], "
     "'function': 'add'}, {'matmul': [6, 'f']}, {'map': [7, 'b'], 'function': 'mul'}, {'move': "
     "['b'], 'form': 'reshape', 'shape': [1, 16]}, {'concat': [8, 9, 'c'], 'dim': 0}",
     10,
     6,
     {2, 1, 2, 2, 2, 2},
     {{7, 16}, {16}, {5, 16}, {16, 16}, {16, 16}, {16, 16}}},
    /* Images: a convolution with what is told at each channel, one whose weights and bias are
     * computed of it, tiles, channels with weights of their own, and weights of each sample. */
    {"images",
     "{'linear': ['b', 'd']}, {'move': [0], 'form': 'reshape', 'shape': [16, 1, 1]}, {'conv': "
     "['x', 'e'], 'before': [1, 1], 'after': [1, 1]}, {'map': [2, 1], 'function': 'add'}, {'map': "
     "[3], 'function': 'silu'}, {'conv': [4, 'e', 'b'], 'before': [1, 1], 'after': [1, 1], "
     "'winograd': 2}, {'map': [5, 1], 'function': 'mul'}, {'norm': [6, 1], 'groups': 4}, {'move': "
     "['c'], 'form': 'reshape', 'shape': [16, 16, 1, 1]}, {'conv': [7, 8, 0]}, {'map': [9, 1], "
     "'function': 'sub'}, {'conv': [10, 'f'], 'groups': 16, 'before': [1, 1], 'after': [1, 1]}, "
     "{'map': [11, 1, 'x'], 'function': 'fma'}, {'move': ['x'], 'form': 'reshape', 'shape': "
     "[480]}, "
     "{'move': [13], 'form': 'slice', 'dim': 0, 'start': 9, 'stop': 265}, {'move': [14], 'form': "
     "'reshape', 'shape': [16, 16, 1, 1]}, {'conv': [12, 15, 'b']}",
     16,
     6,
     {3, 1, 2, 2, 4, 4},
     {{16, 6, 5}, {16}, {16, 16}, {16, 16}, {16, 16, 3, 3}, {16, 1, 3, 3}}},
    /* As few positions as are computed of several samples together, whole weights, and a result
     * that no sample decides on. */
    {"few positions",
     "{'conv': ['x', 'd', 'b'], 'before': [1, 1], 'after': [1, 1]}, {'map': [0, 'c'], 'function': "
     "'add'}, {'conv': [1, 'd'], 'before': [1, 1], 'after': [1, 1]}, {'map': [2, 'c'], 'function': "
     "'mul'}, {'conv_int8': [3, 'e', 'f'], 'before': [1, 1], 'after': [1, 1]}, {'map': [4, 'c'], "
     "'function': 'add'}, {'conv_transpose': [5, 'd']}, {'reduce': [6], 'dims': [1, 2], "
     "'function': 'mean'}, {'map': [7, 'b'], 'function': 'max'}",
     8,
     6,
     {3, 1, 3, 4, 4, 1},
     {{16, 2, 2}, {16}, {16, 1, 1}, {16, 16, 3, 3}, {16, 16, 3, 3}, {16}}},
};

/* The samples of a run, and what each of them is told: rows of 'b' and 'c'. */
struct told {
    struct array x[MOST_SAMPLES], b[ROWS], c[ROWS];
    size_t row[MOST_SAMPLES];
};

static struct array random_of(struct chance *chance, const struct network *network, size_t i)
{
    return array_random(chance, network->rank[i], network->size[i]);
}

static void make_whole(struct array *weights)
{
    for (size_t i = 0; i < weights->count; i++)
        weights->at[i] = (double)(long)(127 * weights->at[i]);
}

/* One sample alone, by one worker. */
static struct array run_alone(const struct many *many, const struct told *told, size_t sample)
{
    struct many one = *many;
    struct array arrays[MOST_ARRAYS];
    memcpy(arrays, many->arrays, many->count * sizeof *arrays);
    arrays[1] = told->b[told->row[sample]];
    arrays[2] = told->c[told->row[sample]];
    one.arrays = arrays;
    one.x = &told->x[sample];
    one.samples = one.workers = 1;
    one.rows = NULL;
    one.row_of = NULL;
    return run_program(&one);
}

static void check_samples(const char *name, const struct many *many, const struct told *told)
{
    struct array got = run_program(many);
    size_t each = got.count / many->samples;
    for (size_t s = 0; s < many->samples; s++) {
        struct array right = run_alone(many, told, s);
        for (size_t i = 0; i < each; i++)
            CHECK(right.at[i] == got.at[s * each + i],
                  "%s, %s, %zu workers: element %zu of sample %zu of %zu is %a, %a alone", name,
                  many->kernels->isa, many->workers, i, s, many->samples, got.at[s * each + i],
                  right.at[i]);
        array_free(&right);
    }
    array_free(&got);
}

static void check_network(const struct network *network, const struct quell_kernels *kernels)
{
    /* Samples of one row side by side, apart, and each of a row of its own. */
    static const size_t rows[][MOST_SAMPLES] = {
        {0, 0, 1, 1, 1, 2, 2, 2, 2}, {2, 0, 2, 1, 1, 0, 2, 1, 0}, {0, 1, 2, 0, 1, 2, 0, 1, 2}};
    struct chance chance = {8};
    struct array arrays[MOST_ARRAYS];
    struct told told;
    for (size_t i = 0; i < network->count; i++) arrays[i] = random_of(&chance, network, i);
    if (strstr(network->instructions, "int8")) make_whole(&arrays[4]);
    for (size_t i = 0; i < MOST_SAMPLES; i++) told.x[i] = random_of(&chance, network, 0);
    for (size_t i = 0; i < ROWS; i++) told.b[i] = random_of(&chance, network, 1);
    for (size_t i = 0; i < ROWS; i++) told.c[i] = random_of(&chance, network, 2);
    const struct array *const inputs[ROWS] = {told.b, told.c};
    for (size_t turn = 0; turn < 9; turn++) {
        if (!its_turn(turn, 2, 1)) continue;
        memcpy(told.row, rows[turn % 3], sizeof told.row);
        struct many many = {.instructions = network->instructions,
                            .output = network->output,
                            .count = network->count,
                            .arrays = arrays,
                            .constants = ~7u,
                            .x = told.x,
                            .samples = turn < 3 ? MOST_SAMPLES : 1 + turn % 4,
                            .workers = 1 + turn % 4,
                            .kernels = kernels,
                            .rows = inputs,
                            .row_count = ROWS,
                            .row_of = told.row};
        check_samples(network->name, &many, &told);
    }
    for (size_t i = 0; i < network->count; i++) array_free(&arrays[i]);
    for (size_t i = 0; i < MOST_SAMPLES; i++) array_free(&told.x[i]);
    for (size_t i = 0; i < ROWS; i++) array_free(&told.b[i]), array_free(&told.c[i]);
}

TEST(told_rows, have_the_bits_of_one)
{
    const struct quell_kernels *kernels;
    for (size_t k = 0; (kernels = quell_kernels_at(k)); k++)
        for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
            check_network(&networks[i], kernels);
}

/* With so many rows to what is told, a linear map is one call for each. */
TEST(told_rows, of_many_samples)
{
    struct network network = networks[1];
    network.size[0][0] = 120;
    check_network(&network, quell_kernels_widest());
}
