/* SPDX-License-Identifier: MIT */
/* A long instruction asks between its pieces whether it is still needed, and leaves out the rest if
 * it is not. */
#include "arrays.h"
#include "harness.h"

#include "base/lookout.h"

#include <stdatomic.h>

struct asked {
    atomic_size_t times;
    size_t enough;
};

static bool look(void *data, bool leads)
{
    struct asked *asked = data;
    (void)leads;
    return atomic_fetch_add(&asked->times, 1) + 1 >= asked->enough;
}

static size_t times_asked(const char *instruction, size_t count, const struct array *arrays,
                          size_t workers, size_t enough)
{
    struct asked asked = {.enough = enough};
    struct quell_lookout lookout = {look, &asked};
    struct array y = run_program(&(struct many){.instructions = instruction,
                                                .count = count,
                                                .arrays = arrays,
                                                .constants = ~1u,
                                                .x = &arrays[0],
                                                .samples = 1,
                                                .workers = workers,
                                                .lookout = &lookout});
    array_free(&y);
    return asked.times;
}

/* The first question comes before the instruction, and the others within it. */
static void check(const char *instruction, size_t count, struct array *arrays)
{
    size_t all = times_asked(instruction, count, arrays, 1, SIZE_MAX);
    CHECK(all > 2, "%s: asked %zu times", instruction, all);
    size_t ended = times_asked(instruction, count, arrays, 1, 2);
    CHECK(ended == 2, "%s: goes on until it has asked %zu times", instruction, ended);
    for (size_t i = 0; i < count; i++) array_free(&arrays[i]);
}

/* What the elements are does not matter here: they repeat, as chance takes its time. */
static struct array filled(struct chance *chance, size_t rank, size_t a, size_t b, size_t c)
{
    enum { some = 1000 };
    const size_t size[] = {a, b, c, c};
    struct array array = array_new(rank, size);
    for (size_t i = 0; i < array.count; i++)
        array.at[i] = i < some ? chance_real(chance) : array.at[i - some];
    return array;
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

TEST(program_over, within_products)
{
    struct chance chance = {3};
    struct array a[4] = {filled(&chance, 2, 80, 1024, 0), filled(&chance, 2, 768, 1024, 0)};
    check("{'linear': ['x', 'b']}", 2, a);
    a[0] = filled(&chance, 1, 8192, 0, 0), a[1] = filled(&chance, 2, 8192, 8192, 0);
    check("{'linear': ['x', 'b']}", 2, a); /* one row */
    a[0] = filled(&chance, 2, 80, 1024, 0), a[1] = filled(&chance, 2, 1024, 768, 0);
    check("{'matmul': ['x', 'b']}", 2, a);
    a[0] = filled(&chance, 3, 2048, 64, 16), a[1] = filled(&chance, 3, 2048, 16, 48);
    check("{'matmul': ['x', 'b']}", 2, a); /* many small ones */
    a[0] = filled(&chance, 2, 80, 2048, 0), a[1] = filled(&chance, 2, 2048, 2048, 0);
    for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = (double)(i % 100) - 50;
    a[2] = filled(&chance, 1, 2048, 0, 0);
    check("{'linear_int8': ['x', 'b', 'c']}", 3, a);
    a[0] = filled(&chance, 2, 90, 1024, 0), a[1] = filled(&chance, 2, 8192, 1024, 0);
    a[2] = filled(&chance, 2, 8192, 64, 0);
    check("{'attention': ['x', 'b', 'c']}", 3, a); /* one piece of queries */
}

TEST(program_over, within_norms)
{
    struct chance chance = {4};
    struct array a[1] = {filled(&chance, 2, 512, 1024, 0)};
    check("{'norm': ['x'], 'dims': [1]}", 1, a);
    a[0] = filled(&chance, 2, 512, 1024, 0);
    check("{'norm': ['x'], 'dims': [0]}", 1, a);
    a[0] = filled(&chance, 3, 32, 128, 128);
    check("{'norm': ['x'], 'groups': 8}", 1, a);
    a[0] = filled(&chance, 3, 32, 128, 128);
    check("{'norm': ['x'], 'dims': [0, 2]}", 1, a);
    a[0] = filled(&chance, 2, 512, 1024, 0);
    check("{'softmax': ['x'], 'dim': 1}", 1, a);
    a[0] = filled(&chance, 2, 512, 1024, 0);
    check("{'softmax': ['x'], 'dim': 0}", 1, a);
    a[0] = filled(&chance, 2, 1024, 1024, 0);
    check("{'reduce': ['x'], 'function': 'sum', 'dims': [1]}", 1, a);
}

TEST(program_over, within_elements)
{
    struct chance chance = {5};
    static const char *const of_one[] = {
        "{'map': ['x'], 'function': 'silu'}",
        "{'map': ['x'], 'function': 'sin'}",
        "{'move': ['x'], 'form': 'permute', 'order': [1, 0]}",
        "{'move': ['x'], 'form': 'flip', 'dims': [0, 1]}",
        "{'move': ['x'], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 1020}",
        "{'move': ['x'], 'form': 'slice', 'dim': 1, 'start': 1, 'stop': 1021}",
        "{'nearest': ['x'], 'factors': [1, 2]}",
        "{'interpolate': ['x'], 'sizes': [700]}",
        "{'pad': ['x'], 'before': [1, 1], 'after': [0, 0], 'mode': 'reflect'}",
        "{'pool': ['x'], 'window': [3], 'function': 'mean'}",
    };
    for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++) {
        struct array x = filled(&chance, 2, 1024, 1024, 0);
        check(of_one[i], 1, &x);
    }
    struct array a[2] = {filled(&chance, 2, 512, 1024, 0), filled(&chance, 2, 512, 1024, 0)};
    check("{'concat': ['x', 'b'], 'dim': 0}", 2, a);
    a[0] = filled(&chance, 2, 1024, 1024, 0), a[1] = filled(&chance, 1, 1024, 0, 0);
    for (size_t i = 0; i < a[1].count; i++) a[1].at[i] = (double)(i * 7 % 1024);
    check("{'gather': ['x', 'b'], 'dim': 0}", 2, a);
}

/* Workers that meet within an instruction meet there although it is over, or this never ends. */
TEST(program_over, of_several_workers)
{
    struct chance chance = {6};
    static const char *const instructions[] = {
        "{'norm': ['x'], 'groups': 8}",
        "{'norm': ['x'], 'dims': [0, 2]}",
        "{'move': ['x', 'x'], 'form': 'put', 'dim': 0, 'start': 0, 'stop': 64}",
        "{'map': ['x'], 'function': 'sin'}",
    };
    struct array x = filled(&chance, 3, 64, 160, 160);
    for (size_t i = 0; i < sizeof instructions / sizeof *instructions; i++)
        for (size_t workers = 2; workers <= 4; workers++) {
            size_t all = times_asked(instructions[i], 1, &x, workers, SIZE_MAX);
            size_t ended = times_asked(instructions[i], 1, &x, workers, 1);
            CHECK(all > ended, "%s by %zu workers: asked %zu times of %zu", instructions[i],
                  workers, ended, all);
        }
    array_free(&x);
}
