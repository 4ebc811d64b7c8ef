/* SPDX-License-Identifier: MIT */
/* The table of samplers. */
#include "method.h"
#include "base/fail.h"
#include "base/nearest.h"

#include <string.h>

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
    char text[QUELL_SPEC_HINT];
    struct quell_nearest nearest = quell_nearest_to(spec, quell_spec_name(spec));
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++) {
        const struct quell_alias *alias = method->aliases;
        quell_nearest_try(&nearest, method->name);
        for (; alias && alias->name; alias++) quell_nearest_try(&nearest, alias->name);
    }
    return quell_fail(QUELL_NOT_FOUND, "sampler '%s': no such sampler%s; see `quell list samplers`",
                      spec, quell_spec_hint("sampler", spec, &nearest, text));
}

/* Reads the options of a spec that begins with an alias, `dpmpp_2m:...`. The options that the alias
 * itself stands for replace the defaults in usual[]. */
static quell_status read_alias(const struct quell_alias *alias, const char *spec,
                               const struct quell_option *options, double *usual, double *option)
{
    double own[QUELL_MAX_OPTIONS];
    for (size_t i = 0; i < QUELL_MAX_OPTIONS; i++) own[i] = NAN;
    quell_status status = quell_spec_options("sampler", alias->spec, options, own);
    for (size_t i = 0; !status && options[i].name; i++)
        if (!isnan(own[i])) usual[i] = option[i] = own[i];
    if (!status) status = quell_spec_options("sampler", spec, options, option);
    for (size_t i = 0; !status && options[i].name; i++)
        if (!isnan(own[i]) && option[i] != own[i])
            status = quell_fail(QUELL_BAD_ARGUMENT,
                                "sampler '%s': '%s' is %s; for another %s take '%.*s'", spec,
                                alias->name, alias->spec, options[i].name,
                                (int)quell_spec_name(alias->spec), alias->spec);
    return status;
}

/* Other programs have names for a sampler with a grid, such as dpmpp_2m_karras. */
static quell_status no_such(const char *spec)
{
    static const char *const grids[] = {"_karras", "_exponential", "_beta", NULL};
    size_t length = quell_spec_name(spec);
    for (size_t i = 0; grids[i]; i++) {
        size_t size = strlen(grids[i]);
        if (length > size && !memcmp(spec + length - size, grids[i], size))
            return quell_fail(QUELL_NOT_FOUND,
                              "sampler '%s': no such sampler; if '%.*s' is meant, with the grid "
                              "'%s', take these",
                              spec, (int)(length - size), spec, grids[i] + 1);
    }
    return refuse(spec);
}

quell_status quell_method_read(const char *spec, const struct quell_method **found, double *option)
{
    for (size_t i = 0; (*found = quell_method_at(i)); i++) {
        const struct quell_method *method = *found;
        const struct quell_alias *alias = alias_of(method, spec);
        if (!alias && !quell_spec_is(spec, method->name)) continue;
        double usual[QUELL_MAX_OPTIONS];
        quell_spec_defaults(method->options, option);
        quell_spec_defaults(method->options, usual);
        quell_status status = alias ? read_alias(alias, spec, method->options, usual, option)
                                    : quell_spec_options("sampler", spec, method->options, option);
        return status ? status
                      : quell_spec_effects("sampler", spec, method->options, usual, option);
    }
    return no_such(spec);
}

bool quell_method_own_steps(const char *spec)
{
    const struct quell_method *method;
    for (size_t i = 0; (method = quell_method_at(i)); i++)
        if (method->own_steps && (alias_of(method, spec) || quell_spec_is(spec, method->name)))
            return true;
    return false;
}
