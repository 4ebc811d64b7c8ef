/* SPDX-License-Identifier: MIT */
/* What a network's time input means: a quantity of the point (t, alpha, sigma), which may then be
 * looked up in a table, multiplied by a number, and rounded to a whole one. All in double. */
#ifndef QUELL_DENOISERS_TIME_FORM_H
#define QUELL_DENOISERS_TIME_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

/* What the time begins with. QUELL_TIME_OWN: what the precondition says (parametrization.h). */
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

/* table: `points` positions, which rise, and then as many values; linear in between, and beyond the
 * ends the value there. With 0 points there is none. Then it is scale times that plus offset, and
 * rounded. With QUELL_TIME_OWN nothing else is read. */
struct quell_time_form {
    enum quell_time_of of;
    double scale, offset;
    enum quell_time_rounding rounding;
    size_t points;
    double *table;
};

/* The form of that name; QUELL_TIME_OWN if there is none. */
enum quell_time_of quell_time_of_name(const char *name);

/* The time at a point; not finite where it is not defined. Not for QUELL_TIME_OWN. */
double quell_time_form_at(const struct quell_time_form *form, double t, double alpha, double sigma);

void quell_time_form_digest(const struct quell_time_form *form, struct quell_digest *digest);
void quell_time_form_free(struct quell_time_form *form);

#endif
