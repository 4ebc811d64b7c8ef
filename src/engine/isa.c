/* SPDX-License-Identifier: MIT */
/* Chooses the kernels of a run: those for the widest instruction set of the machine, or those with
 * the name that the caller gave. */
#include "isa.h"
#include "base/fail.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

static const struct quell_kernels *find(const char *name)
{
    const struct quell_kernels *kernels;
    for (size_t i = 0; (kernels = quell_kernels_at(i)); i++)
        if (!strcmp(kernels->isa, name)) return kernels;
    return NULL;
}

static quell_status refuse(const char *where, const char *asked)
{
    struct quell_nearest nearest = quell_nearest_to(asked, strlen(asked));
    for (size_t i = 0; quell_kernels_at(i); i++)
        quell_nearest_try(&nearest, quell_kernels_at(i)->isa);
    return quell_fail(QUELL_NOT_FOUND,
                      "%s '%s': this build has no such instruction set%s; see `quell list isas`",
                      where, asked, nearest.hint);
}

quell_status quell_isa_choose(const char *name, const struct quell_kernels **kernels)
{
    const char *asked = name ? name : getenv("QUELL_ISA");
    if (!asked) {
        *kernels = quell_kernels_widest();
        return QUELL_OK;
    }
    const struct quell_kernels *found = find(asked);
    const char *where = name ? "isa" : "QUELL_ISA";
    if (!found) return refuse(where, asked);
    if (!quell_kernels_available(found))
        return quell_fail(QUELL_UNSUPPORTED, "%s '%s': this machine cannot run it", where, asked);
    *kernels = found;
    return QUELL_OK;
}

int quell_isa_available(const char *name)
{
    const struct quell_kernels *kernels = name ? find(name) : NULL;
    return kernels && quell_kernels_available(kernels);
}

quell_status quell_isa_default(const char **name)
{
    if (!name) return quell_fail(QUELL_BAD_ARGUMENT, "isa: the place for its name is NULL");
    const struct quell_kernels *kernels;
    quell_status status = quell_isa_choose(NULL, &kernels);
    if (!status) *name = kernels->isa;
    return status;
}
