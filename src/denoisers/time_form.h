/* SPDX-License-Identifier: MIT */
/* The meaning of a network's time input: a quantity of the point (t, alpha, sigma), which may then
 * be looked up in a table, multiplied by a number, and rounded to a whole number. All computations
 * are in double. */
#ifndef QUELL_DENOISERS_TIME_FORM_H
#define QUELL_DENOISERS_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

/* The quantity. QUELL_TIME_OWN: the one that the precondition defines (parametrization.h). */
enum quell_time_of {
    QUELL_TIME_OWN,
    QUELL_TIME_T,         /* t */
    QUELL_TIME_SIGMA,     /* sigma / alpha */
    QUELL_TIME_LOG_SIGMA, /* log(sigma / alpha) */
    QUELL_TIME_LOG_SNR,   /* 2 log(alpha / sigma) */
    QUELL_TIME_FRACTION,  /* sigma / (alpha + sigma) */
    QUELL_TIME_ANGLE,     /* (2 / pi) arctan(sigma / alpha) */
};

enum quell_time_rounding { QUELL_TIME_EXACT, QUELL_TIME_NEAREST, QUELL_TIME_UP, QUELL_TIME_DOWN };

/* The quantity `of` is looked up in a table, unless it has 0 points. Then it is multiplied by
 * `scale`, `offset` is added, and the sum is rounded. With QUELL_TIME_OWN the other members are not
 * read. */
struct quell_time_form {
    enum quell_time_of of;
    double scale, offset;
    enum quell_time_rounding rounding;
    size_t points;
    /* `points` rising positions, and then as many values. The table is linear in between, and
     * constant beyond its ends. */
    double *table;
};

/* Returns the quantity with that name, or QUELL_TIME_OWN if there is none. */
enum quell_time_of quell_time_of_name(const char *name);

/* Returns the time at a point, which is not finite if it is not defined. Not for QUELL_TIME_OWN. */
double quell_time_form_at(const struct quell_time_form *form, double t, double alpha, double sigma);

void quell_time_form_digest(const struct quell_time_form *form, struct quell_digest *digest);
void quell_time_form_free(struct quell_time_form *form);

#endif
