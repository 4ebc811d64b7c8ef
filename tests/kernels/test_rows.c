/* SPDX-License-Identifier: MIT */
/* The kernels that work on rows, against their formula in double and over instruction sets. */
#include "formula_weights.h"
#include "guard.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <string.h>

enum { MOST = 131, ROWS = 3 };

static double norm_formula(const struct quell_norm *n, const float *x, size_t e)
{
    double mean = 0, variance = 0, count = (double)n->width;
    for (size_t i = 0; n->centred && i < n->width; i++) mean += (double)x[i] / count;
    for (size_t i = 0; i < n->width; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (count - (double)n->less);
    double y = ((double)x[e] - mean) / sqrt(variance + (double)n->epsilon);
    return n->scale ? y * (double)n->scale[e] + (double)n->shift[e] : y;
}

static void check_norm(const struct quell_kernels *k, struct quell_norm n)
{
    float x[ROWS * MOST], out[ROWS * MOST], first[ROWS * MOST];
    n.x_row = n.out_row = n.width;
    formula_fill("norm", 3, ROWS * n.width, x);
    n.x = x, n.out = first;
    isa_after(NULL)->norm(&n);
    n.out = out;
    k->norm(&n);
    CHECK(!memcmp(out, first, ROWS * n.width * sizeof *out), "%s: norm of %zu", k->isa, n.width);
    for (size_t i = 0; i < ROWS * n.width; i++) {
        double right = norm_formula(&n, x + i / n.width * n.width, i % n.width);
        CHECK(fabs((double)out[i] - right) <= 2e-6 * fmax(1, fabs(right)),
              "%s: norm of %zu, element %zu: %g, not %g", k->isa, n.width, i, (double)out[i],
              right);
    }
    n.x = n.out = x; /* in place */
    k->norm(&n);
    CHECK(!memcmp(out, x, ROWS * n.width * sizeof *out), "%s: norm of %zu in place", k->isa,
          n.width);
}

TEST(rows, norms_are_their_formula)
{
    float scale[MOST], shift[MOST];
    formula_fill("scale", 2, MOST, scale);
    formula_fill("shift", 2, MOST, shift);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t width = 2; width <= MOST; width += width % 5 + 1)
            for (int form = 0; form < 6; form++) {
                struct quell_norm n = {.rows = ROWS, .width = width, .epsilon = 1e-5f};
                n.centred = form % 3 > 0;
                n.less = form % 3 == 2 ? 1 : 0;
                if (form >= 3) n.scale = scale, n.shift = shift;
                check_norm(k, n);
            }
}

static void check_softmax(const struct quell_kernels *k, size_t count, float range)
{
    float x[ROWS * MOST], out[ROWS * MOST], first[ROWS * MOST];
    size_t stride = count + count % 3;
    formula_fill("softmax", (double)range, ROWS * MOST, x);
    memcpy(first, x, sizeof x);
    memcpy(out, x, sizeof x);
    isa_after(NULL)->softmax_rows(first, ROWS, stride, count);
    k->softmax_rows(out, ROWS, stride, count);
    CHECK(!memcmp(out, first, sizeof out), "%s: softmax of %zu", k->isa, count);
    for (size_t row = 0; row < ROWS; row++) {
        const float *from = x + row * stride;
        double most = -INFINITY, sum = 0;
        for (size_t i = 0; i < count; i++)
            if ((double)from[i] > most) most = (double)from[i];
        for (size_t i = 0; i < count; i++) sum += exp((double)from[i] - most);
        for (size_t i = 0; i < stride && row * stride + i < ROWS * MOST; i++) {
            double got = (double)out[row * stride + i];
            double right = i < count ? exp((double)from[i] - most) / sum : (double)from[i];
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
            check_softmax(k, count, 4);
            check_softmax(k, count, 120);
        }
}

/* Nothing is read or written beyond a row. */
TEST(rows, keep_to_their_rows)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t width = 1; width < 40; width++) {
            struct guard in = guard_new(width), out = guard_new(width);
            float *x = in.last - width, *y = out.last - width;
            formula_fill("row", 1, width, x);
            struct quell_norm n = {1, width, x, width, y, width, x, x, 1e-5f, 0, 1};
            k->norm(&n);
            k->softmax_rows(x, 1, width, width);
            guard_free(&in);
            guard_free(&out);
        }
}
