/* SPDX-License-Identifier: MIT */
/* Convolutions of short numbers with few positions take several samples together: each must have
 * the bits that it has alone, whatever the step of the others is. */
#include "arrays.h"
#include "harness.h"
#include "isas.h"

#include <string.h>

enum { SAMPLES = 29 }; /* two groups of 24 at most, with 8 positions */

static struct array elements(struct chance *chance, size_t rank, const size_t *size, double most)
{
    struct array made = array_random(chance, rank, size);
    for (size_t i = 0; i < made.count; i++) made.at[i] *= most;
    return made;
}

static void check(struct many *many, const struct array *x)
{
    many->x = x, many->samples = SAMPLES;
    struct array all = run_program(many);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct many of = *many;
        of.x = &x[i], of.samples = 1, of.workers = 1;
        struct array one = run_program(&of);
        CHECK(!memcmp(one.at, all.at + i * one.count, one.count * sizeof *one.at),
              "%s, %s: sample %zu by %zu workers", many->instructions, many->kernels->isa, i,
              many->workers);
        array_free(&one);
    }
    array_free(&all);
}

TEST(program_short_samples, have_the_bits_of_one)
{
    struct chance chance = {7};
    size_t x_size[2] = {6, 16}, w_size[3] = {70, 6, 5}, out = 70;
    struct array x[SAMPLES], a[3] = {{0}};
    for (size_t i = 0; i < SAMPLES; i++)
        x[i] = elements(&chance, 2, x_size, (double)(float)(1 + i % 7));
    static const char *const programs[] = {
        "{'conv_int8': ['x', 'b', 'c'], 'stride': [2], 'before': [2], 'after': [2]}, "
        "{'map': [0], 'function': 'silu'}, {'map': [1, [0.5]], 'function': 'add'}",
        "{'conv_bf16': ['x', 'b', 'c'], 'stride': [2], 'before': [2], 'after': [2]}, "
        "{'map': [0], 'function': 'silu'}, {'map': [1, [0.5]], 'function': 'add'}"};
    for (size_t which = 0; which < 2; which++) {
        a[0] = x[0];
        a[1] = elements(&chance, 3, w_size, 127);
        a[2] = array_random(&chance, 1, &out);
        for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = (double)(long)a[1].at[i];
        for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
            for (size_t workers = 1; workers < 5; workers++)
                check(&(struct many){.instructions = programs[which],
                                     .output = 2,
                                     .count = 3,
                                     .arrays = a,
                                     .constants = 14,
                                     .workers = workers,
                                     .kernels = k},
                      x);
        array_free(&a[1]), array_free(&a[2]);
    }
    for (size_t i = 0; i < SAMPLES; i++) array_free(&x[i]);
}
