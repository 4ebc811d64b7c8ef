/* SPDX-License-Identifier: MIT */
/* Only this file includes SLEEF's header: it declares functions of all instruction sets, and
 * reading them takes longer than compiling most of our files. */
#include "base/maths.h"

#include <sleef.h>

double quell_exp(double x) { return Sleef_cinz_expd1_u10purec(x); }
double quell_expm1(double x) { return Sleef_cinz_expm1d1_u10purec(x); }
double quell_log(double x) { return Sleef_cinz_logd1_u10purec(x); }
double quell_log1p(double x) { return Sleef_cinz_log1pd1_u10purec(x); }
double quell_sin(double x) { return Sleef_cinz_sind1_u10purec(x); }
double quell_cos(double x) { return Sleef_cinz_cosd1_u10purec(x); }
double quell_acos(double x) { return Sleef_cinz_acosd1_u10purec(x); }
double quell_asin(double x) { return Sleef_cinz_asind1_u10purec(x); }
double quell_atan(double x) { return Sleef_cinz_atand1_u10purec(x); }
double quell_erf(double x) { return Sleef_cinz_erfd1_u10purec(x); }
double quell_pow(double x, double y) { return Sleef_cinz_powd1_u10purec(x, y); }
double quell_lgamma(double x) { return Sleef_cinz_lgammad1_u10purec(x); }
