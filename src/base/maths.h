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
#include <sleef.h>

static inline double quell_exp(double x) { return Sleef_cinz_expd1_u10purec(x); }
static inline double quell_expm1(double x) { return Sleef_cinz_expm1d1_u10purec(x); }
static inline double quell_log(double x) { return Sleef_cinz_logd1_u10purec(x); }
static inline double quell_log1p(double x) { return Sleef_cinz_log1pd1_u10purec(x); }
static inline double quell_sin(double x) { return Sleef_cinz_sind1_u10purec(x); }
static inline double quell_cos(double x) { return Sleef_cinz_cosd1_u10purec(x); }
static inline double quell_acos(double x) { return Sleef_cinz_acosd1_u10purec(x); }
static inline double quell_asin(double x) { return Sleef_cinz_asind1_u10purec(x); }
static inline double quell_atan(double x) { return Sleef_cinz_atand1_u10purec(x); }
static inline double quell_erf(double x) { return Sleef_cinz_erfd1_u10purec(x); }
static inline double quell_pow(double x, double y) { return Sleef_cinz_powd1_u10purec(x, y); }
static inline double quell_lgamma(double x) { return Sleef_cinz_lgammad1_u10purec(x); }

/* x^y for x >= 0, 0^y = 0: the error grows with y log x. */
static inline double quell_power(double x, double y) { return quell_exp(y * quell_log(x)); }

#endif
