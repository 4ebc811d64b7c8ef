/* SPDX-License-Identifier: MIT */
/* The i-th name of a list, for loops over all that there is; NULL past the end. */
#ifndef QUELL_TESTS_NAMES_H
#define QUELL_TESTS_NAMES_H

#include <quell/list.h>

static inline const char *name_at(quell_list_kind kind, size_t i)
{
    quell_entry entry = quell_entry_init();
    return quell_list(kind, i, &entry) ? NULL : entry.name;
}

static inline const char *sampler_name(size_t i) { return name_at(QUELL_LIST_SAMPLERS, i); }
static inline const char *schedule_name(size_t i) { return name_at(QUELL_LIST_SCHEDULES, i); }
static inline const char *grid_name(size_t i) { return name_at(QUELL_LIST_GRIDS, i); }
static inline const char *model_name(size_t i) { return name_at(QUELL_LIST_MODELS, i); }
static inline const char *isa_name(size_t i) { return name_at(QUELL_LIST_ISAS, i); }

#endif
