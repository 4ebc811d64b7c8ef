/* SPDX-License-Identifier: MIT */
/* Prints docs/orders.md: `build/tests/orders > docs/orders.md`. */
#include "harness.h"
#include "orders.h"
#include "samplers/method.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void harness_fail(const char *file, int line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, list);
    fprintf(stderr, "\n");
    va_end(list);
    exit(1);
}

static const char head[] =
    "# Observed orders of convergence\n\n"
    "`build/tests/orders > docs/orders.md` makes this page, and the test `proof` compares every\n"
    "sampler with its claim. All runs are in double precision, of the plans that the engine runs "
    "in\n"
    "float.\n\n"
    "- *Gaussian*: nine coordinates with variances from 1e-4 to 1e2 under a variance-preserving\n"
    "  schedule, against the exact flow.\n"
    "- *Mixture*: three components in one dimension, variance exploding, against the exact flow,\n"
    "  which keeps the distribution function.\n"
    "- Steps are graded, lambda = log(alpha / sigma) = a + b (i / T)^2, so that the low-order "
    "start\n"
    "  of multistep methods does not hide the order of the other steps.\n"
    "- *E* is the number of evaluations of the denoiser in a step, at T = 512. The error is\n"
    "  relative, at T = 64. A column n is the order from T = n / 2 to n; – means that rounding "
    "hides\n"
    "  it.\n\n";

static void print_orders(const struct order_found *found)
{
    printf(" %.1e |", found->error[2]);
    for (size_t k = 2; k < ORDER_LENGTHS; k++) {
        double order = order_between(found, k);
        if (isnan(order))
            printf(" – |");
        else
            printf(" %.2f |", order);
    }
}

static void print_case(const struct order_case *of)
{
    printf("| %s%s%s%s | %g |", of->spec, of->note ? " (" : "", of->note ? of->note : "",
           of->note ? ")" : "", of->claimed);
    struct order_found found =
        of->kind == ORDER_STRONG ? order_strong(of, 40, 8192) : order_gaussian(of);
    if (of->kind != ORDER_STRONG) printf(" %.3g |", found.evaluations);
    print_orders(&found);
    if (of->kind == ORDER_PATH) {
        found = order_mixture(of);
        print_orders(&found);
    }
    printf("\n");
}

static void print_kind(enum order_kind kind)
{
    const struct quell_method *method;
    double option[QUELL_MAX_OPTIONS];
    for (const struct order_case *of = order_cases; of->spec; of++)
        if (of->kind == kind && quell_method_read(of->spec, &method, option) == QUELL_OK)
            print_case(of);
    printf("\n");
}

int main(void)
{
    printf("%s## Deterministic samplers\n\n", head);
    printf("| sampler | claimed | E | Gaussian | 64 | 128 | 256 | 512 | mixture | 64 | 128 | 256 | "
           "512 |\n| --- |%s\n",
           " --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    print_kind(ORDER_PATH);
    printf("## Stochastic samplers: weak order\n\n"
           "The mean and the variance of x_0 on the Gaussian, computed from the plan.\n\n"
           "| sampler | claimed | E | error | 64 | 128 | 256 | 512 |\n"
           "| --- | --: | --: | --: | --: | --: | --: | --: |\n");
    print_kind(ORDER_WEAK);
    printf("## Stochastic samplers: strong order\n\n"
           "Brownian mode: x_0 against that of T = 8192 with the same path, on the Gaussian.\n\n"
           "| sampler | claimed | error | 64 | 128 | 256 | 512 |\n"
           "| --- | --: | --: | --: | --: | --: | --: |\n");
    print_kind(ORDER_STRONG);
    return 0;
}
