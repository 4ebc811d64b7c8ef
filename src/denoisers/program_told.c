/* SPDX-License-Identifier: MIT */
#include "denoisers/program_told.h"
#include "base/memory.h"

#include <string.h>

/* The most floats that are kept of what depends on conditions alone, if that is more than one
 * entry. */
#define KEPT_FLOATS 65536

const float *quell_program_condition(const struct quell_evaluation *at, size_t i, size_t row)
{
    return at->told->values[i] + (at->row + row) * at->told->stride[i];
}

/* Returns whether two rows have the same class and the same conditions. */
static bool same_told(const struct quell_program_denoiser *own, const struct quell_evaluation *at,
                      size_t one, size_t other)
{
    if (quell_label_of(at, one) != quell_label_of(at, other)) return false;
    for (size_t i = 0; i < own->base.conditions; i++) {
        const float *a = quell_program_condition(at, i, one),
                    *b = quell_program_condition(at, i, other);
        if (a != b && memcmp(a, b, own->taken[i].size * sizeof *a) != 0) return false;
    }
    return true;
}

size_t quell_program_gather(const struct quell_program_denoiser *own,
                            const struct quell_evaluation *at, uint32_t *order, size_t from)
{
    size_t first = order[from], end = from + 1;
    for (size_t i = end; i < at->rows; i++) {
        uint32_t row = order[i];
        if (!same_told(own, at, first, row)) continue;
        order[i] = order[end];
        order[end++] = row;
    }
    return end;
}

/* The values that were computed from conditions alone, and these conditions. Arrays are compared by
 * their addresses, because they do not change in a run. */
struct kept {
    /* In the first entry only: the entry to be filled next, and the number of passes. */
    size_t next, pass;
    /* `label` is 2 more than the class, so that it is 0 in an entry which was never filled. `used`
     * is the last pass in which the entry was read. */
    size_t label, used;
    const float *condition[QUELL_MAX_CONDITIONS];
    _Alignas(QUELL_CACHE_LINE) float values[];
};

static size_t kept_bytes(const struct quell_program_denoiser *own)
{
    size_t floats = quell_round_up(own->program.floats[QUELL_FROM_CONDITIONS], QUELL_LANES);
    return sizeof(struct kept) + floats * sizeof(float);
}

size_t quell_program_kept_entries(const struct quell_program_denoiser *own, size_t rows)
{
    size_t floats = own->program.floats[QUELL_FROM_CONDITIONS];
    size_t most = floats ? KEPT_FLOATS / floats : 0;
    if (!floats) return 0;
    return most < 1 ? 1 : most < rows ? most : rows;
}

size_t quell_program_kept_size(const struct quell_program_denoiser *own, size_t rows)
{
    return quell_program_kept_entries(own, rows) * kept_bytes(own);
}

static bool is_kept(const struct quell_program_denoiser *own, const struct quell_evaluation *at,
                    size_t row, const struct kept *entry)
{
    if (entry->label != (size_t)(quell_label_of(at, row) + 2)) return false;
    for (size_t i = 0; i < own->base.conditions; i++)
        if (entry->condition[i] != quell_program_condition(at, i, row)) return false;
    return true;
}

static struct kept *entry_at(const struct quell_program_denoiser *own,
                             const struct quell_evaluation *at, size_t number)
{
    return (struct kept *)(void *)((char *)at->kept + number * kept_bytes(own));
}

/* Returns an entry that this pass does not read, in turn. */
static struct kept *free_entry(const struct quell_program_denoiser *own,
                               const struct quell_evaluation *at, size_t entries)
{
    struct kept *first = at->kept, *entry;
    do {
        if (first->next >= entries) first->next = 0;
        entry = entry_at(own, at, first->next++);
    } while (entry->used == first->pass);
    return entry;
}

const float *quell_program_of_conditions(const struct quell_program_denoiser *own,
                                         const struct quell_evaluation *at,
                                         const struct quell_room *room, size_t row, bool again)
{
    size_t entries = quell_program_kept_entries(own, at->most_rows);
    struct kept *first = at->kept, *entry;
    if (!entries) return NULL;
    if (!again) first->pass++;
    for (size_t k = 0; k < entries; k++) {
        entry = entry_at(own, at, k);
        if (!is_kept(own, at, row, entry)) continue;
        entry->used = first->pass;
        return entry->values;
    }
    entry = free_entry(own, at, entries);
    entry->used = first->pass;
    entry->label = (size_t)(quell_label_of(at, row) + 2);
    for (size_t i = 0; i < own->base.conditions; i++)
        entry->condition[i] = quell_program_condition(at, i, row);
    struct quell_room own_room = *room;
    own_room.at[QUELL_FROM_CONDITIONS] = entry->values;
    own_room.lookout = at->lookout;
    quell_program_run(&own->program, at->kernels, QUELL_FROM_CONDITIONS, &own_room);
    if (at->lookout && at->lookout->look(at->lookout->data, true))
        entry->label = 0; /* the values may be incomplete */
    return entry->values;
}
