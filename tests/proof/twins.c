/* SPDX-License-Identifier: MIT */
#include "twins.h"
#include "harness.h"
#include "naive_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

vec mix(double a, vec x, double b, vec y)
{
    for (size_t e = 0; e < TWIN_DIM; e++) x.e[e] = a * x.e[e] + b * y.e[e];
    return x;
}

vec mix3(double a, vec x, double b, vec y, double c, vec z)
{
    return mix(1, mix(a, x, b, y), c, z);
}

/* Returns where the value of KEY stands in the spec, after the sign; NULL if it is not there. */
static const char *find_option(const struct twin *twin, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = strchr(twin->spec, ':'); at; at = strchr(at + 1, ','))
        if (!strncmp(at + 1, key, length) && at[1 + length] == '=') return at + 2 + length;
    return NULL;
}

double twin_option(const struct twin *twin, const char *key, double value)
{
    const char *found = find_option(twin, key);
    return found ? strtod(found, NULL) : value;
}

int twin_word(const struct twin *twin, const char *key, const char *word)
{
    const char *found = find_option(twin, key);
    return found && !strncmp(found, word, strlen(word));
}

int twin_peer(const struct twin *twin)
{
    return find_option(twin, "formula") && !twin_word(twin, "formula", "quell");
}

int twin_steady(const struct twin *twin, size_t count, const double *c, double most)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += fabs(c[k]);
    return sum <= most || twin_word(twin, "steady", "no") || twin_peer(twin);
}

double twin_held(const struct twin *twin, double c)
{
    return twin_steady(twin, 1, &c, 1.25) ? c : 1.25;
}

vec twin_denoise(const struct twin *twin, vec y, double sigma)
{
    vec out;
    model_denoise(twin->model, 1, sigma, y.e, out.e);
    return out;
}

vec twin_direction(const struct twin *twin, vec y, double sigma)
{
    return mix(1 / sigma, y, -1 / sigma, twin_denoise(twin, y, sigma));
}

vec twin_noise_between(const struct twin *twin, const quell_point *t, const quell_point *s,
                       unsigned k)
{
    double from = t->t, to = s->t;
    if (from == to) from = quell_lambda(t), to = quell_lambda(s);
    float noise[TWIN_DIM];
    vec out;
    MUST(quell_noise(naive_key(twin->seed, from, to), k, twin->sample, 0, TWIN_DIM, noise));
    for (size_t e = 0; e < TWIN_DIM; e++) out.e[e] = noise[e];
    return out;
}

vec twin_noise(const struct twin *twin, size_t i, unsigned k)
{
    return twin_noise_between(twin, &twin->grid[i], &twin->grid[i + 1], k);
}

static quell_point at_part(const struct twin *twin, size_t i, double part)
{
    const quell_point *t = &twin->grid[i], *s = &twin->grid[i + 1];
    double lambda = quell_lambda(t) + part * (quell_lambda(s) - quell_lambda(t));
    quell_point between = part == 0 ? *t : *s;
    if (part > 0 && part < 1) MUST(quell_schedule_at_lambda(twin->schedule, lambda, &between));
    return between;
}

vec twin_noise_part(const struct twin *twin, size_t i, double from, double to, unsigned k)
{
    quell_point t = at_part(twin, i, from), s = at_part(twin, i, to);
    return twin_noise_between(twin, &t, &s, k);
}

static double lagrange(size_t count, const double *node, size_t j, double u)
{
    double product = 1;
    for (size_t k = 0; k < count; k++)
        if (k != j) product *= (u - node[k]) / (node[j] - node[k]);
    return product;
}

double twin_integral(double (*weight)(double u, const double *p), const double *p, size_t count,
                     const double *node, size_t j, double a, double b)
{
    static const double root[5] = {-0.906179845938663993, -0.538469310105683091, 0,
                                   0.538469310105683091, 0.906179845938663993};
    static const double part[5] = {0.236926885056189088, 0.478628670499366468, 0.568888888888888889,
                                   0.478628670499366468, 0.236926885056189088};
    double sum = 0, panel = (b - a) / 64;
    for (int i = 0; i < 64; i++)
        for (int k = 0; k < 5; k++) {
            double u = a + (i + (1 + root[k]) / 2) * panel;
            sum += panel / 2 * part[k] * (weight ? weight(u, p) : 1) * lagrange(count, node, j, u);
        }
    return sum;
}

void twin_ancestral(double from, double to, double eta, double *down, double *up)
{
    *up = fmin(to, eta * sqrt(to * to * (from * from - to * to) / (from * from)));
    *down = sqrt(to * to - *up * *up);
}

twin_run_fn *twin_find(const char *spec)
{
    static const struct twin_row *const tables[] = {twins_single, twins_multi, twins_sde,
                                                    twins_other};
    size_t length = strcspn(spec, ":");
    for (size_t i = 0; i < 4; i++)
        for (const struct twin_row *row = tables[i]; row->name; row++)
            if (strlen(row->name) == length && !memcmp(row->name, spec, length)) return row->run;
    return NULL;
}

void twin_run(const struct twin *twin, double *x)
{
    twin_run_fn *run = twin_find(twin->spec);
    CHECK(run, "%s: has no twin", twin->spec);
    vec y;
    for (size_t e = 0; e < TWIN_DIM; e++) y.e[e] = x[e] / twin->grid[0].alpha;
    y = run(twin, y);
    for (size_t e = 0; e < TWIN_DIM; e++) x[e] = y.e[e] * twin->grid[twin->steps].alpha;
}
