/* SPDX-License-Identifier: MIT */
/* The lists of quell/list.h, from the tables of samplers, schedules, grids, models and instruction
 * sets. */
#include "base/fail.h"
#include "base/nearest.h"
#include "base/spec.h"
#include "core/schedule.h"
#include "grids/grid.h"
#include "samplers/method.h"
#include "simd/kernels.h"
#include "models/builtin.h"

#include <quell/list.h>
#include <stdbool.h>
#include <string.h>

/* A row of a table. also: the only alias of a schedule or a grid, or NULL. aliases, options: tables
 * that end with a NULL name, or NULL. */
struct row {
    quell_entry entry;
    const char *also;
    const struct quell_alias *aliases;
    const struct quell_option *options;
};

static void put(struct row *row, const char *name, const char *summary, const char *source,
                const struct quell_option *options)
{
    row->entry.name = name;
    row->entry.summary = summary;
    row->entry.source = source;
    row->options = options;
}

static bool sampler(size_t i, struct row *row)
{
    const struct quell_method *method = quell_method_at(i);
    if (!method) return false;
    put(row, method->name, method->summary, method->source, method->options);
    row->entry.order = method->order;
    row->entry.evaluations = method->evaluations;
    row->entry.stochastic = (int)method->noise;
    row->aliases = method->aliases;
    return true;
}

static bool schedule(size_t i, struct row *row)
{
    const struct quell_schedule_row *known = quell_schedule_row(i);
    if (!known) return false;
    put(row, known->name, known->summary, known->source, known->options);
    row->also = known->alias;
    return true;
}

static bool grid(size_t i, struct row *row)
{
    const struct quell_grid_row *known = quell_grid_row(i);
    if (!known) return false;
    put(row, known->name, known->summary, known->source, known->options);
    row->also = known->alias;
    return true;
}

static bool model(size_t i, struct row *row)
{
    row->entry.name = quell_builtin_name(i);
    row->entry.summary = quell_builtin_summary(i);
    return row->entry.name;
}

static bool isa(size_t i, struct row *row)
{
    const struct quell_kernels *kernels = quell_kernels_at(i);
    if (!kernels) return false;
    row->entry.name = kernels->isa;
    row->entry.available = quell_kernels_available(kernels);
    row->entry.summary = row->entry.available ? "available" : "not on this machine";
    return true;
}

static const struct list {
    const char *noun;
    bool (*row)(size_t i, struct row *row);
} lists[] = {
    [QUELL_LIST_SAMPLERS] = {"sampler", sampler}, [QUELL_LIST_SCHEDULES] = {"schedule", schedule},
    [QUELL_LIST_GRIDS] = {"grid", grid},          [QUELL_LIST_MODELS] = {"model", model},
    [QUELL_LIST_ISAS] = {"instruction set", isa},
};

static const struct list *list_of(quell_list_kind kind)
{
    return (size_t)kind < sizeof lists / sizeof *lists ? &lists[kind] : NULL;
}

static quell_status refuse_kind(quell_list_kind kind)
{
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "list: there is no list %d: must be %d to %d, QUELL_LIST_SAMPLERS to "
                      "QUELL_LIST_ISAS",
                      (int)kind, QUELL_LIST_SAMPLERS, QUELL_LIST_ISAS);
}

/* The k-th alias of a row; NULL past the end. */
static const struct quell_alias *alias_at(const struct row *row, size_t k, struct quell_alias *also)
{
    *also = (struct quell_alias){row->also, row->entry.name};
    if (row->also) return k == 0 ? also : NULL;
    const struct quell_alias *alias = row->aliases;
    while (alias && alias->name && k) alias++, k--;
    return alias && alias->name ? alias : NULL;
}

static const struct quell_option *option_at(const struct row *row, size_t k)
{
    const struct quell_option *option = row->options;
    while (option && option->name && k) option++, k--;
    return option && option->name ? option : NULL;
}

static bool row_at(const struct list *list, size_t i, struct row *row)
{
    struct quell_alias also;
    *row = (struct row){.entry = {.size = sizeof row->entry, .available = 1}};
    if (!list->row(i, row)) return false;
    while (alias_at(row, row->entry.aliases, &also)) row->entry.aliases++;
    while (option_at(row, row->entry.options)) row->entry.options++;
    return true;
}

/* Finds the i-th row of a list, after it has checked the size of the struct that the caller wants
 * filled in. */
static quell_status find_row(quell_list_kind kind, size_t i, const void *theirs, size_t size,
                             struct row *row)
{
    const struct list *list = list_of(kind);
    if (!list) return refuse_kind(kind);
    if (!theirs) return quell_fail(QUELL_BAD_ARGUMENT, "list: the place for the entry is NULL");
    size_t given;
    memcpy(&given, theirs, sizeof given);
    if (given != size)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "list: the size of the struct is %zu, must be %zu; start from its _init()", given,
            size);
    if (!row_at(list, i, row))
        return quell_fail(QUELL_NOT_FOUND, "list: there is no %s %zu", list->noun, i);
    return QUELL_OK;
}

quell_status quell_list(quell_list_kind kind, size_t i, quell_entry *entry)
{
    struct row row;
    quell_status status = find_row(kind, i, entry, sizeof *entry, &row);
    if (!status) *entry = row.entry;
    return status;
}

quell_status quell_list_alias(quell_list_kind kind, size_t i, size_t k, quell_entry_alias *alias)
{
    struct row row;
    struct quell_alias also;
    quell_status status = find_row(kind, i, alias, sizeof *alias, &row);
    if (status) return status;
    const struct quell_alias *found = alias_at(&row, k, &also);
    if (!found)
        return quell_fail(QUELL_NOT_FOUND, "list: '%s' has no alias %zu", row.entry.name, k);
    alias->name = found->name;
    alias->spec = found->spec;
    return QUELL_OK;
}

static quell_option_type type_of(const struct quell_option *option)
{
    if (option->choices) return QUELL_OPTION_CHOICE;
    return option->whole ? QUELL_OPTION_WHOLE : QUELL_OPTION_NUMBER;
}

quell_status quell_list_option(quell_list_kind kind, size_t i, size_t k, quell_entry_option *option)
{
    struct row row;
    size_t length, last = 0;
    quell_status status = find_row(kind, i, option, sizeof *option, &row);
    if (status) return status;
    const struct quell_option *found = option_at(&row, k);
    if (!found)
        return quell_fail(QUELL_NOT_FOUND, "list: '%s' has no option %zu", row.entry.name, k);
    if (found->choices)
        while (quell_choice(found->choices, last + 1, &length)) last++;
    option->name = found->name;
    option->summary = found->summary;
    option->type = type_of(found);
    option->value = found->value;
    option->low = found->choices ? 0 : found->low;
    option->high = found->choices ? (double)last : found->high;
    option->choices = found->choices;
    return QUELL_OK;
}

/* Whether `name` is a name of the row. If not, the row's names become candidates for the hint. */
static bool is_named(const struct row *row, const char *name, struct quell_nearest *nearest)
{
    struct quell_alias also;
    const struct quell_alias *alias;
    if (!strcmp(row->entry.name, name)) return true;
    quell_nearest_try(nearest, row->entry.name);
    const char *prefix = strchr(row->entry.name, ':'); /* "rings" means "builtin:rings" */
    if (prefix) quell_nearest_try_as(nearest, prefix + 1, row->entry.name);
    for (size_t k = 0; (alias = alias_at(row, k, &also)); k++) {
        if (!strcmp(alias->name, name)) return true;
        quell_nearest_try(nearest, alias->name);
    }
    return false;
}

quell_status quell_list_find(quell_list_kind kind, const char *name, size_t *i)
{
    const struct list *list = list_of(kind);
    struct row row;
    if (!list) return refuse_kind(kind);
    if (!name || !i)
        return quell_fail(QUELL_BAD_ARGUMENT, "list: the %s is NULL", name ? "place" : "name");
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t at = 0; row_at(list, at, &row); at++)
        if (is_named(&row, name, &nearest)) {
            *i = at;
            return QUELL_OK;
        }
    return quell_fail(QUELL_NOT_FOUND, "%s '%s': there is none%s", list->noun, name, nearest.hint);
}
