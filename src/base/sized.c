/* SPDX-License-Identifier: MIT */
/* This file is also compiled into the libraries beside quell, so it uses the public interface
 * alone. */
#include "sized.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A size beyond this is not a size: the member was never set. */
#define MOST_BYTES 4096

static quell_status refuse(const struct quell_sized *about, const char *what)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s; start from %s()", about->subject, what, about->defaults);
    return quell_error_set(QUELL_BAD_ARGUMENT, line);
}

static bool known(const struct quell_sized *about, size_t size, size_t theirs)
{
    if (theirs >= size) return theirs <= MOST_BYTES;
    for (const size_t *earlier = about->earlier; earlier && *earlier; earlier++)
        if (theirs == *earlier) return true;
    return false;
}

quell_status quell_sized_copy(const struct quell_sized *about, void *own, size_t size,
                              const void *theirs)
{
    char what[160];
    size_t given;
    memcpy(&given, theirs, sizeof given);
    if (!known(about, size, given)) {
        snprintf(what, sizeof what, "the size of its %s is %zu, must be %zu", about->name, given,
                 size);
        return refuse(about, what);
    }
    for (size_t i = size; i < given; i++)
        if (((const unsigned char *)theirs)[i]) {
            snprintf(what, sizeof what,
                     "its %s is of a newer quell and sets what this one, %s, does not know",
                     about->name, quell_version());
            return refuse(about, what);
        }
    memcpy(own, theirs, given < size ? given : size);
    memcpy(own, &size, sizeof size);
    return QUELL_OK;
}
