/* SPDX-License-Identifier: MIT */
/* The kernels that work on rows, against their formula in double and over instruction sets. */
#include "formula_weights.h"
#include "guard.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <string.h>

enum { MOST = 131, ROWS = 3 };

static void check_sums(const struct quell_kernels *k, size_t count, int squares)
{
    float x[ROWS * MOST], out[ROWS], first[ROWS];
    const float mean[ROWS] = {0.5f, -1, 0};
    struct quell_sums sums = {ROWS, count, MOST, x, squares, squares ? mean : NULL, first};
    formula_fill("sums", 3, ROWS * MOST, x);
    isa_after(NULL)->sum_rows(&sums);
    sums.out = out;
    k->sum_rows(&sums);
    CHECK(!memcmp(out, first, sizeof out), "%s: sums of %zu", k->isa, count);
    for (size_t row = 0; row < ROWS; row++) {
        double right = 0, size = 1;
        for (size_t i = 0; i < count; i++) {
            double apart = (double)x[row * MOST + i] - (squares ? (double)mean[row] : 0);
            right += squares ? apart * apart : apart;
            size += fabs(squares ? apart * apart : apart);
        }
        CHECK(fabs((double)out[row] - right) <= 1e-6 * size, "%s: the sum of %zu is %g, not %g",
              k->isa, count, (double)out[row], right);
    }
}

TEST(rows, sums_are_their_formula)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t count = 1; count <= MOST; count++) {
            check_sums(k, count, 0);
            check_sums(k, count, 1);
        }
}

static void check_weights(const struct quell_kernels *k, size_t count, float range)
{
    float x[ROWS * MOST], out[ROWS * MOST], first[ROWS * MOST], total[ROWS], firsts[ROWS];
    size_t stride = count + count % 3;
    formula_fill("softmax", (double)range, ROWS * MOST, x);
    memcpy(first, x, sizeof x);
    memcpy(out, x, sizeof x);
    isa_after(NULL)->weigh_rows(first, ROWS, stride, count, firsts);
    k->weigh_rows(out, ROWS, stride, count, total);
    CHECK(!memcmp(out, first, sizeof out) && !memcmp(total, firsts, sizeof total),
          "%s: softmax of %zu", k->isa, count);
    for (size_t row = 0; row < ROWS; row++) {
        const float *from = x + row * stride;
        double most = -INFINITY, sum = 0;
        for (size_t i = 0; i < count; i++)
            if ((double)from[i] > most) most = (double)from[i];
        for (size_t i = 0; i < count; i++) sum += exp((double)from[i] - most);
        CHECK(fabs((double)total[row] - sum) <= 1e-6 * sum, "%s: the total of %zu", k->isa, count);
        for (size_t i = 0; i < stride && row * stride + i < ROWS * MOST; i++) {
            double got = (double)out[row * stride + i];
            double right = i < count ? exp((double)from[i] - most) : (double)from[i];
            double rounding = 1e-6 * (1 + 0.1 * fabs((double)from[i] - most));
            CHECK(fabs(got - right) <= (i < count ? rounding * right + 1e-37 : 0),
                  "%s: softmax of %zu, element %zu: %g, not %g", k->isa, count, i, got, right);
        }
    }
}

TEST(rows, softmax_is_its_formula)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t count = 1; count <= MOST - 2; count++) {
            check_weights(k, count, 4);
            check_weights(k, count, 120);
        }
}

/* Nothing is read or written beyond a row. */
TEST(rows, keep_to_their_rows)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t width = 1; width < 40; width++) {
            struct guard in = guard_new(width);
            float *x = in.last - width, out;
            formula_fill("row", 1, width, x);
            const struct quell_sums sums = {1, width, width, x, 1, NULL, &out};
            k->sum_rows(&sums);
            k->weigh_rows(x, 1, width, width, &out);
            guard_free(&in);
        }
}

enum { MOST_TURNED = 37, APART = 41 };

/* Rows of the result are to_row floats apart. */
static void check_turned(const struct quell_kernels *k, const float *x, size_t rows, size_t columns,
                         size_t to_row)
{
    static float out[MOST_TURNED * APART + 1];
    memset(out, 0, sizeof out);
    k->turn(x, rows, APART, columns, out, to_row);
    for (size_t i = 0; i < MOST_TURNED * APART + 1; i++) {
        size_t j = i / to_row, r = i % to_row;
        float right = j < columns && r < rows ? x[r * APART + j] : 0;
        CHECK(out[i] == right, "%s: %zu x %zu, %zu apart, row %zu, column %zu", k->isa, rows,
              columns, to_row, r, j);
    }
}

/* Columns of any count become rows, near to one another or apart, and nothing else is written. */
TEST(rows, turn_moves_each_element)
{
    static float x[MOST_TURNED * APART];
    formula_fill("turn", 1, MOST_TURNED * APART, x);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t rows = 1; rows <= MOST_TURNED; rows++)
            for (size_t columns = 1; columns <= MOST_TURNED; columns++) {
                check_turned(k, x, rows, columns, APART);
                check_turned(k, x, rows, columns, rows);
                check_turned(k, x, rows, columns, rows + 1);
            }
}
