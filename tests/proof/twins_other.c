/* SPDX-License-Identifier: MIT */
/* Twins of the samplers with corrections or matrices, of restarts and of distilled models. */
#include "twins.h"
#include "base/maths.h"
#include "harness.h"

#include <math.h>

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static double norm(vec x)
{
    double sum = 0;
    for (size_t e = 0; e < TWIN_DIM; e++) sum += x.e[e] * x.e[e];
    return sqrt(sum);
}

/* Langevin's correction (2011.13456, algorithm 5): step = 2 (snr |z| / |score|)^2, of
 * formula=paper; else with D for |z|^2, and D again for all of |sigma score|^2 but one part in 100
 * of each dimension. */
static vec langevin(const struct twin *w, vec y, double sigma, vec z)
{
    vec score = mix(-1 / sigma, twin_direction(w, y, sigma), 0, y);
    double size = norm(z) / (sigma * norm(score)), own = TWIN_DIM / 100., d = TWIN_DIM;
    if (!twin_peer(w)) size = sqrt(d / (own * pow(sigma * norm(score), 2) + (1 - own) * d));
    double ratio = twin_option(w, "snr", 0.15) * size * sigma, step = 2 * ratio * ratio;
    return mix3(1, y, step, score, sqrt(2 * step), z);
}

/* Predictor-corrector: at t, azula's corrections, which keep the law of x given X, or Langevin's;
 * then Euler, or DDIM with eta. */
static vec pc(const struct twin *w, vec y)
{
    size_t corrections = (size_t)twin_option(w, "corrections", 1);
    double delta = twin_option(w, "delta", 0.01);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], keep = sqrt(1 - delta);
        for (unsigned c = 0; c < corrections; c++) {
            if (twin_word(w, "corrector", "langevin")) {
                y = langevin(w, y, t, twin_noise(w, i, c));
                continue;
            }
            vec mean = twin_denoise(w, y, t);
            y = mix3(keep, y, 1 - keep, mean, t * sqrt(delta), twin_noise(w, i, c));
        }
        double fresh = fmin(pow(twin_option(w, "eta", 0), 2) * (1 - s * s / (t * t)), 1);
        y = mix3(1, twin_denoise(w, y, t), s * sqrt(1 - fresh), twin_direction(w, y, t),
                 s * sqrt(fresh), twin_noise(w, i, 7));
    }
    return y;
}

/* DPM-Solver of orders 1 to 3 in one step (2206.00927, algorithms 1 and 2), in lambda. */
static vec dpm_step(const struct twin *w, vec y, double t, double s, int order, double r1)
{
    double h = log(t / s), s1 = t * exp(-r1 * h), r2 = 2 / 3., s2 = t * exp(-r2 * h);
    vec d = twin_direction(w, y, t);
    if (order == 1) return mix(1, y, -s * expm1(h), d);
    vec d1 = twin_direction(w, mix(1, y, -s1 * expm1(r1 * h), d), s1), more = mix(1, d1, -1, d);
    if (order == 2) return mix3(1, y, -s * expm1(h), d, -s / (2 * r1) * expm1(h), more);
    vec x2 =
        mix3(1, y, -s2 * expm1(r2 * h), d, -s2 * (r2 / r1) * (expm1(r2 * h) / (r2 * h) - 1), more);
    more = mix(1, twin_direction(w, x2, s2), -1, d);
    return mix3(1, y, -s * expm1(h), d, -s / r2 * (expm1(h) / h - 1), more);
}

/* DPM-Solver-12 and -23 (2206.00927, appendix C) with k-diffusion's PID controller. */
static vec dpm_adaptive(const struct twin *w, vec y)
{
    int order = (int)twin_option(w, "order", 3);
    double rtol = twin_option(w, "rtol", 0.05), atol = twin_option(w, "atol", 0);
    int peer = twin_peer(w);
    double P = twin_option(w, "pcoeff", 0), I = twin_option(w, "icoeff", 1);
    double D = twin_option(w, "dcoeff", 0), safety = twin_option(w, "accept_safety", 0.81);
    double eta = twin_option(w, "eta", 0), h = twin_option(w, "h_init", 0.05), errors[3] = {0};
    double t = w->s[0], p = eta > 0 ? 1.5 : order;
    quell_point last = w->grid[w->steps];
    if (last.sigma == 0) MUST(quell_schedule_point(w->schedule, last.t, &last));
    double end = last.sigma / last.alpha;
    vec before = y;
    for (unsigned accepted = 0; log(t / end) > 1e-5;) {
        if (!peer) h = fmin(h, 1.75 / (1 + 6 * fmin(eta, 1)));
        double s = fmax(end, t * exp(-h)), down = s, up = 0;
        if (eta > 0) twin_ancestral(t, s, fmin(eta, 1), &down, &up);
        if (down < end) down = end, up = sqrt(s * s - down * down);
        vec low = dpm_step(w, y, t, down, order - 1, 1 / 3.);
        vec high = dpm_step(w, y, t, down, order, order == 2 ? 0.5 : 1 / 3.);
        double sum = 0;
        for (size_t e = 0; e < TWIN_DIM; e++) {
            double size = fmax(fabs(low.e[e]), fabs(before.e[e]));
            double tolerance =
                peer ? fmax(atol > 0 ? atol : 0.0078, rtol * size) : fmax(atol, rtol * s);
            sum += pow((low.e[e] - high.e[e]) / tolerance, 2);
        }
        errors[0] = 1 / (sqrt(sum / (double)TWIN_DIM) + 1e-8);
        if (errors[1] == 0) errors[1] = errors[2] = errors[0];
        double factor = pow(errors[0], (P + I + D) / p) * pow(errors[1], -(P + 2 * D) / p) *
                        pow(errors[2], D / p);
        factor = 1 + atan(factor - 1);
        h *= factor;
        if (factor < safety) continue;
        errors[2] = errors[1], errors[1] = errors[0];
        before = low;
        y = mix(1, high, twin_option(w, "s_noise", 1) * up,
                twin_noise_between(w, &w->grid[0], &last, accepted++));
        t = s;
    }
    return w->s[w->steps] == 0 ? twin_denoise(w, y, t) : y;
}

/* Latent consistency models (2310.04378): noise again to the next point. */
static vec lcm(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++)
        y = mix(1, twin_denoise(w, y, w->s[i]), w->s[i + 1], twin_noise(w, i, 0));
    return y;
}

/* Trajectory consistency (2402.19159): DDIM to the time (1 - gamma) s, then noise up to s. */
static vec tcd(const struct twin *w, vec y)
{
    double gamma = twin_option(w, "gamma", 0.3);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        if (s == 0) return twin_denoise(w, y, t);
        quell_point deep;
        MUST(quell_schedule_point(w->schedule, (1 - gamma) * w->grid[i + 1].t, &deep));
        double down = fmin(deep.sigma / deep.alpha, s);
        y = mix3(1, twin_denoise(w, y, t), down, twin_direction(w, y, t), sqrt(s * s - down * down),
                 twin_noise(w, i, 0));
    }
    return y;
}

/* Consistency models (2303.01469, algorithm 1). */
static vec consistency(const struct twin *w, vec y)
{
    double least_sigma = twin_option(w, "sigma_min", 0.002);
    for (size_t i = 0; i < w->steps; i++) {
        double s = w->s[i + 1], up = sqrt(fmax(s * s - least_sigma * least_sigma, 0));
        y = mix(1, twin_denoise(w, y, w->s[i]), up, twin_noise(w, i, 0));
    }
    return y;
}

static vec heun_step(const struct twin *w, vec y, double t, double s)
{
    vec d = twin_direction(w, y, t);
    double c = (t - s) / 2 / s;
    if (s == 0 || !twin_steady(w, 1, &c, 1.5)) return mix(1, y, s - t, d);
    vec other = twin_direction(w, mix(1, y, s - t, d), s);
    return mix3(1, y, (s - t) / 2, d, (s - t) / 2, other);
}

/* Noise from `low` up to s_tmax, or to where the schedule begins, and Karras's steps down again. */
static vec restarted(const struct twin *w, vec y, quell_point bottom)
{
    double most = twin_option(w, "s_tmax", 2), inner = twin_option(w, "inner", 9);
    quell_point top;
    MUST(quell_schedule_point(w->schedule, 1, &top));
    if (most < top.sigma / top.alpha)
        MUST(quell_schedule_at_lambda(w->schedule, -quell_log(most), &top));
    double high = top.sigma / top.alpha, low = bottom.sigma / bottom.alpha;
    if (low >= high) return y;
    for (unsigned k = 0; k < twin_option(w, "restarts", 1); k++) {
        double up = sqrt(high * high - low * low) * twin_option(w, "s_noise", 1), t = high;
        y = mix(1, y, up, twin_noise_between(w, &top, &bottom, k));
        for (double j = 1; j <= inner; j++) {
            double a = pow(high, 1 / 7.), b = pow(low, 1 / 7.), s = pow(a + j / inner * (b - a), 7);
            y = heun_step(w, y, t, s);
            t = s;
        }
    }
    return y;
}

/* Restart (2306.14878, algorithm 1): Heun, and restarts at the first point below s_tmin; if that is
 * 0, at s_tmin itself, or where the schedule ends if it does so before. */
static vec restart(const struct twin *w, vec y)
{
    double least_sigma = twin_option(w, "s_tmin", 0.1);
    quell_point end;
    MUST(quell_schedule_point(w->schedule, 0, &end));
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        int crosses = t > least_sigma && s <= least_sigma;
        if (crosses && s == 0) {
            quell_point low = w->grid[i];
            if (end.sigma / end.alpha <= least_sigma) {
                MUST(quell_schedule_at_lambda(w->schedule, -quell_log(least_sigma), &low));
                y = heun_step(w, y, t, least_sigma);
                t = least_sigma;
            }
            y = restarted(w, y, low);
        }
        y = heun_step(w, y, t, s);
        if (crosses && s > 0) y = restarted(w, y, w->grid[i + 1]);
    }
    return y;
}

/* a x = b for order <= 4, by Gauss's elimination with pivots. */
static void solve(size_t n, double a[4][4], double *b)
{
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
        for (size_t j = 0; j < n; j++) {
            double swap = a[k][j];
            a[k][j] = a[best][j], a[best][j] = swap;
        }
        double swap = b[k];
        b[k] = b[best], b[best] = swap;
        for (size_t i = 0; i < n; i++) {
            double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (size_t j = 0; j < n; j++) a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    }
    for (size_t k = 0; k < n; k++) b[k] /= a[k][k];
}

/* phi_k(z) = (phi_(k-1)(z) - 1 / (k-1)!) / z, phi_0 = exp. */
static double phi(size_t k, double z)
{
    return k ? (phi(k - 1, z) - 1 / tgamma((double)k)) / z : exp(z);
}

/* UniPC's sum of a_m D_m (2302.04867, theorem 3.1, data form) over `count` of the points r[m] (in
 * steps, from the newest): sum_m a_m r_m^(n-1) = n! h phi_(n+1)(-h) / B, and 1 / 2 for one
 * point. */
static vec unipc_sum(const struct twin *w, size_t count, const double *r, const vec *other,
                     vec newest, double h)
{
    double b = twin_word(w, "variant", "bh1") ? h : -expm1(-h), a[4][4], rho[4];
    for (size_t n = 1; n <= count; n++) {
        rho[n - 1] = tgamma((double)n + 1) * h * phi(n + 1, -h) / b;
        for (size_t m = 0; m < count; m++) a[n - 1][m] = pow(r[m], (double)n - 1);
    }
    solve(count, a, rho);
    if (count == 1) rho[0] = 0.5;
    vec sum = {{0}};
    for (size_t m = 0; m < count; m++)
        sum = mix3(1, sum, b * rho[m] / r[m], other[m], -b * rho[m] / r[m], newest);
    return sum;
}

/* From point i on, with the means of `order` points: i and before it, and of i + 1 if it is there
 * to correct. */
static vec unipc_step(const struct twin *w, vec y, size_t i, size_t order, const vec *mean,
                      int correct)
{
    double h = log(w->s[i] / w->s[i + 1]), r[4];
    vec other[4];
    size_t count = 0;
    for (size_t m = 1; m < order; m++) {
        r[count] = log(w->s[i] / w->s[i - m]) / h;
        other[count++] = mean[i - m];
    }
    if (correct) r[count] = 1, other[count++] = mean[i + 1];
    vec sum = unipc_sum(w, count, r, other, mean[i], h);
    return mix3(exp(-h), y, -expm1(-h), mean[i], 1, sum);
}

/* The rule of long steps: what the past means have in y, by giving each alone the value 1. Of n
 * past ones at most 2^(n - 1), half of it with bh1. */
static int unipc_steady(const struct twin *w, size_t i, size_t order)
{
    double c[4], most = pow(2, (double)order - 2);
    for (size_t m = 1; m < order; m++) {
        vec zero = {{0}}, mean[TWIN_STEPS] = {{{0}}};
        mean[i - m].e[0] = 1;
        c[m - 1] = unipc_step(w, zero, i, order, mean, 0).e[0];
    }
    return twin_steady(w, order - 1, c, twin_word(w, "variant", "bh1") ? most / 2 : most);
}

/* The predictor of each step; the corrector once the next mean is known. */
static vec unipc(const struct twin *w, vec y)
{
    size_t order = (size_t)twin_option(w, "order", 2), used = 0;
    vec mean[TWIN_STEPS], before = y;
    for (size_t i = 0; i < w->steps; i++) {
        mean[i] = twin_denoise(w, y, w->s[i]);
        if (w->s[i + 1] == 0) return mean[i];
        if (i > 0 && !twin_word(w, "use_corrector", "no"))
            y = unipc_step(w, before, i - 1, used, mean, 1);
        before = y;
        used = least(order, i + 1);
        while (used > 1 && !unipc_steady(w, i, used)) used--;
        y = unipc_step(w, y, i, used, mean, 0);
    }
    return y;
}

/* A step of PNDM (2202.09778, algorithm 2), dy / ds = d: by the Runge-Kutta method with the middle
 * of the times, or by the trapezoidal rule; by Euler's where s falls by more than e^(3/2) or
 * e^2. */
static vec pndm_first(const struct twin *w, vec y, size_t i, vec d)
{
    double t = w->s[i], s = w->s[i + 1], h = s - t;
    if (t / s > exp(twin_word(w, "warmup", "heun") ? 2 : 1.5)) return mix(1, y, h, d);
    if (twin_word(w, "warmup", "heun"))
        return mix3(1, y, h / 2, d, h / 2, twin_direction(w, mix(1, y, h, d), s));
    quell_point point;
    MUST(quell_schedule_point(w->schedule, (w->grid[i].t + w->grid[i + 1].t) / 2, &point));
    double m = point.sigma / point.alpha;
    vec second = twin_direction(w, mix(1, y, m - t, d), m);
    vec third = twin_direction(w, mix(1, y, m - t, second), m);
    vec fourth = twin_direction(w, mix(1, y, h, third), s);
    return mix3(1, y, h / 6, mix(1, d, 1, fourth), h / 3, mix(1, second, 1, third));
}

static vec pndm(const struct twin *w, vec y)
{
    size_t warm = twin_word(w, "warmup", "heun") ? 1 : 3;
    vec d[TWIN_STEPS];
    for (size_t i = 0; i < w->steps; i++) {
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        d[i] = twin_direction(w, y, w->s[i]);
        double h = w->s[i + 1] - w->s[i];
        if (i < warm)
            y = pndm_first(w, y, i, d[i]);
        else
            y = mix(1, y, h, twin_even_slope(i < 3 ? i + 1 : 4, i, d));
    }
    return y;
}

const struct twin_row twins_other[] = {{"pc", pc},
                                       {"lcm", lcm},
                                       {"dpm_adaptive", dpm_adaptive},
                                       {"unipc", unipc},
                                       {"pndm", pndm},
                                       {"tcd", tcd},
                                       {"consistency", consistency},
                                       {"restart", restart},
                                       {0}};
