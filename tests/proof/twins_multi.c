/* SPDX-License-Identifier: MIT */
/* Twins of the multistep samplers. */
#include "twins.h"

#include <math.h>

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* One Adams-Bashforth integral: sum_j f_j int weight l_j over the newest points, u[i] to u[i + 1];
 * f[i], u[i] are all the values so far. */
static vec adams(double (*weight)(double, const double *), const double *p, size_t order, size_t i,
                 const vec *f, const double *u)
{
    vec sum = {{0}};
    order = least(order, i + 1);
    for (size_t j = 0; j < order; j++) {
        double c = twin_integral(weight, p, order, u + i + 1 - order, j, u[i], u[i + 1]);
        sum = mix(1, sum, c, f[i + 1 - order + j]);
    }
    return sum;
}

/* Returns the order of such a step by the rule of long steps: unit is what D has in f, times f's in
 * y. With n past values the weights may be 2^(n - 1) at most. */
static size_t steady(const struct twin *w, double (*weight)(double, const double *),
                     const double *p, size_t order, size_t i, const double *u, double unit)
{
    for (order = least(order, i + 1); order > 1; order--) {
        double c[4];
        for (size_t j = 0; j + 1 < order; j++)
            c[j] = unit * twin_integral(weight, p, order, u + i + 1 - order, j, u[i], u[i + 1]);
        if (twin_steady(w, order - 1, c, pow(2, (double)order - 2))) break;
    }
    return order;
}

/* Adams-Bashforth on the noise: dy / dsigma = d (rhoAB of 2204.13902, LMS of k-diffusion). */
static vec zab(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2);
    vec d[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        d[i] = twin_direction(w, y, w->s[i]);
        size_t n = steady(w, NULL, NULL, order, i, w->s, 1 / w->s[i]);
        y = mix(1, y, 1, adams(NULL, NULL, n, i, d, w->s));
    }
    return y;
}

/* Adams-Bashforth on the velocity of rectified flow, x = (1 - u) X + u Z, u = s / (1 + s):
 * dx / du = E[Z - X]. */
static vec vab(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2);
    vec v[TWIN_STEPS];
    double u[TWIN_STEPS + 1];
    for (size_t i = 0; i <= w->steps; i++) u[i] = w->s[i] / (1 + w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        vec mean = twin_denoise(w, y, w->s[i]);
        v[i] = mix(1, twin_direction(w, y, w->s[i]), -1, mean);
        double unit = (1 / w->s[i] + 1) / (1 - u[i + 1]);
        size_t n = steady(w, NULL, NULL, order, i, u, unit);
        vec x = mix(1 - u[i], y, 1, adams(NULL, NULL, n, i, v, u));
        y = mix(1 / (1 - u[i + 1]), x, 0, x);
    }
    return y;
}

static double exponential(double u, const double *p) { return exp(*p * u); }

/* Exponential Adams-Bashforth on the noise, u = log sigma: dy / du = e^u d (2206.00927; tAB of
 * 2204.13902). */
static vec zeab(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2);
    vec d[TWIN_STEPS];
    double u[TWIN_STEPS + 1], rate = 1;
    for (size_t i = 0; i <= w->steps; i++) u[i] = log(w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        d[i] = twin_direction(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        size_t n = steady(w, exponential, &rate, order, i, u, 1 / w->s[i]);
        y = mix(1, y, 1, adams(exponential, &rate, n, i, d, u));
    }
    return y;
}

/* DPM-Solver++(2M) and (3M) as k-diffusion and diffusers have them, D the newest mean: the former
 * with (1 + 1 / 2r) D_0 - 1 / 2r D_1 (2211.01095, algorithm 2); the latter with D1 and D2, the
 * slope and half of what should be twice the curvature, from the second step on. */
static vec xeab_peers(const struct twin *w, vec y, size_t order)
{
    vec mean[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], h = log(t / s), decay = -expm1(-h);
        mean[i] = twin_denoise(w, y, t);
        if (s == 0) return mean[i];
        y = mix(s / t, y, decay, mean[i]);
        if (i == 0) continue;
        double r0 = log(w->s[i - 1] / t) / h, r1 = i > 1 ? log(w->s[i - 2] / w->s[i - 1]) / h : 0;
        double c = decay / 2 / r0;
        if (order == 2 && !twin_steady(w, 1, &c, 1)) continue;
        vec d0 = mix(1 / r0, mean[i], -1 / r0, mean[i - 1]);
        if (order == 2) y = mix(1, y, decay / 2, d0);
        if (order == 3 && i == 1) y = mix(1, y, 1 - decay / h, d0);
        if (order == 2 || i == 1) continue;
        vec d1 = mix(1 / r1, mean[i - 1], -1 / r1, mean[i - 2]), bend = mix(1, d0, -1, d1);
        vec first = mix(1, d0, r0 / (r0 + r1), bend), second = mix(1 / (r0 + r1), bend, 0, bend);
        y = mix3(1, y, 1 - decay / h, first, -((h - decay) / (h * h) - 0.5), second);
    }
    return y;
}

/* Exponential Adams-Bashforth on the data: d(e^-u y) / du = -e^-u D (2211.01095). */
static vec xeab_with(const struct twin *w, vec y, size_t order)
{
    vec mean[TWIN_STEPS];
    double u[TWIN_STEPS + 1], rate = -1;
    for (size_t i = 0; i <= w->steps; i++) u[i] = log(w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        mean[i] = twin_denoise(w, y, t);
        if (s == 0) return mean[i];
        size_t n = steady(w, exponential, &rate, order, i, u, s);
        y = mix(s / t, y, -s, adams(exponential, &rate, n, i, mean, u));
    }
    return y;
}

static vec xeab(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2);
    int peers = twin_peer(w) && (order == 2 || order == 3);
    if (order == 2 && twin_word(w, "solver", "midpoint")) peers = 1;
    return (peers ? xeab_peers : xeab_with)(w, y, order);
}

/* RES, second order over two steps (2308.02157), the paper's b1 = phi1 - phi2 / c2, b2 = phi2 / c2;
 * without noise the same as the former at order 2. With noise as in ComfyUI (sample_res_multistep),
 * whose steps, this one and the last, are those down: c2 = -last / h. */
static vec res_multistep(const struct twin *w, vec y)
{
    double eta = fmin(1, twin_option(w, "eta", 0)), size = twin_option(w, "s_noise", 1), down, up;
    double last = 0;
    vec old = {{0}};
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        twin_ancestral(t, s, eta, &down, &up);
        double h = log(t / down), phi1 = -expm1(-h) / h, phi2 = (1 - phi1) / h;
        double b2 = i ? -phi2 * h / last : 0, c = h * b2;
        if (eta == 0 && !twin_steady(w, 1, &c, 1)) b2 = 0;
        if (eta > 0 && !twin_steady(w, 1, &c, 0.5)) b2 = -0.5 / h; /* as if D were constant */
        y = mix3(down / t, y, h * (phi1 - b2), mean, h * b2, old);
        y = mix(1, y, size * up, twin_noise(w, i, 0));
        old = mean;
        last = h;
    }
    return y;
}

/* 1 / (e^u + e^-u): e^u / (1 + e^2u) */
static double rosenbrock(double u, const double *p)
{
    (void)p;
    return exp(u) / (1 + exp(2 * u));
}

/* Rosenbrock-type exponential Adams-Bashforth, azula 0.11.1's: the linear part a = s^2 / (1 + s^2)
 * of a standard normal X is solved exactly, but for a wrong factor. */
static vec reab_azula(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2);
    vec f[TWIN_STEPS];
    double u[TWIN_STEPS + 1];
    for (size_t i = 0; i <= w->steps; i++) u[i] = log(w->s[i]);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], a = t * t / (1 + t * t), b = sqrt(a);
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        f[i] = mix((1 - a) / b, y, -1 / b, mean);
        double wrong = w->grid[i].sigma / w->grid[i + 1].alpha;
        double state = sqrt((1 + s * s) / (1 + t * t)), scale = sqrt(1 + wrong * wrong);
        y = mix(state, y, scale, adams(rosenbrock, NULL, order, i, f, u));
    }
    return y;
}

/* l_j(e^u) e^u / (1 + e^2u)^(3/2): p has j, the number of nodes, and those. */
static double turn(double u, const double *p)
{
    double s = exp(u), value = s / pow(1 + s * s, 1.5);
    for (size_t i = 0; i < (size_t)p[1]; i++)
        if (i != (size_t)p[0]) value *= (s - p[2 + i]) / (p[2 + (size_t)p[0]] - p[2 + i]);
    return value;
}

/* Ours: f = d - s D, which is linear in s where D is constant, and 0 of a standard normal X, is
 * interpolated in s, for d(y / sqrt(1 + s^2)) / ds = f / (1 + s^2)^(3/2), integrated over log s;
 * one value alone is a step of first order, y' = d. c[j]: of f[i - j]. */
static size_t reab_weights(const struct twin *w, size_t order, size_t i, double *c)
{
    double t = w->s[i], s = w->s[i + 1], scale = sqrt(1 + s * s), share[4];
    size_t n = least(order, i + 1);
    for (; n > 1; n--) {
        double p[6] = {0, (double)n};
        for (size_t j = 0; j < n; j++) p[2 + j] = w->s[i - j];
        for (size_t j = 0; j < n; j++) {
            p[0] = (double)j;
            c[j] = scale * twin_integral(turn, p, 1, p, 0, log(t), log(s));
            share[j] = c[j] * (1 / t + p[2 + j]);
        }
        if (twin_steady(w, n - 1, share + 1, pow(2, (double)n - 3))) break;
    }
    return n;
}

static vec reab(const struct twin *w, vec y)
{
    if (twin_peer(w)) return reab_azula(w, y);
    vec f[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], c[4];
        vec mean = twin_denoise(w, y, t);
        f[i] = mix3(1 / t, y, -1 / t, mean, -t, mean);
        size_t n = s > 0 ? reab_weights(w, (size_t)twin_option(w, "order", 2), i, c) : 1;
        if (n == 1) {
            y = mix(s / t, y, 1 - s / t, mean);
            continue;
        }
        y = mix(sqrt((1 + s * s) / (1 + t * t)), y, 0, y);
        for (size_t j = 0; j < n; j++) y = mix(1, y, c[j], f[i - j]);
    }
    return y;
}

/* The Adams-Bashforth weights of even steps (2202.09778, eq. 12), newest first. */
static const double even[4][4] = {{1},
                                  {3 / 2., -1 / 2.},
                                  {23 / 12., -16 / 12., 5 / 12.},
                                  {55 / 24., -59 / 24., 37 / 24., -9 / 24.}};

vec twin_even_slope(size_t order, size_t i, const vec *d)
{
    vec sum = {{0}};
    for (size_t j = 0; j < order; j++) sum = mix(1, sum, even[order - 1][j], d[i - j]);
    return sum;
}

/* iPNDM: those weights whatever the steps, and lower orders at the start. */
static vec ipndm(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 4);
    vec d[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        d[i] = twin_direction(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        double part = 1 - w->s[i + 1] / w->s[i];
        size_t n = least(order, i + 1);
        for (; n > 1; n--) {
            double c[3];
            for (size_t j = 1; j < n; j++) c[j - 1] = part * even[n - 1][j];
            if (twin_steady(w, n - 1, c, pow(2, (double)n - 2))) break;
        }
        y = mix(1, y, w->s[i + 1] - w->s[i], twin_even_slope(n, i, d));
    }
    return y;
}

void twin_ipndm_v(size_t count, const double *h, int mended, double *c)
{
    double q = h[0] / h[1], r = h[1] / h[2];
    c[0] = (2 + q) / 2, c[1] = -q / 2;
    if (count < 3) return;
    double more = (h[0] * (h[0] + h[1])) / (h[1] * (h[1] + h[2])),
           part = h[0] / (3 * (h[0] + h[1]));
    double temp = mended ? (1 - part) / 2 * more : (1 - part * more) / 2;
    c[0] += temp, c[1] -= (1 + r) * temp, c[2] = temp * r;
    if (count < 4) return;
    double far = h[0] + h[1] + h[2], p = h[1] * (h[1] + h[2]) / (h[2] * (h[2] + h[3]));
    double last = (1 - h[0] / (2 * (h[0] + h[1]))) * h[0] / (6 * far);
    double temp2 = ((1 - part) / 2 + (mended ? -last : last)) * (h[0] * (h[0] + h[1]) * far) /
                   (h[1] * (h[1] + h[2]) * (h[1] + h[2] + h[3]));
    c[0] += temp2, c[1] -= (1 + r + p) * temp2, c[2] += (r + p * (1 + h[2] / h[3])) * temp2;
    c[3] = -temp2 * p * (mended ? h[2] / h[3] : r);
}

/* iPNDM-v as the codes have it. */
static vec ipndm_v_codes(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 4);
    vec d[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        double c[4] = {1}, h[4] = {0};
        size_t count = least(order, i + 1);
        d[i] = twin_direction(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        for (size_t j = 0; j < count; j++) h[j] = w->s[i + 1 - j] - w->s[i - j];
        if (count > 1) twin_ipndm_v(count, h, 0, c);
        for (size_t j = 0; j < count; j++) y = mix(1, y, h[0] * c[j], d[i - j]);
    }
    return y;
}

/* iPNDM-v: the weights of the steps as they are, by Newton's divided differences of d in sigma:
 * d = d0 + d01 (u - u0) + d012 (u - u0)(u - u1) + ..., integrated from u0 = s[i]. */
static vec ipndm_v(const struct twin *w, vec y)
{
    if (twin_peer(w)) return ipndm_v_codes(w, y);
    size_t order = (size_t)twin_option(w, "order", 4);
    vec d[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        size_t n = steady(w, NULL, NULL, order, i, w->s, 1 / w->s[i]);
        d[i] = twin_direction(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        vec table[4], next = y;
        double h = w->s[i + 1] - w->s[i], poly[5] = {1, 0, 0, 0, 0}; /* in powers of u - s[i] */
        for (size_t k = 0; k < n; k++) table[k] = d[i - k];
        for (size_t k = 0; k < n; k++) {
            double integral = 0, power = h;
            for (size_t m = 0; m <= k; m++, power *= h)
                integral += poly[m] * power / (double)(m + 1);
            next = mix(1, next, integral, table[0]);
            for (size_t j = 0; j + 1 < n - k; j++) {
                double gap = w->s[i - j] - w->s[i - j - k - 1];
                table[j] = mix(1 / gap, table[j], -1 / gap, table[j + 1]);
            }
            double shift = w->s[i - k] - w->s[i]; /* poly *= u - s[i - k] */
            for (size_t m = k + 1; m > 0; m--) poly[m] = poly[m - 1] - shift * poly[m];
            poly[0] *= -shift;
        }
        y = next;
    }
    return y;
}

/* Gradient estimation: d + (gamma - 1) (d - the last d), where gamma is bounded if the step is
 * long. */
static vec gradient_estimation(const struct twin *w, vec y)
{
    vec old = {{0}};
    for (size_t i = 0; i < w->steps; i++) {
        double h = w->s[i + 1] - w->s[i], gamma = twin_option(w, "ge_gamma", 2);
        double most = 0.5 - w->s[i] / h; /* 1/2 + 1 / (1 - s / t) */
        if (!twin_word(w, "steady", "no")) gamma = fmin(gamma, most);
        vec d = twin_direction(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        y = i ? mix3(1, y, h * gamma, d, h * (1 - gamma), old) : mix(1, y, h, d);
        old = d;
    }
    return y;
}

const struct twin_row twins_multi[] = {{"zab", zab},
                                       {"vab", vab},
                                       {"zeab", zeab},
                                       {"xeab", xeab},
                                       {"reab", reab},
                                       {"ipndm", ipndm},
                                       {"ipndm_v", ipndm_v},
                                       {"res_multistep", res_multistep},
                                       {"gradient_estimation", gradient_estimation},
                                       {0}};
