/* SPDX-License-Identifier: MIT */
/* Maps that are computed with the instruction before them, for several samples, by several workers,
 * over random shapes: the same bits as one instruction and one sample after the other. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define TRIALS ((int)by_effort(20, 60, 60))
#define MOST_TEXT 1500

#define SAMPLES 3

/* A program so far: its instructions, and what they give for each sample, one after the other. The
 * first array is x, of the first sample; the last one stays free. */
struct chain {
    struct chance chance;
    struct array arrays[MOST_ARRAYS], x[SAMPLES], y[SAMPLES];
    size_t count, number;
    char text[MOST_TEXT];
};

static size_t size_of(struct chance *chance)
{
    static const size_t some[] = {1, 2, 3, 5, 7, 8, 16, 17, 32, 33, 48, 100, 257};
    return some[chance_whole(chance, 0, sizeof some / sizeof *some - 1)];
}

/* Adds an array, and returns its letter. */
static char add_array(struct chain *chain, size_t rank, const size_t *size)
{
    chain->arrays[chain->count] = array_random(&chain->chance, rank, size);
    return (char)('a' + chain->count++);
}

static void add_x(struct chain *chain, size_t rank, const size_t *size)
{
    for (size_t s = 0; s < SAMPLES; s++) chain->x[s] = array_random(&chain->chance, rank, size);
    chain->arrays[chain->count++] = chain->x[0];
}

/* Runs an instruction by itself, with one array in place of another. */
static struct array run_with(const struct chain *chain, const char *instruction, size_t number,
                             const struct array *array)
{
    struct array all[MOST_ARRAYS];
    memcpy(all, chain->arrays, sizeof all);
    all[number] = *array;
    return run_instruction(instruction, MOST_ARRAYS, all, 6);
}

/* Begins with an instruction of x, 'a'. */
static void begin(struct chain *chain, const char *instruction)
{
    snprintf(chain->text, sizeof chain->text, "%s", instruction);
    strstr(chain->text, "'a'")[1] = 'x';
    for (size_t s = 0; s < SAMPLES; s++)
        chain->y[s] = run_with(chain, instruction, 0, &chain->x[s]);
    chain->number = 1;
}

static void begin_linear(struct chain *chain)
{
    struct chance *chance = &chain->chance;
    size_t in = size_of(chance), out = size_of(chance), rank = chance_whole(chance, 1, 3);
    size_t x[3] = {chance_whole(chance, 1, 5), size_of(chance), in}, w[2] = {out, in};
    add_x(chain, rank, x + 3 - rank);
    add_array(chain, 2, w);
    add_array(chain, 1, &out);
    begin(chain, "{'linear': ['a', 'b', 'c']}");
}

static void begin_conv(struct chain *chain)
{
    struct chance *chance = &chain->chance;
    char text[200];
    size_t groups = chance_whole(chance, 0, 3) ? 1 : 2, in = groups * chance_whole(chance, 1, 9);
    size_t out = groups * size_of(chance), spatial = chance_whole(chance, 1, 3);
    size_t x[4] = {in}, w[5] = {out, in / groups}, stride = chance_whole(chance, 1, 2);
    for (size_t d = 0; d < spatial; d++) {
        x[1 + d] = chance_whole(chance, 3, spatial == 1 ? 40 : 8);
        w[2 + d] = chance_whole(chance, 1, 3);
    }
    add_x(chain, 1 + spatial, x);
    add_array(chain, 2 + spatial, w);
    add_array(chain, 1, &out);
    static const char *const pads[] = {"[1]", "[1, 0]", "[0, 1, 1]"};
    static const char *const twos[] = {"[2]", "[2, 1]", "[1, 2, 2]"};
    static const char *const ones[] = {"[1]", "[1, 1]", "[1, 1, 1]"};
    snprintf(text, sizeof text,
             "{'conv': ['a', 'b', 'c'], 'groups': %zu, 'before': %s, 'after': %s, 'stride': %s}",
             groups, pads[spatial - 1], pads[spatial - 1],
             stride == 2 ? twos[spatial - 1] : ones[spatial - 1]);
    begin(chain, text);
}

/* In tiles, of which the last ones are cut off, of images of any width. */
static void begin_winograd(struct chain *chain)
{
    struct chance *chance = &chain->chance;
    char text[200];
    size_t x[3] = {size_of(chance), chance_whole(chance, 3, 20), chance_whole(chance, 3, 20)};
    size_t out = x[0] == 257 ? 5 : size_of(chance), w[4] = {out, x[0], 3, 3};
    add_x(chain, 3, x);
    add_array(chain, 4, w);
    add_array(chain, 1, &out);
    snprintf(text, sizeof text,
             "{'conv': ['a', 'b', 'c'], 'before': [1, 1], 'after': [1, 0], 'winograd': %zu}",
             2 * chance_whole(chance, 1, 3));
    begin(chain, text);
}

static void begin_map(struct chain *chain)
{
    struct chance *chance = &chain->chance;
    size_t x[3] = {chance_whole(chance, 1, 5), size_of(chance), size_of(chance)};
    add_x(chain, 3, x);
    if (chance_whole(chance, 0, 1)) x[chance_whole(chance, 0, 2)] = 1;
    add_array(chain, 3, x);
    size_t one = 1;
    add_array(chain, 1, &one);
    begin(chain, "{'map': ['a', 'b'], 'function': 'sub'}");
}

/* Adds an array that broadcasts to the result so far: of its shape, or repeated along some of its
 * dimensions. */
static char add_operand(struct chain *chain)
{
    size_t size[MOST_RANK];
    size_t rank = chain->y[0].rank, from = chance_whole(&chain->chance, 0, rank - 1);
    memcpy(size, chain->y[0].size, sizeof size);
    switch (chance_whole(&chain->chance, 0, 4)) {
    case 0:
        for (size_t d = 1; d < rank; d++) size[d] = 1;
        break;
    case 1:
        return add_array(chain, rank - from, size + from);
    case 2:
        size[from] = 1;
        break;
    case 3:
        for (size_t d = 0; d < rank; d++) size[d] = 1;
        break;
    default:
        break;
    }
    return add_array(chain, rank, size);
}

/* Goes on with a function, alone on what there is so far and as part of the program. */
static void go_on(struct chain *chain)
{
    static const char *const unary[] = {"silu", "gelu", "tanh", "relu", "square", "floor", "neg"};
    static const char *const binary[] = {"add", "add", "mul", "sub", "max", "leaky_relu", "ge"};
    struct chance *chance = &chain->chance;
    char alone[200], part[200];
    size_t operands = chance_whole(chance, 1, 3), at = chance_whole(chance, 0, operands - 1);
    const char *function = operands == 3   ? "fma"
                           : operands == 2 ? binary[chance_whole(chance, 0, 6)]
                                           : unary[chance_whole(chance, 0, 6)];
    size_t used = (size_t)snprintf(part, sizeof part, ", {'map': [");
    size_t lone = (size_t)snprintf(alone, sizeof alone, "{'map': [");
    if (chain->count + operands > MOST_ARRAYS - 1) return;
    for (size_t k = 0; k < operands; k++) {
        const char *comma = k ? ", " : "";
        bool running = k == at || !chance_whole(chance, 0, 5);
        char name = running ? '\0' : add_operand(chain);
        if (running) {
            used += (size_t)snprintf(part + used, sizeof part - used, "%s%zu", comma,
                                     chain->number - 1);
            lone += (size_t)snprintf(alone + lone, sizeof alone - lone, "%s'%c'", comma,
                                     (char)('a' + MOST_ARRAYS - 1));
        } else {
            used += (size_t)snprintf(part + used, sizeof part - used, "%s'%c'", comma, name);
            lone += (size_t)snprintf(alone + lone, sizeof alone - lone, "%s'%c'", comma, name);
        }
    }
    snprintf(part + used, sizeof part - used, "], 'function': '%s'}", function);
    snprintf(alone + lone, sizeof alone - lone, "], 'function': '%s'}", function);
    strncat(chain->text, part, sizeof chain->text - strlen(chain->text) - 1);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct array next = run_with(chain, alone, MOST_ARRAYS - 1, &chain->y[i]);
        array_free(&chain->y[i]);
        chain->y[i] = next;
    }
    chain->number++;
}

static bool same(double a, double b) { return a == b || (a != a && b != b); }

static void check_way(const struct chain *chain, const struct quell_kernels *kernels,
                      size_t workers)
{
    struct array y = run_program(&(struct many){.instructions = chain->text,
                                                .output = chain->number - 1,
                                                .count = chain->count,
                                                .arrays = chain->arrays,
                                                .constants = 6,
                                                .x = chain->x,
                                                .samples = SAMPLES,
                                                .workers = workers,
                                                .kernels = kernels});
    for (size_t i = 0; i < y.count; i++) {
        double right = chain->y[i / chain->y[0].count].at[i % chain->y[0].count];
        CHECK(same(y.at[i], right), "%s, %s, %zu workers: element %zu: %a, not %a", chain->text,
              kernels->isa, workers, i, y.at[i], right);
    }
    array_free(&y);
}

static void check(const struct chain *chain)
{
    const struct quell_kernels *kernels;
    for (size_t i = 0; (kernels = quell_kernels_at(i)); i++)
        if (quell_kernels_available(kernels)) check_way(chain, kernels, 1);
    check_way(chain, quell_kernels_widest(), 2 + chain->count % 2);
    check_way(chain, quell_kernels_widest(), MOST_WORKERS);
}

static void check_chains(void (*first)(struct chain *chain), int trials)
{
    struct chance chance = {9};
    for (int trial = 0; trial < trials; trial++) {
        struct chain chain = {.chance = chance};
        first(&chain);
        size_t links = chance_whole(&chain.chance, 1, 5);
        for (size_t i = 0; i < links; i++) go_on(&chain);
        check(&chain);
        for (size_t i = 1; i < chain.count; i++) array_free(&chain.arrays[i]);
        for (size_t i = 0; i < SAMPLES; i++) array_free(&chain.x[i]), array_free(&chain.y[i]);
        chance = chain.chance;
    }
}

TEST(program_fused, after_linear) { check_chains(begin_linear, TRIALS); }
TEST(program_fused, after_conv) { check_chains(begin_conv, TRIALS); }
TEST(program_fused, after_winograd) { check_chains(begin_winograd, TRIALS / 4); }
TEST(program_fused, after_map) { check_chains(begin_map, TRIALS); }
