/* SPDX-License-Identifier: MIT */
/* Twins of the stochastic solvers. Between two points the exact law of y, given D along the way, is
 *
 *     y_s = (s / t) e^-eta h y_t + int (1 + eta) e^-(1 + eta)(lambda_s - lambda) D dlambda
 *           + s sqrt(1 - e^-2 eta h) noise,   h = lambda_s - lambda_t. */
#include "twins.h"

#include <math.h>

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The parts without D, and the noise of slot 0. */
static vec carried(const struct twin *w, vec y, size_t i, double eta)
{
    double t = w->s[i], s = w->s[i + 1], h = log(t / s);
    double noise = twin_option(w, "s_noise", 1) * s * sqrt(1 - exp(-2 * eta * h));
    return mix(s / t * exp(-eta * h), y, noise, twin_noise(w, i, 0));
}

/* DPM-Solver++ 2M SDE (2211.01095, algorithm 2 with noise): D by the last difference, whose weight
 * is exact (heun) or half of D's (midpoint). */
static vec dpmpp_2m_sde(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), last = 0;
    vec old = {{0}};
    for (size_t i = 0; i < w->steps; i++) {
        vec mean = twin_denoise(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return mean;
        double h = log(w->s[i] / w->s[i + 1]), k = (1 + eta) * h, whole = 1 - exp(-k);
        double slope = twin_word(w, "solver", "heun") ? 1 - whole / k : whole / 2;
        y = mix(1, carried(w, y, i, eta), whole, mean);
        double c = i > 0 ? slope * h / last : 0;
        if (eta > 0 && !twin_steady(w, 1, &c, 0.5)) c = 0.5; /* as if D were constant */
        if (twin_steady(w, 1, &c, 1)) y = mix3(1, y, c, mean, -c, old);
        old = mean;
        last = h;
    }
    return y;
}

/* (1 + eta) e^-(1 + eta)(end - lambda); p: 1 + eta, end */
static double recent(double lambda, const double *p) { return p[0] * exp(-p[0] * (p[1] - lambda)); }

/* The integral with D's polynomial through count points from lambda[first]. */
static vec drift(size_t count, size_t first, double rate, const double *lambda, const vec *mean,
                 double from, double to)
{
    vec sum = {{0}};
    double p[2] = {rate, to};
    for (size_t j = 0; j < count; j++)
        sum = mix(1, sum, twin_integral(recent, p, count, lambda + first, j, from, to),
                  mean[first + j]);
    return sum;
}

/* The same from lambda[last] to the next, by the rule of long steps: of n past values at most
 * 2^(n - 1); with noise half of it, and 1, and one past value has no more than 1/2. */
static vec steady(const struct twin *w, size_t count, size_t last, double rate, int noise,
                  const double *lambda, const vec *mean)
{
    double from = lambda[last], to = lambda[last + 1], p[2] = {rate, to};
    for (; count > 1; count--) {
        double c[5], most = pow(2, (double)count - 2);
        for (size_t j = 0; j + 1 < count; j++)
            c[j] = twin_integral(recent, p, count, lambda + last + 1 - count, j, from, to);
        if (twin_steady(w, count - 1, c, noise ? fmin(most / 2, 1) : most)) break;
        double whole = 1 - exp(-rate * (to - from));
        if (noise && count == 2) return mix(whole + 0.5, mean[last], -0.5, mean[last - 1]);
    }
    return drift(count, last + 1 - count, rate, lambda, mean, from, to);
}

/* As k-diffusion has it: the second difference lacks a factor of 2. */
static vec wrong_3m(double k, double h, double last, double older, const vec *mean)
{
    double r0 = last / h, r1 = older / h, phi2 = expm1(-k) / k + 1, phi3 = phi2 / k - 0.5;
    vec d0 = mix(1 / r0, mean[0], -1 / r0, mean[-1]), d1 = mix(1 / r1, mean[-1], -1 / r1, mean[-2]);
    vec second = mix(1 / (r0 + r1), d0, -1 / (r0 + r1), d1), first = mix(1, d0, r0, second);
    return mix3(-expm1(-k), mean[0], phi2, first, -phi3, second);
}

/* DPM-Solver++ 3M SDE: D by the parabola through three points. */
static vec dpmpp_3m_sde(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), lambda[TWIN_STEPS + 1];
    vec mean[TWIN_STEPS];
    for (size_t i = 0; i <= w->steps; i++) lambda[i] = -log(w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        size_t n = least(3, i + 1);
        mean[i] = twin_denoise(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return mean[i];
        double h = lambda[i + 1] - lambda[i];
        vec part = steady(w, n, i, 1 + eta, eta > 0, lambda, mean);
        if (n == 3 && twin_peer(w))
            part = wrong_3m((1 + eta) * h, h, lambda[i] - lambda[i - 1],
                            lambda[i - 1] - lambda[i - 2], mean + i);
        y = mix(1, carried(w, y, i, eta), 1, part);
    }
    return y;
}

/* SA-Solver (2309.05019, algorithm 1): stochastic Adams, where tau^2 is eta's square; the corrector
 * takes the predictor's noise. */
static vec sa_solver(const struct twin *w, vec y)
{
    double tau = twin_option(w, "tau", 1), rate = 0, lambda[TWIN_STEPS + 1];
    double start = twin_option(w, "s_tmax", INFINITY), stop = twin_option(w, "s_tmin", 0);
    size_t predict = (size_t)twin_option(w, "predictor_order", 3);
    size_t correct = (size_t)twin_option(w, "corrector_order", 4);
    vec mean[TWIN_STEPS], base = {{0}};
    int noise = 0;
    for (size_t i = 0; i <= w->steps; i++) lambda[i] = -log(w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        size_t p = least(predict, i + 1), c = least(correct, i + 1);
        mean[i] = twin_denoise(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return mean[i];
        if (i > 0 && c > 0) /* base: y before the last step, with its noise */
            y = mix(1, base, 1,
                    drift(c, i + 1 - c, 1 + rate, lambda, mean, lambda[i - 1], lambda[i]));
        rate = w->s[i + 1] <= start && w->s[i + 1] >= stop ? tau * tau : 0;
        noise = noise || rate > 0;
        base = carried(w, y, i, rate);
        y = mix(1, base, 1, steady(w, p, i, 1 + rate, noise, lambda, mean));
    }
    return y;
}

static enum { ER, SDE, ODE } scale; /* of the twin below */

static double scaler(double s)
{
    return scale == SDE ? s * s : scale == ODE ? s : s * (exp(pow(s, 0.3)) + 10);
}

static double inverse(double s, const double *p) { return (p ? s - *p : 1) / scaler(s); }

static double twice_less(double s, const double *p) { return (2 * s - p[0] - p[1]) / scaler(s); }

/* ER-SDE (2309.06169, VE form, the paper's best noise scale): Taylor in sigma up to the stage. The
 * third takes Newton's (s - t)(s - q) mu[t, q, p], the paper (s - t)^2. */
static vec er_sde(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 3);
    scale = twin_word(w, "scaler", "sde") ? SDE : twin_word(w, "scaler", "ode") ? ODE : ER;
    double size = twin_option(w, "s_noise", 1), node = 0;
    vec old = {{0}}, old_slope = {{0}};
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], h = s - t;
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        double r = scaler(s) / scaler(t);
        vec next = mix(r, y, 1 - r, mean);
        if (i > 0) {
            double gap = t - w->s[i - 1];
            vec slope = mix(1 / gap, mean, -1 / gap, old);
            double c = h + scaler(s) * twin_integral(inverse, NULL, 1, &node, 0, s, t);
            double first = c / gap, of[2] = {0, 0};
            if (i > 1) { /* the third stage's difference is of two slopes */
                double q = w->s[i - 1], span = t - w->s[i - 2], points[] = {t, q};
                double d =
                    h * (s - q) + scaler(s) * twin_integral(twice_less, points, 1, &node, 0, s, t);
                of[1] = d / span / (q - w->s[i - 2]);
                of[0] = first + d / span / gap + of[1];
            }
            int third = order >= 3 && i > 1 && twin_steady(w, 2, of, 2);
            if (order >= 2 && (third || twin_steady(w, 1, &first, 1)))
                next = mix(1, next, c, slope);
            if (third) {
                double q = w->s[i - 1], span = t - w->s[i - 2], points[] = {t, q};
                c = h * (s - q) + scaler(s) * twin_integral(twice_less, points, 1, &node, 0, s, t);
                if (twin_peer(w))
                    c = h * h + 2 * scaler(s) * twin_integral(inverse, &t, 1, &node, 0, s, t);
                next = mix3(1, next, c / span, slope, -c / span, old_slope);
            }
            old_slope = slope;
        }
        old = mean;
        double fresh = scale == ODE ? 0 : s * s - r * r * t * t;
        y = mix(1, next, size * sqrt(fmax(fresh, 0)), twin_noise(w, i, 0));
    }
    return y;
}

/* Returns the part of y at lambda = end that y at lambda = from leaves: e^-h (1 + eta). */
static double kept(double h, double eta) { return exp(-(1 + eta) * h); }

/* h phi_2 of -h */
static double second(double h) { return (expm1(-h) + h) / h; }

/* SEEDS (2305.14267, algorithms 3 and 4): noise of deviation s sqrt(1 - e^-2 eta h) over a piece;
 * what a piece leaves is e^-eta (rest) sigma times it at a later sigma. */
static vec seeds2(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1);
    double r = twin_option(w, "r", 0.5);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        double h = log(t / s), mid = t * exp(-r * h), f = 1 / (2 * r), rest = (1 - r) * h;
        double c = f * (1 - kept(h, eta));
        if (twin_word(w, "solver", "phi_2")) c = second((1 + eta) * h) / r;
        if (!twin_steady(w, 1, &c, 2)) {
            double noise = size * s * sqrt(1 - exp(-2 * eta * h));
            y = mix3(kept(h, eta), y, 1 - kept(h, eta), mean, noise, twin_noise(w, i, 0));
            continue;
        }
        double first = sqrt(1 - exp(-2 * eta * r * h)), last = sqrt(1 - exp(-2 * eta * rest));
        vec z = mix(first, twin_noise_part(w, i, 0, r, 0), 0, y);
        vec inner = mix3(kept(r * h, eta), y, 1 - kept(r * h, eta), mean, size * mid, z);
        double b = twin_held(w, c) / (1 - kept(h, eta));
        vec both = mix(1 - b, mean, b, twin_denoise(w, inner, mid));
        z = mix(exp(-eta * rest), z, last, twin_noise_part(w, i, r, 1, 1));
        y = mix3(kept(h, eta), y, 1 - kept(h, eta), both, size * s, z);
    }
    return y;
}

static vec seeds3(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1);
    double r1 = twin_option(w, "r1", 1 / 3.), r2 = twin_option(w, "r2", 2 / 3.);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        vec d1 = twin_denoise(w, y, t);
        if (s == 0) return d1;
        double h = log(t / s), k = (1 + eta) * h, s1 = t * exp(-r1 * h), s2 = t * exp(-r2 * h);
        double gap = (r2 - r1) * h, rest = (1 - r2) * h;
        double inside = r2 / r1 * second(r2 * k), outside = second(k) / r2;
        if (!twin_steady(w, 1, &inside, 2) || !twin_steady(w, 1, &outside, 2)) {
            double noise = size * s * sqrt(1 - exp(-2 * eta * h));
            y = mix3(kept(h, eta), y, 1 - kept(h, eta), d1, noise, twin_noise(w, i, 0));
            continue;
        }
        vec z = mix(sqrt(1 - exp(-2 * eta * r1 * h)), twin_noise_part(w, i, 0, r1, 0), 0, y);
        vec inner = mix3(kept(r1 * h, eta), y, 1 - kept(r1 * h, eta), d1, size * s1, z);
        vec d2 = twin_denoise(w, inner, s1);
        double a = twin_held(w, inside), b = twin_held(w, outside);
        z = mix(exp(-eta * gap), z, sqrt(1 - exp(-2 * eta * gap)),
                twin_noise_part(w, i, r1, r2, 1));
        inner = mix3(kept(r2 * h, eta), y, -expm1(-r2 * k) - a, d1, a, d2);
        vec d3 = twin_denoise(w, mix(1, inner, size * s2, z), s2);
        z = mix(exp(-eta * rest), z, sqrt(1 - exp(-2 * eta * rest)),
                twin_noise_part(w, i, r2, 1, 2));
        y = mix3(kept(h, eta), y, 1 - kept(h, eta) - b, d1, b, d3);
        y = mix(1, y, size * s, z);
    }
    return y;
}

/* DPM-Solver++ SDE of k-diffusion: two ancestral steps from the same y, whose noises are those of
 * one path: a step of length u keeps the share K(u) = 1 - eta^2 (1 - e^-2u) of what was there, and
 * of the first one's noise K(h) / K(r h) is left at s. */
static vec dpmpp_sde(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1);
    double r = twin_option(w, "r", 0.5), f = 1 / (2 * r), down, up;
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        double mid = t * exp(-r * log(t / s)), c = 0;
        twin_ancestral(t, s, eta, &down, &up);
        c = f * (1 - down / t);
        if (!twin_steady(w, 1, &c, 2)) {
            y = mix3(down / t, y, 1 - down / t, mean, size * up, twin_noise(w, i, 0));
            continue;
        }
        double b = twin_held(w, c) / (1 - down / t);
        vec z0 = twin_noise_part(w, i, 0, r, 0), z1 = twin_noise_part(w, i, r, 1, 1);
        twin_ancestral(t, mid, eta, &down, &up);
        vec inner = mix3(down / t, y, 1 - down / t, mean, size * up, z0);
        vec both = mix(1 - b, mean, b, twin_denoise(w, inner, mid));
        double half = 1 - eta * eta * (1 - mid * mid / (t * t)); /* what t -> mid keeps, squared */
        double whole = 1 - eta * eta * (1 - s * s / (t * t)), rest = whole / half;
        vec z = mix(s * sqrt(rest * (1 - half)), z0, s * sqrt(1 - rest), z1);
        twin_ancestral(t, s, eta, &down, &up);
        y = mix3(down / t, y, 1 - down / t, both, size, z);
    }
    return y;
}

const struct twin_row twins_sde[] = {{"dpmpp_2m_sde", dpmpp_2m_sde},
                                     {"dpmpp_3m_sde", dpmpp_3m_sde},
                                     {"sa_solver", sa_solver},
                                     {"er_sde", er_sde},
                                     {"seeds2", seeds2},
                                     {"seeds3", seeds3},
                                     {"dpmpp_sde", dpmpp_sde},
                                     {0}};
