/* SPDX-License-Identifier: MIT */
/* Weights that are bfloat16 numbers are kept in half of the memory, and no result changes a bit:
 * with one output channel more, whose weights are no such numbers, they are kept as floats. And the
 * precision bf16, which makes such numbers of the weights. */
#include "arrays.h"
#include "base/half.h"
#include "effort.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <string.h>

/* A random array of which the first `narrow` places along dimension d are bfloat16 numbers, and the
 * others are not. */
static struct array weights(struct chance *chance, size_t rank, const size_t *size, size_t d,
                            size_t narrow)
{
    struct array made = array_random(chance, rank, size);
    for (size_t i = 0; i < made.count; i++) {
        long at[MOST_RANK];
        array_split(&made, i, at);
        float value = quell_from_bfloat(quell_to_bfloat((float)made.at[i]));
        made.at[i] = (size_t)at[d] < narrow ? (double)value : (double)nextafterf(value, 9);
    }
    return made;
}

/* The same without the last place along dimension d. */
static struct array shorter(const struct array *of, size_t d)
{
    size_t size[MOST_RANK];
    memcpy(size, of->size, sizeof size);
    size[d]--;
    struct array made = array_new(of->rank, size);
    for (size_t i = 0; i < made.count; i++) {
        long at[MOST_RANK];
        array_split(&made, i, at);
        made.at[i] = of->at[array_flat(of, at)];
    }
    return made;
}

/* Compares the results for x with both kinds of weights; channels: which dimension of w, and of the
 * result, has the output channels. */
static void compare(const char *instruction, const struct array *x, const struct array *w,
                    size_t channels, size_t in_result, size_t workers)
{
    struct array wide[2] = {*x, *w}, narrow[2] = {*x, shorter(w, channels)};
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct many many = {.instructions = instruction,
                            .count = 2,
                            .arrays = wide,
                            .constants = 2,
                            .workers = workers,
                            .kernels = k};
        struct array right = run_program(&many);
        many.arrays = narrow;
        struct array got = run_program(&many);
        for (size_t i = 0; i < got.count; i++) {
            long at[MOST_RANK];
            array_split(&got, i, at);
            double wanted = right.at[array_flat(&right, at)];
            CHECK(got.at[i] == wanted, "%s, %s: element %zu is %a, not %a", instruction, k->isa, i,
                  got.at[i], wanted);
        }
        CHECK(got.size[in_result] + 1 == right.size[in_result], "the channels are others");
        array_free(&right);
        array_free(&got);
    }
    array_free(&narrow[1]);
}

/* Few rows and many, parts of panels, and blocks of 128 and more. */
TEST(program_narrow, linear)
{
    static const size_t rows[] = {1, 2, 3, 4, 5, 6, 7, 12, 13, 40, 200};
    static const size_t ins[] = {1, 3, 127, 129, 300, 4100};
    static const size_t outs[] = {1, 15, 16, 17, 31, 32, 33, 49, 64, 130, 257};
    struct chance chance = {1};
    for (size_t trial = 0; trial < 66; trial++) {
        if (!its_turn(trial, 5, 0)) continue; /* some of each size: 5 divides no count of them */
        size_t in = ins[trial % 6], out = outs[trial % 11];
        size_t x_size[2] = {rows[trial * 7 % 11], in}, w_size[2] = {out + 1, in};
        if (in > 4000 && x_size[0] > 13) x_size[0] = 13;
        struct array x = array_random(&chance, 2, x_size);
        struct array w = weights(&chance, 2, w_size, 0, out);
        compare("{'linear': ['a', 'b']}", &x, &w, 0, 1, trial % 3);
        array_free(&x);
        array_free(&w);
    }
}

TEST(program_narrow, blocks_too_long_to_be_widened)
{
    struct chance chance = {2};
    size_t x_size[2] = {14, 16500}, w_size[2] = {34, 16500};
    struct array x = array_random(&chance, 2, x_size);
    struct array w = weights(&chance, 2, w_size, 0, 33);
    compare("{'linear': ['a', 'b']}", &x, &w, 0, 1, 1);
    array_free(&x);
    array_free(&w);
}

TEST(program_narrow, convolutions)
{
    struct chance chance = {3};
    for (size_t trial = 0; trial < 16; trial++) {
        size_t in = chance_whole(&chance, 1, 20), out = chance_whole(&chance, 24, 66);
        size_t x_size[3] = {in, chance_whole(&chance, 3, 8), chance_whole(&chance, 3, 8)};
        size_t w_size[4] = {out + 1, in, 3, 2}, turned[4] = {in, out + 1, 3, 2};
        struct array x = array_random(&chance, 3, x_size);
        struct array w = weights(&chance, 4, w_size, 0, out);
        compare("{'conv': ['a', 'b'], 'before': [1, 1], 'after': [1, 0]}", &x, &w, 0, 0, trial % 3);
        array_free(&w);
        w = weights(&chance, 4, turned, 1, out);
        compare("{'conv_transpose': ['a', 'b'], 'stride': [2, 1]}", &x, &w, 1, 0, trial % 3);
        array_free(&w);
        array_free(&x);
    }
}

/* The nearest of the two neighbours; a tie goes to the one whose last bit is 0. */
TEST(program_narrow, rounding)
{
    struct chance chance = {4};
    for (size_t trial = 0; trial < 200000; trial++) {
        uint32_t bits = chance_bits(&chance);
        if (trial % 4 == 0) bits = (bits & 0xFFFF0000) | 0x8000; /* a tie */
        float value = quell_from_bits(bits);
        uint16_t got = quell_to_bfloat(value), below = (uint16_t)(bits >> 16);
        if (isnan(value)) {
            CHECK(isnan(quell_from_bfloat(got)), "%08x is no NaN any more", bits);
            continue;
        }
        if (isinf(quell_from_bfloat((uint16_t)(below + 1)))) continue;
        double down = fabs((double)value - (double)quell_from_bfloat(below));
        double up = fabs((double)value - (double)quell_from_bfloat((uint16_t)(below + 1)));
        uint16_t right =
            down < up || (down == up && below % 2 == 0) ? below : (uint16_t)(below + 1);
        CHECK(got == right, "%08x becomes %04x, not %04x", bits, got, right);
    }
    CHECK(isinf(quell_from_bfloat(quell_to_bfloat(3.4e38f))), "what is beyond is not infinity");
}

/* Rounds the first array of a program's constants by itself. */
static struct array rounded(const struct array *of)
{
    struct array made = array_new(of->rank, of->size);
    for (size_t i = 0; i < of->count; i++)
        made.at[i] = (double)quell_from_bfloat(quell_to_bfloat((float)of->at[i]));
    return made;
}

static void check_precision(const char *instructions, size_t output, const struct array *arrays,
                            size_t count, size_t weights_at, bool is_rounded)
{
    struct array own[MOST_ARRAYS];
    memcpy(own, arrays, count * sizeof *own);
    struct many many = {.instructions = instructions,
                        .output = output,
                        .count = count,
                        .arrays = own,
                        .constants = 6,
                        .rounded = true};
    struct array got = run_program(&many);
    many.rounded = false;
    if (is_rounded) own[weights_at] = rounded(&arrays[weights_at]);
    struct array right = run_program(&many);
    for (size_t i = 0; i < got.count; i++)
        CHECK(got.at[i] == right.at[i], "%s: element %zu is %a, not %a", instructions, i, got.at[i],
              right.at[i]);
    if (is_rounded) array_free(&own[weights_at]);
    array_free(&got);
    array_free(&right);
}

/* Weights are rounded, in every way that a convolution is computed in; biases are not, nor are
 * constants that something else reads too. */
TEST(program_narrow, precision)
{
    struct chance chance = {5};
    size_t x_size[3] = {8, 6, 6}, w_size[4] = {8, 8, 3, 3}, square[2] = {6, 6}, six = 6, eight = 8;
    struct array x = array_random(&chance, 3, x_size), w = array_random(&chance, 4, w_size);
    struct array m = array_random(&chance, 2, square), b = array_random(&chance, 1, &six);
    struct array c = array_random(&chance, 1, &eight);
    struct array convolution[3] = {x, w, c}, linear[3] = {x, m, b};
    check_precision("{'linear': ['a', 'b', 'c']}", 0, linear, 3, 1, true);
    check_precision("{'conv': ['a', 'b', 'c'], 'before': [1, 1], 'after': [1, 1]}", 0, convolution,
                    3, 1, true);
    check_precision("{'conv': ['a', 'b'], 'before': [9000000, 1], 'stride': [9000000, 1]}", 0,
                    convolution, 2, 1, true);
    check_precision("{'conv_transpose': ['a', 'b', 'c'], 'stride': [2, 2]}", 0, convolution, 3, 1,
                    true);
    check_precision("{'linear': ['a', 'b']}, {'map': [0, 'b'], 'function': 'add'}", 1, linear, 2, 1,
                    false);
    check_precision("{'matmul': ['a', 'b']}", 0, linear, 2, 1, false);
    array_free(&x);
    array_free(&w);
    array_free(&m);
    array_free(&b);
    array_free(&c);
}
