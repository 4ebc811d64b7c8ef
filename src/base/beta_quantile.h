/* SPDX-License-Identifier: MIT */
/* The quantiles of the beta distribution, with the same bits on every machine. */
#ifndef QUELL_BASE_BETA_QUANTILE_H
#define QUELL_BASE_BETA_QUANTILE_H

/* A Beta(a, b) variable is below x with probability p. 1 - x is returned as well, so that neither x
 * nor 1 - x loses digits; for the same reason the caller gives both p and q = 1 - p. a and b are
 * from 0.1 to 10. */
struct quell_quantile {
    double x, rest;
};
struct quell_quantile quell_beta_quantile(double p, double q, double a, double b);

#endif
