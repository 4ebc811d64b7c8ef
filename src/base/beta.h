/* SPDX-License-Identifier: MIT */
/* The quantiles of the beta distribution, with the same bits on every machine. */
#ifndef QUELL_BASE_BETA_H
#define QUELL_BASE_BETA_H

/* The x in [0, 1] below which Beta(a, b) lies with probability p, and 1 - x, each with its own
 * digits; q = 1 - p, likewise; a and b from 0.1 to 10. */
struct quell_quantile {
    double x, rest;
};
struct quell_quantile quell_beta_quantile(double p, double q, double a, double b);

#endif
