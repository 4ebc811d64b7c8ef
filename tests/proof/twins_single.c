/* SPDX-License-Identifier: MIT */
/* Twins of the samplers that take one step at a time. */
#include "twins.h"

#include <math.h>

/* DDIM (2010.02502, eq. 12 and 16) in y: noise of deviation up = eta s sqrt(1 - s^2 / t^2). */
static vec ddim_with(const struct twin *w, vec y, double eta)
{
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], fresh = fmin(eta * eta * (1 - s * s / (t * t)), 1);
        vec mean = twin_denoise(w, y, t), d = twin_direction(w, y, t);
        y = mix3(1, mean, s * sqrt(1 - fresh), d, s * sqrt(fresh), twin_noise(w, i, 0));
    }
    return y;
}

static vec ddim(const struct twin *w, vec y) { return ddim_with(w, y, twin_option(w, "eta", 0)); }

/* DDPM (2006.11239, eq. 6 and 7): the posterior N(mean, up^2) of y_s given y_t and X = D; in y,
 * up^2 = s^2 (t^2 - s^2) / t^2 and mean = (s^2 / t^2) y + (1 - s^2 / t^2) D; or, of x_s, the
 * forward process's beta = sigma_t^2 - (alpha_t / alpha_s)^2 sigma_s^2. */
static vec ddpm(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], kept = s * s / (t * t), up = s * sqrt(1 - kept);
        const quell_point *from = &w->grid[i], *to = &w->grid[i + 1];
        double ratio = from->alpha / to->alpha * to->sigma;
        if (twin_word(w, "variance", "large"))
            up = s > 0 ? sqrt(from->sigma * from->sigma - ratio * ratio) / to->alpha : 0;
        if (hypot(kept * t, up) > 1.5 * s && !twin_word(w, "steady", "no")) up = s * sqrt(1 - kept);
        y = mix3(kept, y, 1 - kept, twin_denoise(w, y, t), up, twin_noise(w, i, 0));
    }
    return y;
}

/* Churn (2206.00364, algorithm 2, lines 4 to 6): up to sigma_hat. */
static vec churn(const struct twin *w, vec y, size_t i, double *hat)
{
    double s = w->s[i], rate = twin_option(w, "s_churn", 0) / (double)w->steps;
    double least = twin_option(w, "s_tmin", 0), most = twin_option(w, "s_tmax", INFINITY);
    double gamma = s >= least && s <= most ? fmin(rate, sqrt(2) - 1) : 0;
    *hat = s + gamma * s;
    return mix(1, y, twin_option(w, "s_noise", 1) * sqrt(*hat * *hat - s * s), twin_noise(w, i, 0));
}

/* Euler: dy / dsigma = d. */
static vec euler(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double hat;
        y = churn(w, y, i, &hat);
        y = mix(1, y, w->s[i + 1] - hat, twin_direction(w, y, hat));
    }
    return y;
}

/* Heun (algorithm 2): Euler, then the trapezoid, but for the step to 0. */
static vec heun(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double hat, next = w->s[i + 1];
        y = churn(w, y, i, &hat);
        vec d = twin_direction(w, y, hat), trial = mix(1, y, next - hat, d);
        double c = (hat - next) / 2 / next;
        if (next > 0 && twin_steady(w, 1, &c, 1.5)) {
            vec other = twin_direction(w, trial, next);
            trial = mix3(1, y, (next - hat) / 2, d, (next - hat) / 2, other);
        }
        y = trial;
    }
    return y;
}

/* k-diffusion's DPM-Solver-2: the midpoint rule, the middle taken in log sigma. */
static vec dpm2(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double hat, next = w->s[i + 1];
        y = churn(w, y, i, &hat);
        vec d = twin_direction(w, y, hat);
        double mid = exp((log(hat) + log(next)) / 2), c = (hat - next) / mid;
        if (next > 0 && twin_steady(w, 1, &c, 2)) {
            d = twin_direction(w, mix(1, y, mid - hat, d), mid);
        }
        y = mix(1, y, next - hat, d);
    }
    return y;
}

/* Heun++: directions at this point, the next and the one after, by weights in proportion to sigma;
 * Heun's in the last step but one, Euler in the last. */
static vec heunpp2(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double hat, next = w->s[i + 1], first = w->s[0];
        y = churn(w, y, i, &hat);
        vec d = twin_direction(w, y, hat), second = mix(1, y, next - hat, d);
        if (i + 1 == w->steps) {
            y = second;
            continue;
        }
        vec d2 = twin_direction(w, second, next);
        if (i + 2 == w->steps) {
            double part = next / (2 * first);
            y = mix3(1, y, (next - hat) * (1 - part), d, (next - hat) * part, d2);
            continue;
        }
        double after = w->s[i + 2], part2 = next / (3 * first), part3 = after / (3 * first);
        vec d3 = twin_direction(w, mix(1, second, after - next, d2), after);
        vec slope = mix3(1 - part2 - part3, d, part2, d2, part3, d3);
        y = mix(1, y, next - hat, slope);
    }
    return y;
}

/* The ancestral step of rectified flow, where x = (1 - sigma) X + sigma Z: down to
 * sigma_down = sigma_s (1 + (sigma_s / sigma_t - 1) eta), then the scale and the noise of sigma_s.
 * A flow's sigma is sigma / (alpha + sigma), its state x / (alpha + sigma) = y / (1 + s). */
static vec euler_a_flow(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i] / (1 + w->s[i]), s = w->s[i + 1] / (1 + w->s[i + 1]);
        double down = s * (1 + (s / t - 1) * eta), scale = (1 - s) / (1 - down);
        double fresh = sqrt(fmax(s * s - down * down * scale * scale, 0));
        vec mean = twin_denoise(w, y, w->s[i]), x = mix(1 - t, y, 0, y);
        x = mix(down / t, x, 1 - down / t, mean);
        x = mix(scale, x, size * fresh, twin_noise(w, i, 0));
        y = mix(1 / (1 - s), x, 0, x);
    }
    return y;
}

static vec euler_a(const struct twin *w, vec y)
{
    if (twin_word(w, "form", "rf")) return euler_a_flow(w, y);
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1), down, up;
    for (size_t i = 0; i < w->steps; i++) {
        twin_ancestral(w->s[i], w->s[i + 1], eta, &down, &up);
        vec d = twin_direction(w, y, w->s[i]);
        y = mix3(1, y, down - w->s[i], d, size * up, twin_noise(w, i, 0));
    }
    return y;
}

/* dpm2 down to sigma_down, then noise. */
static vec dpm2_a(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1), down, up;
    for (size_t i = 0; i < w->steps; i++) {
        double s = w->s[i];
        twin_ancestral(s, w->s[i + 1], eta, &down, &up);
        vec d = twin_direction(w, y, s);
        double mid = exp((log(s) + log(down)) / 2), c = (s - down) / mid;
        if (down > 0 && twin_steady(w, 1, &c, 2)) {
            d = twin_direction(w, mix(1, y, mid - s, d), mid);
        }
        y = mix3(1, y, down - s, d, size * up, twin_noise(w, i, 0));
    }
    return y;
}

/* DPM-Solver++(2S) (2211.01095, algorithm 1, r = 1/2) down to sigma_down, then noise. */
static vec dpmpp_2s_a(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), size = twin_option(w, "s_noise", 1), down, up;
    for (size_t i = 0; i < w->steps; i++) {
        double s = w->s[i];
        twin_ancestral(s, w->s[i + 1], eta, &down, &up);
        vec mean = twin_denoise(w, y, s);
        if (down > 0) {
            double h = log(s) - log(down), mid = s * exp(-h / 2);
            mean = twin_denoise(w, mix(mid / s, y, -expm1(-h / 2), mean), mid);
        }
        y = mix3(down / s, y, 1 - down / s, mean, size * up, twin_noise(w, i, 0));
    }
    return y;
}

/* azula's Ito SDE: the drift (1 + eta^2) / (2 tau) and the diffusion eta, Euler-Maruyama with exact
 * integrals in y. The step to 0 takes the mean. */
static vec ito(const struct twin *w, vec y)
{
    double eta = twin_option(w, "eta", 1), rate = 1 + eta * eta;
    rate /= twin_option(w, "temperature", 1);
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1];
        if (s == 0) return twin_denoise(w, y, t);
        double left = t + rate * (s - t), fresh = eta * sqrt(t * t - s * s);
        if ((left < -s || hypot(left, fresh) > 1.5 * s) && !twin_word(w, "steady", "no")) {
            /* dy = rate (y - D) dsigma / sigma, D held, and the noise 2 eta^2 sigma dsigma. */
            double kept = pow(s / t, rate), more = rate - 1;
            double variance = more == 0 ? 2 * log(t / s) : (1 - pow(s / t, 2 * more)) / more;
            y = mix3(kept, y, 1 - kept, twin_denoise(w, y, t), eta * s * sqrt(variance),
                     twin_noise(w, i, 0));
            continue;
        }
        y = mix3(1, y, rate * (s - t), twin_direction(w, y, t), fresh, twin_noise(w, i, 0));
    }
    return y;
}

/* RES, second order in one step (2308.02157): c2 is 1/2, or the option r. */
static vec res_2s(const struct twin *w, vec y)
{
    for (size_t i = 0; i < w->steps; i++) {
        double t = w->s[i], s = w->s[i + 1], c = twin_option(w, "r", 0.5);
        vec mean = twin_denoise(w, y, t);
        if (s == 0) return mean;
        double h = log(t / s), phi1 = -expm1(-h) / h, phi2 = (1 - phi1) / h, b = h * phi2 / c;
        if (!twin_steady(w, 1, &b, 2)) {
            y = mix(exp(-h), y, -expm1(-h), mean);
            continue;
        }
        vec mid = mix(exp(-c * h), y, -expm1(-c * h), mean);
        vec other = twin_denoise(w, mid, t * exp(-c * h));
        b = twin_held(w, b);
        y = mix3(exp(-h), y, h * phi1 - b, mean, b, other);
    }
    return y;
}

/* DPM-Solver-1, 2 and 3 (2206.00927, algorithms 1 and 2): the noise, r1 = 1/2, or 1/3 and 2/3. */
static vec noise_step(const struct twin *w, vec y, double t, double s, int order)
{
    double h = log(t / s), r1 = order == 3 ? 1 / 3. : 1 / 2., r2 = 2 / 3., s1 = t * exp(-r1 * h);
    vec d = twin_direction(w, y, t), next = mix(1, y, -s * expm1(h), d);
    if (order == 1) return next;
    vec d1 = twin_direction(w, mix(1, y, -s1 * expm1(r1 * h), d), s1);
    if (order == 2) return mix3(1, next, -s / (2 * r1) * expm1(h), d1, s / (2 * r1) * expm1(h), d);
    double s2 = t * exp(-r2 * h), c = s2 * r2 / r1 * (expm1(r2 * h) / (r2 * h) - 1);
    vec inner = mix(1, y, -s2 * expm1(r2 * h), d);
    vec d2 = twin_direction(w, mix3(1, inner, -c, d1, c, d), s2);
    c = s / r2 * (expm1(h) / h - 1);
    return mix3(1, next, -c, d2, c, d);
}

/* DPM-Solver++(2S) and (3S) (2211.01095): the same for the data. */
static vec data_step(const struct twin *w, vec y, double t, double s, int order)
{
    double h = log(t / s), r1 = order == 3 ? 1 / 3. : 1 / 2., r2 = 2 / 3., s1 = t * exp(-r1 * h);
    vec d = twin_denoise(w, y, t), next = mix(s / t, y, -expm1(-h), d);
    if (order == 1) return next;
    vec d1 = twin_denoise(w, mix(s1 / t, y, -expm1(-r1 * h), d), s1);
    double c = -expm1(-h) / (2 * r1);
    if (order == 2) return mix3(1, next, c, d1, -c, d);
    double s2 = t * exp(-r2 * h);
    c = twin_held(w, r2 / r1 * (expm1(-r2 * h) / (r2 * h) + 1));
    vec inner = mix(s2 / t, y, -expm1(-r2 * h), d);
    vec d2 = twin_denoise(w, mix3(1, inner, c, d1, -c, d), s2);
    c = twin_held(w, (expm1(-h) / h + 1) / r2);
    return mix3(1, next, c, d2, -c, d);
}

/* The rule of long steps: noise_step's eps_k are (y_k - D_k) / s_k, and d2 - d contains d1. */
static int too_long(const struct twin *w, double t, double s, int order)
{
    int noise = !twin_word(w, "prediction", "x0");
    double h = log(t / s), s1 = t * exp(-h / 3), s2 = t * exp(-2 * h / 3);
    if (order == 1) return 0;
    double c[2] = {noise ? expm1(h) * s / sqrt(t * s) : -expm1(-h), 0};
    if (order == 2) return !twin_steady(w, 1, c, 2);
    double inside = noise ? s2 * 2 * (expm1(2 * h / 3) / (2 * h / 3) - 1) / s1
                          : 2 * (expm1(-2 * h / 3) / (2 * h / 3) + 1);
    c[0] = noise ? s * 1.5 * (expm1(h) / h - 1) / s2 : 1.5 * (expm1(-h) / h + 1);
    c[1] = noise ? inside * c[0] : 0;
    return !twin_steady(w, 2, c, 4) || !twin_steady(w, 1, &inside, 2);
}

/* fast: of T steps all are of third order but for the last two, 2 and 1 (3 T - 3 evaluations). */
static vec dpm_single(const struct twin *w, vec y)
{
    int most = (int)twin_option(w, "order", 3), fast = twin_word(w, "fast", "yes");
    for (size_t i = 0; i < w->steps; i++) {
        int left = (int)(w->steps - i), order = fast && left < most ? left : most;
        if (w->s[i + 1] == 0) return twin_denoise(w, y, w->s[i]);
        while (too_long(w, w->s[i], w->s[i + 1], order)) order--;
        y = (twin_word(w, "prediction", "x0") ? data_step : noise_step)(w, y, w->s[i], w->s[i + 1],
                                                                        order);
    }
    return y;
}

const struct twin_row twins_single[] = {{"ddpm", ddpm},
                                        {"ddim", ddim},
                                        {"euler", euler},
                                        {"heun", heun},
                                        {"dpm2", dpm2},
                                        {"heunpp2", heunpp2},
                                        {"euler_a", euler_a},
                                        {"dpm2_a", dpm2_a},
                                        {"dpmpp_2s_a", dpmpp_2s_a},
                                        {"ito", ito},
                                        {"res_2s", res_2s},
                                        {"dpm_single", dpm_single},
                                        {0}};
