/* SPDX-License-Identifier: MIT */
/* The table of built-in models, and those in the plane. Their parameters come from exact
 * operations and base/maths.h, so that they have the same bits on every machine. */
#include "models/builtin.h"
#include "base/fail.h"
#include "base/maths.h"
#include "base/nearest.h"
#include "models/description.h"
#include "models/model.h"

#include <string.h>

#define PI 3.14159265358979323846

/* Begins a mixture of equal weights in the plane; means and variances are still to be set. */
static quell_status begin_plane(quell_model *model, size_t components, struct quell_description *d)
{
    model->rank = 1;
    model->shape[0] = 2;
    quell_status status = quell_table_new(&d->weights, 1, components, 1);
    if (!status) status = quell_table_new(&d->means, 2, components, 2);
    if (!status) status = quell_table_new(&d->variances, 1, components, 1);
    for (size_t k = 0; !status && k < components; k++) d->weights.values[k] = 1.0;
    return status;
}

static quell_status end_plane(quell_model *model, struct quell_description *d, quell_status status)
{
    if (!status) status = quell_model_describe(model, d);
    quell_description_clear(d);
    return status;
}

/* 5 x 5 Gaussians, 2 apart, around the origin, of standard deviation 0.05. */
static quell_status load_grid25(quell_model *model)
{
    struct quell_description d = {0};
    quell_status status = begin_plane(model, 25, &d);
    for (int k = 0; !status && k < 25; k++) {
        d.means.values[2 * k] = 2.0 * (k % 5) - 4.0;
        d.means.values[2 * k + 1] = 2.0 * (k / 5) - 4.0;
        d.variances.values[k] = 0.05 * 0.05;
    }
    return end_plane(model, &d, status);
}

#define ARM 96 /* components in each of the two arms */

/* Two Archimedean spirals, r = 2.5 s^(1/2) at the angle 3 pi s^(1/2), so that the components,
 * which thicken outwards, lie evenly along the arms. */
static quell_status load_spirals(quell_model *model)
{
    struct quell_description d = {0};
    quell_status status = begin_plane(model, 2 * ARM, &d);
    for (int k = 0; !status && k < 2 * ARM; k++) {
        double along = sqrt((k / 2 + 1.0) / ARM);
        double angle = 3.0 * PI * along, side = k % 2 ? -1.0 : 1.0;
        double width = 0.03 + 0.05 * along;
        d.means.values[2 * k] = side * 2.5 * along * quell_cos(angle);
        d.means.values[2 * k + 1] = side * 2.5 * along * quell_sin(angle);
        d.variances.values[k] = width * width;
    }
    return end_plane(model, &d, status);
}

#define NAMED(name) name, "builtin:" name

static const struct builtin {
    const char *name, *asked_as, *summary;
    quell_status (*load)(quell_model *model);
} builtins[] = {
    {NAMED("grid25"), "25 narrow Gaussians on a 5 x 5 grid in the plane", load_grid25},
    {NAMED("spirals"), "two spiral arms in the plane, a mixture of 192 Gaussians", load_spirals},
    {NAMED("clouds"), "grey images 32 x 32, a Gaussian with the power spectrum of clouds",
     quell_builtin_clouds},
    {NAMED("glyphs"), "letters and digits 28 x 28, 62 classes, a trained vision transformer",
     quell_builtin_glyphs},
    {NAMED("rings"), "two rings in the plane, 2 classes, a trained residual MLP",
     quell_builtin_rings},
    {NAMED("shapes"), "grey images 28 x 28, a data set of 4096 drawn shapes", quell_builtin_shapes},
    {NAMED("showers"),
     "readings of a calorimeter, for the condition energy=VALUE, 10 to 100 GeV; a trained MLP",
     quell_builtin_showers},
};

#define BUILTINS (sizeof builtins / sizeof *builtins)

const char *quell_builtin_name(size_t i) { return i < BUILTINS ? builtins[i].asked_as : NULL; }

const char *quell_builtin_summary(size_t i) { return i < BUILTINS ? builtins[i].summary : NULL; }

quell_status quell_builtin_load(quell_model *model, const char *name)
{
    for (size_t i = 0; i < BUILTINS; i++)
        if (!strcmp(builtins[i].name, name)) return builtins[i].load(model);
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t i = 0; i < BUILTINS; i++)
        quell_nearest_try_as(&nearest, builtins[i].name, builtins[i].asked_as);
    return quell_fail(QUELL_NOT_FOUND,
                      "model 'builtin:%s': there is none%s: see `quell list models`", name,
                      nearest.hint);
}
