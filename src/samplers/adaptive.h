/* SPDX-License-Identifier: MIT */
/* DPM-Solver with steps that each sample chooses (Lu et al., 2206.00927, appendix C; k-diffusion).
 * It has two parts. dpm_adaptive.c says what a try is and when it is good enough. The engine has
 * the loop over tries, which it runs for each sample separately. */
#ifndef QUELL_SAMPLERS_ADAPTIVE_H
#define QUELL_SAMPLERS_ADAPTIVE_H

#include <stdbool.h>
#include "core/plan.h"

enum quell_adaptive_option {
    QUELL_ADAPTIVE_ORDER,
    QUELL_ADAPTIVE_RTOL,
    QUELL_ADAPTIVE_ATOL,
    QUELL_ADAPTIVE_H,
    QUELL_ADAPTIVE_P,
    QUELL_ADAPTIVE_I,
    QUELL_ADAPTIVE_D,
    QUELL_ADAPTIVE_SAFETY,
    QUELL_ADAPTIVE_ETA,
    QUELL_ADAPTIVE_S_NOISE,
    QUELL_ADAPTIVE_TRIES,
    QUELL_ADAPTIVE_FORMULA
};

/* Registers of a try, beside the state: the low-order result of the last accepted try; the two
 * results of this try; and E[X | x_t], which is still right after a rejected try, because t has not
 * changed. */
enum { QUELL_TRY_PREVIOUS = 1, QUELL_TRY_LOW, QUELL_TRY_HIGH, QUELL_TRY_MU };

/* The upper bound on the option max_tries. */
#define QUELL_MOST_TRIES 131072

/* The greatest numbers of operations and of noises in a try. */
#define QUELL_TRY_OPS 16

/* The PID controller that chooses the length of a step in lambda. */
struct quell_pid {
    double h, past[3];
    bool begun;
};

/* The state of a sample: its point t, the number of accepted tries, and that of all tries. */
struct quell_adaptive {
    const double *option;
    quell_point t, end;
    struct quell_pid pid;
    quell_point previous; /* of QUELL_TRY_PREVIOUS */
    size_t accepted, tries;
    bool known;                    /* QUELL_TRY_MU holds E[X | x_t] */
    struct quell_noise_name noise; /* the noise of the whole way */
};

/* Begins a way from t to the end. */
struct quell_adaptive quell_adaptive_begin(const double *option, const quell_point *t,
                                           const quell_point *end);

/* Returns whether t is the end. */
bool quell_adaptive_done(const struct quell_adaptive *adaptive);

/* One try: from t to s, without noise to `down`, then noise of the size `up`. */
struct quell_try {
    quell_point s, down;
    double up;
};

/* Makes the next try, and its operations in `plan`, which is empty: they put the results at `down`
 * into QUELL_TRY_LOW and QUELL_TRY_HIGH. */
struct quell_try quell_adaptive_try(struct quell_adaptive *adaptive, struct quell_plan *plan);

/* The squared error of one element in units of its tolerance. */
double quell_adaptive_error(const struct quell_adaptive *adaptive, const struct quell_try *tried,
                            double previous, double low, double high);

/* Takes the root mean square of the errors into account, and returns whether the try is accepted.
 * If it is, t becomes its s, `plan` gets the operation that takes the state there, and the caller
 * copies QUELL_TRY_LOW to QUELL_TRY_PREVIOUS. */
bool quell_adaptive_judge(struct quell_adaptive *adaptive, const struct quell_try *tried,
                          double error, struct quell_plan *plan);

/* Memory for the plan of a try, and the function that returns an empty plan in it. Such a plan
 * never allocates memory. */
struct quell_try_memory {
    struct quell_op ops[QUELL_TRY_OPS];
    struct quell_noise_name names[QUELL_TRY_OPS];
};
struct quell_plan quell_adaptive_plan(const struct quell_plan *whole,
                                      const struct quell_adaptive *adaptive,
                                      struct quell_try_memory *memory);

#endif
