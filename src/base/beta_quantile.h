/* SPDX-License-Identifier: MIT */
/* The quantiles of the beta distribution, with the same bits on every machine. */
#ifndef QUELL_BASE_BETA_QUANTILE_H
#define QUELL_BASE_BETA_QUANTILE_H

/* x in [0, 1] has Beta(a, b) below it with probability p; 1 - x is returned beside it, so that
 * neither loses digits. The caller gives p and q = 1 - p for the same reason; a and b are from 0.1
 * to 10. */
struct quell_quantile {
    double x, rest;
};
struct quell_quantile quell_beta_quantile(double p, double q, double a, double b);

#endif
