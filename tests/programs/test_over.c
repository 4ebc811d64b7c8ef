/* SPDX-License-Identifier: MIT */
/* A long instruction asks between its pieces whether it is still needed, and leaves out the rest if
 * it is not. */
#include "arrays.h"
#include "harness.h"

#include "base/lookout.h"

struct asked {
    size_t times, enough;
};

static bool look(void *data, bool leads)
{
    struct asked *asked = data;
    (void)leads;
    return ++asked->times >= asked->enough;
}

static size_t times_asked(const char *instruction, size_t count, const struct array *arrays,
                          size_t enough)
{
    struct asked asked = {.enough = enough};
    struct quell_lookout lookout = {look, &asked};
    struct array y = run_program(&(struct many){.instructions = instruction,
                                                .count = count,
                                                .arrays = arrays,
                                                .constants = ~1u,
                                                .x = &arrays[0],
                                                .samples = 1,
                                                .lookout = &lookout});
    array_free(&y);
    return asked.times;
}

static void check(const char *instruction, size_t count, struct array *arrays)
{
    size_t all = times_asked(instruction, count, arrays, SIZE_MAX);
    CHECK(all > 2, "%s: asked %zu times", instruction, all);
    size_t ended = times_asked(instruction, count, arrays, 2);
    CHECK(ended == 2, "%s: goes on until it has asked %zu times", instruction, ended);
    for (size_t i = 0; i < count; i++) array_free(&arrays[i]);
}

static struct array filled(struct chance *chance, size_t rank, size_t a, size_t b, size_t c)
{
    const size_t size[] = {a, b, c, c};
    return array_random(chance, rank, size);
}

TEST(program_over, within_convolutions)
{
    struct chance chance = {1};
    struct array a[3] = {filled(&chance, 3, 48, 96, 96), filled(&chance, 4, 32, 48, 3)};
    check("{'conv': ['x', 'b'], 'before': [1, 1], 'after': [1, 1]}", 2, a);
    a[0] = filled(&chance, 3, 48, 96, 96), a[1] = filled(&chance, 4, 32, 48, 3);
    check("{'conv': ['x', 'b'], 'before': [1, 1], 'after': [1, 1], 'winograd': 4}", 2, a);
    a[0] = filled(&chance, 3, 48, 96, 96), a[1] = filled(&chance, 4, 48, 32, 3);
    check("{'conv_transpose': ['x', 'b']}", 2, a);
    a[0] = filled(&chance, 3, 48, 96, 96), a[1] = filled(&chance, 4, 32, 48, 3);
    for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = (double)(i % 100) - 50;
    a[2] = filled(&chance, 1, 32, 0, 0);
    check("{'conv_int8': ['x', 'b', 'c'], 'before': [1, 1], 'after': [1, 1]}", 3, a);
}

TEST(program_over, within_attention)
{
    struct chance chance = {2};
    struct array a[3] = {filled(&chance, 3, 4, 300, 8), filled(&chance, 3, 4, 300, 8),
                         filled(&chance, 3, 4, 300, 8)};
    check("{'attention': ['x', 'b', 'c'], 'scale': 1}", 3, a);
}
