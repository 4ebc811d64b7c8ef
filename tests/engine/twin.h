/* SPDX-License-Identifier: MIT */
/* Naive twins of the samplers: loops in double, written from the papers' formulas alone. */
#ifndef QUELL_TESTS_TWIN_H
#define QUELL_TESTS_TWIN_H

#include <stddef.h>

/* alpha and sigma at the two ends of a transition. */
struct twin_points {
    double alpha_t, sigma_t, alpha_s, sigma_s;
};

/* x_s = state x_t + mean mu + noise eps. */
struct twin_step {
    double state, mean, noise;
};

/* DDPM's transition; DDIM's, with eta. */
struct twin_step twin_ddpm(struct twin_points p);
struct twin_step twin_ddim(struct twin_points p, double eta);

/* A transition on x ~ N(mean, variance) in one dimension, for a Gaussian model: what it makes of
 * (x_t - alpha_t mean) is multiplied by this, and independent noise is added. */
double twin_gaussian_factor(struct twin_points p, struct twin_step step, double variance);

#endif
