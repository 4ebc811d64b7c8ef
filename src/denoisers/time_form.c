/* SPDX-License-Identifier: MIT */
#include "denoisers/time_form.h"
#include "base/maths.h"

#include <stdlib.h>
#include <string.h>

#define HALF_PI 0x1.921fb54442d18p+0

/* If a time is rounded up or down, a number that is whole except for the rounding of a double
 * counts as whole, such as k / 999 times 999. */
#define SLACK 0x1p-40

static const char *const names[] = {
    [QUELL_TIME_T] = "t",
    [QUELL_TIME_SIGMA] = "sigma",
    [QUELL_TIME_LOG_SIGMA] = "log_sigma",
    [QUELL_TIME_LOG_SNR] = "log_snr",
    [QUELL_TIME_FRACTION] = "fraction",
    [QUELL_TIME_ANGLE] = "angle",
};

enum quell_time_of quell_time_of_name(const char *name)
{
    for (int i = QUELL_TIME_T; i <= QUELL_TIME_ANGLE; i++)
        if (!strcmp(names[i], name)) return (enum quell_time_of)i;
    return QUELL_TIME_OWN;
}

static double quantity(enum quell_time_of of, double t, double alpha, double sigma)
{
    switch (of) {
    case QUELL_TIME_SIGMA:
        return sigma / alpha;
    case QUELL_TIME_LOG_SIGMA:
        return quell_log(sigma / alpha);
    case QUELL_TIME_LOG_SNR:
        return -2 * quell_log(sigma / alpha);
    case QUELL_TIME_FRACTION:
        return sigma / (alpha + sigma);
    case QUELL_TIME_ANGLE:
        return alpha > 0 ? quell_atan(sigma / alpha) / HALF_PI : 1;
    case QUELL_TIME_OWN:
    case QUELL_TIME_T:
        break;
    }
    return t;
}

/* Interpolates linearly between the positions on both sides of `at`, which is not NaN. */
static double look_up(const struct quell_time_form *form, double at)
{
    const double *position = form->table, *value = position + form->points;
    size_t low = 0, high = form->points - 1;
    if (!(at > position[low])) return value[low];
    if (!(at < position[high])) return value[high];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (position[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    double along = (at - position[low]) / (position[high] - position[low]);
    return value[low] + along * (value[high] - value[low]);
}

double quell_time_form_at(const struct quell_time_form *form, double t, double alpha, double sigma)
{
    double time = quantity(form->of, t, alpha, sigma);
    if (form->points && !isnan(time)) time = look_up(form, time);
    time = time * form->scale + form->offset;
    double slack = SLACK * (1 + fabs(time));
    switch (form->rounding) {
    case QUELL_TIME_NEAREST:
        return nearbyint(time);
    case QUELL_TIME_UP:
        return ceil(time - slack);
    case QUELL_TIME_DOWN:
        return floor(time + slack);
    case QUELL_TIME_EXACT:
        break;
    }
    return time;
}

void quell_time_form_digest(const struct quell_time_form *form, struct quell_digest *digest)
{
    quell_digest_whole(digest, (uint64_t)form->of);
    if (form->of == QUELL_TIME_OWN) return;
    quell_digest_number(digest, form->scale);
    quell_digest_number(digest, form->offset);
    quell_digest_whole(digest, (uint64_t)form->rounding);
    quell_digest_whole(digest, form->points);
    if (form->points) quell_digest_doubles(digest, form->table, 2 * form->points);
}

void quell_time_form_free(struct quell_time_form *form)
{
    free(form->table);
    *form = (struct quell_time_form){.of = QUELL_TIME_OWN};
}
