/* SPDX-License-Identifier: MIT */
/* Naive twins of the samplers: loops in double, written from the papers step by step, with plain
 * libm and none of the library's care for digits.
 *
 * Most papers after Karras et al. (2206.00364) write y = x / alpha and sigma = the ratio
 * sigma / alpha, in which every schedule is variance-exploding; so do the twins here, and the frame
 * scales at both ends. s[i] is that sigma, lambda = -log s[i]. Exponential integrators call the
 * denoiser's output D, its direction d = (y - D) / sigma. */
#ifndef QUELL_TESTS_TWINS_H
#define QUELL_TESTS_TWINS_H

#include "core/schedule.h"
#include "models.h"

enum { TWIN_DIM = 4, TWIN_STEPS = 64 };

typedef struct vec {
    double e[TWIN_DIM];
} vec;

/* spec: "NAME:KEY=VALUE,...", the options; s[0..steps]: sigma / alpha along the grid. */
struct twin {
    const char *spec;
    size_t steps;
    const quell_schedule *schedule;
    const quell_point *grid;
    double s[TWIN_STEPS + 1];
    const struct model *model;
    uint64_t seed, sample;
};

/* A sampler's twin takes y from s[0] to s[steps]. */
typedef vec twin_run_fn(const struct twin *twin, vec y);

struct twin_row {
    const char *name;
    twin_run_fn *run;
};
extern const struct twin_row twins_single[], twins_multi[], twins_sde[], twins_other[];

/* Returns the twin of a sampler's name or spec, or NULL if there is none. */
twin_run_fn *twin_find(const char *spec);

/* Takes x_1 to x_0, through y. */
void twin_run(const struct twin *twin, double *x);

/* Returns the value of an option in the spec, else `value`; and whether a word is given for it. */
double twin_option(const struct twin *twin, const char *key, double value);
int twin_word(const struct twin *twin, const char *key, const char *word);

/* Whether the spec has a formula=... other than quell's. */
int twin_peer(const struct twin *twin);

/* D(y, sigma) = E[X | X + sigma Z = y]; (y - D) / sigma; the noise of slot k of transition i. Noise
 * is named by the bits of times, and so the points here are the library's own, also those between:
 * the noise from one point to another, and that of a part of transition i, from `from` to `to` of
 * its length in lambda. */
vec twin_denoise(const struct twin *twin, vec y, double sigma);
vec twin_direction(const struct twin *twin, vec y, double sigma);
vec twin_noise(const struct twin *twin, size_t i, unsigned k);
vec twin_noise_between(const struct twin *twin, const quell_point *t, const quell_point *s,
                       unsigned k);
vec twin_noise_part(const struct twin *twin, size_t i, double from, double to, unsigned k);

/* The rule of long steps (docs/methods.md): whether sum |c[k]| <= most, c[count] being what the
 * outputs D other than the first have in y_s; always, where the spec says steady=no or
 * a formula=... that is not quell's. */
int twin_steady(const struct twin *twin, size_t count, const double *c, double most);

/* A weight of a later stage of data prediction: 5/4 at most, by the same rule. */
double twin_held(const struct twin *twin, double c);

/* a x + b y, and a x + b y + c z. */
vec mix(double a, vec x, double b, vec y);
vec mix3(double a, vec x, double b, vec y, double c, vec z);

/* The integral of weight(u, p) l_j(u) from a to b, l_j the Lagrange polynomial of node j of
 * node[count]; NULL weight: 1. By Gauss's rule on many panels. */
double twin_integral(double (*weight)(double u, const double *p), const double *p, size_t count,
                     const double *node, size_t j, double a, double b);

/* The Adams-Bashforth slope of even steps, of the `order` newest of d[0..i]. */
vec twin_even_slope(size_t order, size_t i, const vec *d);

/* The coefficients of iPNDM-v, newest first, as diff-sampler (solvers.py) and ComfyUI have them,
 * h[] the step and those before it; or with the slips mended: a parenthesis, a sign and a ratio. */
void twin_ipndm_v(size_t count, const double *h, int mended, double *c);

/* Ancestral steps of k-diffusion: from sigma down to `down` without noise, then noise `up`. */
void twin_ancestral(double from, double to, double eta, double *down, double *up);

#endif
