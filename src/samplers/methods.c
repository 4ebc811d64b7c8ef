/* SPDX-License-Identifier: MIT */
/* The table of samplers. */
#include "method.h"
#include <quell/sampler.h>

#include <string.h>

static const struct quell_method *const methods[] = {
    &quell_ddpm,
    &quell_ddim,
};

#define METHODS (sizeof methods / sizeof *methods)

const struct quell_method *quell_method_at(size_t i) { return i < METHODS ? methods[i] : NULL; }

const struct quell_method *quell_method_find(const char *spec)
{
    size_t length = quell_spec_name(spec);
    for (size_t i = 0; i < METHODS; i++)
        if (strlen(methods[i]->name) == length && !memcmp(methods[i]->name, spec, length))
            return methods[i];
    return NULL;
}

const char *quell_sampler_name(size_t i) { return i < METHODS ? methods[i]->name : NULL; }

const char *quell_sampler_summary(size_t i) { return i < METHODS ? methods[i]->summary : NULL; }
