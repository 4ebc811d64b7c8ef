/* SPDX-License-Identifier: MIT */
/* Every sampler's observed order is what it claims (docs/orders.md shows them). */
#include "effort.h"
#include "harness.h"
#include "orders.h"
#include "samplers/method.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct quell_method *method_of(const char *spec)
{
    const struct quell_method *method;
    double option[QUELL_MAX_OPTIONS];
    return quell_method_read(spec, &method, option) == QUELL_OK ? method : NULL;
}

static int falls_short(const struct order_case *of, struct order_found found, const char *problem)
{
    bool strong = of->kind == ORDER_STRONG;
    double observed = strong ? order_observed_strong(&found) : order_observed(&found);
    if (observed >= of->claimed - 0.2) return 0;
    fprintf(stderr, "%s: order %.2f on the %s, claimed %g; errors", of->spec, observed, problem,
            of->claimed);
    for (size_t k = 0; k < ORDER_LENGTHS; k++) fprintf(stderr, " %.2g", found.error[k]);
    fprintf(stderr, "\n");
    return 1;
}

static int falls_short_on_its_problems(const struct order_case *of)
{
    if (of->kind == ORDER_STRONG) return 0;
    if (of->kind == ORDER_WEAK) return falls_short(of, order_gaussian(of), "law");
    return falls_short(of, order_gaussian(of), "Gaussian") +
           falls_short(of, order_mixture(of), "mixture");
}

TEST(orders, as_claimed)
{
    int failures = 0;
    for (size_t i = 0; order_cases[i].spec; i++)
        if (its_turn(i, 5, 0) && method_of(order_cases[i].spec))
            failures += falls_short_on_its_problems(&order_cases[i]);
    CHECK(failures == 0, "%d orders fall short", failures);
}

/* The ancestral steps, whose noise is that of one SDE, wait for QUELL_LONG: a strong order takes a
 * second, and a minute with the samples and steps of docs/orders.md. */
static bool has_its_turn(const struct order_case *of)
{
    static const char *const later[] = {"euler_a", "dpm2_a", "dpmpp_2s_a", "ito"};
    bool waits = false;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        waits = waits || !strcmp(of->spec, later[i]);
    return of->kind == ORDER_STRONG && (is_long() || !waits);
}

TEST(orders, strong_as_claimed)
{
    int failures = 0;
    for (const struct order_case *of = order_cases; of->spec; of++)
        if (!is_brief() && has_its_turn(of) && method_of(of->spec))
            failures += falls_short(
                of, order_strong(of, is_long() ? 40 : 12, is_long() ? 8192 : 2048), "path");
    CHECK(failures == 0, "%d strong orders fall short", failures);
}

/* The order in the sampler's own row is that of this table, where the spec is the name alone. */
static int disagrees(const struct order_case *of, const struct quell_method *method)
{
    return !strchr(of->spec, ':') && of->kind != ORDER_STRONG && !of->note &&
           of->claimed != method->order;
}

/* Every sampler that claims an order is in the table. */
TEST(orders, complete)
{
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++) {
        int seen = 0;
        for (const struct order_case *of = order_cases; of->spec; of++) {
            if (method_of(of->spec) != method) continue;
            seen = 1;
            CHECK(!disagrees(of, method), "%s: order %d in its row, %g in order_cases.c",
                  method->name, method->order, of->claimed);
        }
        if (!strcmp(method->name, "dpm_adaptive")) continue; /* it chooses its steps */
        CHECK(seen || method->order == 0, "%s has no order in order_cases.c", method->name);
    }
}
