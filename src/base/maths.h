/* SPDX-License-Identifier: MIT */
/* The elementary functions from which coefficients are computed, with the same bits on every
 * machine.
 *
 * Those of the C library differ in the last bit between versions and processors. SLEEF's `cinz`
 * functions in plain C do not: they use neither FMA nor tables chosen at run time, and their error
 * is at most 1 ulp. The tests compare their bits with recorded ones. */
#ifndef QUELL_BASE_MATHS_H
#define QUELL_BASE_MATHS_H

#include <math.h>

double quell_exp(double x);
double quell_expm1(double x);
double quell_log(double x);
double quell_log1p(double x);
double quell_sin(double x);
double quell_cos(double x);
double quell_acos(double x);
double quell_asin(double x);
double quell_atan(double x);
double quell_erf(double x);
double quell_pow(double x, double y);
double quell_lgamma(double x);

/* x^y for x >= 0, 0^y = 0: the error grows with y log x. */
static inline double quell_power(double x, double y) { return quell_exp(y * quell_log(x)); }

#endif
