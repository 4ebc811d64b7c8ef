/* SPDX-License-Identifier: MIT */
/* The table of samplers. */
#include "method.h"
#include "base/fail.h"
#include "base/nearest.h"
#include <quell/sampler.h>

#define FAMILY(file) extern const struct quell_method quell_family_##file[];
#include "table.inc"
#undef FAMILY

static const struct quell_method *const families[] = {
#define FAMILY(file) quell_family_##file,
#include "table.inc"
#undef FAMILY
};

#define FAMILIES (sizeof families / sizeof *families)

const struct quell_method *quell_method_at(size_t i)
{
    for (size_t f = 0; f < FAMILIES; f++)
        for (const struct quell_method *method = families[f]; method->name; method++)
            if (i-- == 0) return method;
    return NULL;
}

/* The alias that a spec names; NULL if there is none. */
static const struct quell_alias *alias_of(const struct quell_method *method, const char *spec)
{
    const struct quell_alias *alias = method->aliases;
    while (alias && alias->name && !quell_spec_is(spec, alias->name)) alias++;
    return alias && alias->name ? alias : NULL;
}

static quell_status refuse(const char *spec)
{
    struct quell_nearest nearest = quell_nearest_to(spec, quell_spec_name(spec));
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++) {
        const struct quell_alias *alias = method->aliases;
        quell_nearest_try(&nearest, method->name);
        for (; alias && alias->name; alias++) quell_nearest_try(&nearest, alias->name);
    }
    return quell_fail(QUELL_NOT_FOUND, "sampler '%s': no such sampler%s; see `quell list`", spec,
                      nearest.hint);
}

quell_status quell_method_read(const char *spec, const struct quell_method **found, double *option)
{
    for (size_t i = 0; (*found = quell_method_at(i)); i++) {
        const struct quell_method *method = *found;
        const struct quell_alias *alias = alias_of(method, spec);
        if (!alias && !quell_spec_is(spec, method->name)) continue;
        quell_spec_defaults(method->options, option);
        quell_status status = QUELL_OK;
        if (alias) status = quell_spec_options("sampler", alias->spec, method->options, option);
        return status ? status : quell_spec_options("sampler", spec, method->options, option);
    }
    return refuse(spec);
}

const char *quell_sampler_name(size_t i)
{
    const struct quell_method *method = quell_method_at(i);
    return method ? method->name : NULL;
}

const char *quell_sampler_summary(size_t i)
{
    const struct quell_method *method = quell_method_at(i);
    return method ? method->summary : NULL;
}

int quell_sampler_order(size_t i)
{
    const struct quell_method *method = quell_method_at(i);
    return method ? method->order : -1;
}

int quell_sampler_stochastic(size_t i)
{
    const struct quell_method *method = quell_method_at(i);
    return method ? (int)method->noise : -1;
}
