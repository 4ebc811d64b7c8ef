/* SPDX-License-Identifier: MIT */
/* Prints docs/orders.md: `build/tests/orders > docs/orders.md`. */
#include "harness.h"
#include "orders.h"

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
    struct order_found found = order_gaussian(of);
    printf("| %s | %.3g | %g |", of->spec, found.evaluations, of->claimed);
    print_orders(&found);
    if (!of->weak) {
        found = order_mixture(of);
        print_orders(&found);
    }
    printf(" %s |\n", of->note ? of->note : "");
}

int main(void)
{
    for (const struct order_case *of = order_cases; of->spec; of++) print_case(of);
    return 0;
}
