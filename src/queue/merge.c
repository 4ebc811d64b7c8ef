/* SPDX-License-Identifier: MIT */
#include "queue/merge.h"
#include "base/memory.h"
#include "engine/sampler.h"

#include <stdlib.h>
#include <string.h>

/* Returns the condition called `name` in a list; NULL if there is none. */
static const quell_condition *find(const quell_condition *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i].name, name)) return &list[i];
    return NULL;
}

/* Whether both lists contain the same conditions, and none is given for the same ones. */
static bool same_names(const quell_condition *a, size_t count_of_a, const quell_condition *b,
                       size_t count_of_b)
{
    if (count_of_a != count_of_b) return false;
    for (size_t i = 0; i < count_of_a; i++) {
        const quell_condition *other = find(b, count_of_b, a[i].name);
        if (!other || !a[i].values != !other->values) return false;
    }
    return true;
}

bool quell_tickets_merge(const quell_ticket *a, const quell_ticket *b)
{
    const quell_draw *one = &a->draw, *two = &b->draw;
    return a->request.sampler == b->request.sampler && one->context == two->context &&
           same_names(one->conditions, one->condition_count, two->conditions,
                      two->condition_count) &&
           same_names(one->negative_conditions, one->negative_condition_count,
                      two->negative_conditions, two->negative_condition_count);
}

/* Memory for a draw. In a first pass its size is counted (`memory` is NULL), in a second one it is
 * given out. */
struct room {
    char *memory;
    size_t used;
};

static void *take(struct room *room, size_t count, size_t size)
{
    void *at = room->memory ? room->memory + room->used : NULL;
    room->used += quell_round_up(count * size, QUELL_CACHE_LINE);
    return at;
}

static void fill_streams(const struct quell_batch *batch, uint64_t *seeds, uint64_t *indices)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        const quell_draw *draw = &part->ticket->draw;
        for (size_t r = 0; r < part->rows; r++) {
            size_t row = part->row + r, at = part->at + r;
            seeds[at] = draw->seeds ? draw->seeds[row] : draw->seed;
            indices[at] =
                draw->indices ? draw->indices[row] : draw->first + (draw->seeds ? 0 : row);
        }
    }
}

/* Selects the classes of a draw, or its negative classes. */
typedef const int32_t *classes_fn(const quell_draw *draw);
static const int32_t *own_classes(const quell_draw *draw) { return draw->classes; }
static const int32_t *negative_classes(const quell_draw *draw) { return draw->negative_classes; }

static bool any_classes(const struct quell_batch *batch, classes_fn *of)
{
    for (size_t i = 0; i < batch->count; i++)
        if (of(&batch->parts[i].ticket->draw)) return true;
    return false;
}

/* Merges the lists of classes. Samples of a request without classes get the class -1, no class. */
static const int32_t *merge_classes(struct room *room, const struct quell_batch *batch,
                                    classes_fn *of)
{
    if (!any_classes(batch, of)) return NULL;
    int32_t *classes = take(room, batch->rows, sizeof *classes);
    for (size_t i = 0; classes && i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        const int32_t *given = of(&part->ticket->draw);
        for (size_t r = 0; r < part->rows; r++)
            classes[part->at + r] = given ? given[part->row + r] : -1;
    }
    return classes;
}

/* Selects the conditions of a draw, or its negative conditions. */
struct list {
    const quell_condition *given;
    size_t count;
};
typedef struct list list_fn(const quell_draw *draw);
static struct list own_list(const quell_draw *draw)
{
    return (struct list){draw->conditions, draw->condition_count};
}
static struct list negative_list(const quell_draw *draw)
{
    return (struct list){draw->negative_conditions, draw->negative_condition_count};
}

/* Writes the values of a condition for the samples of one part. */
static void spread(const struct quell_part *part, const quell_condition *given, float *values)
{
    size_t size = given->size, stride = given->count ? size : 0;
    for (size_t r = 0; r < part->rows; r++)
        memcpy(values + (part->at + r) * size, given->values + (part->row + r) * stride,
               size * sizeof *values);
}

/* Whether every request has one row of values for all its samples, and all these rows are equal. */
static bool one_row(const struct quell_batch *batch, list_fn *of, const quell_condition *first)
{
    if (first->count) return false;
    for (size_t i = 1; i < batch->count; i++) {
        struct list list = of(&batch->parts[i].ticket->draw);
        const quell_condition *other = find(list.given, list.count, first->name);
        if (other->count || memcmp(other->values, first->values, first->size * sizeof(float)) != 0)
            return false;
    }
    return true;
}

/* Returns the denoiser's own copy of a name. The request's copy may be freed before the run
 * ends. */
static const char *lasting_name(const struct quell_batch *batch, const char *name)
{
    const quell_denoiser *denoiser = batch->sampler->denoiser;
    return denoiser->taken[quell_taken_named(denoiser->taken, denoiser->conditions, name)].name;
}

static quell_condition merge_condition(struct room *room, const struct quell_batch *batch,
                                       list_fn *of, const quell_condition *first)
{
    quell_condition merged = *first;
    merged.name = lasting_name(batch, first->name);
    if (!first->values) return merged;
    merged.count = one_row(batch, of, first) ? 0 : batch->rows;
    float *values =
        take(room, merged.count ? merged.count * merged.size : merged.size, sizeof *values);
    merged.values = values;
    if (values && !merged.count) memcpy(values, first->values, first->size * sizeof *values);
    for (size_t i = 0; values && merged.count && i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        struct list list = of(&part->ticket->draw);
        spread(part, find(list.given, list.count, first->name), values);
    }
    return merged;
}

static size_t merge_list(struct room *room, const struct quell_batch *batch, list_fn *of,
                         quell_condition *merged)
{
    struct list first = of(&batch->parts[0].ticket->draw);
    for (size_t i = 0; i < first.count; i++)
        merged[i] = merge_condition(room, batch, of, &first.given[i]);
    return first.count;
}

/* Copies the states to start from, because a request may end before the run has read its states. */
static void merge_states(struct room *room, const struct quell_batch *batch,
                         struct quell_merged *merged)
{
    size_t dim = batch->sampler->denoiser->dim;
    bool any = false;
    for (size_t i = 0; i < batch->count; i++) any = any || batch->parts[i].ticket->request.from;
    merged->states = any ? take(room, batch->rows * dim, sizeof *merged->states) : NULL;
    merged->given = any ? take(room, batch->rows, sizeof *merged->given) : NULL;
    for (size_t i = 0; merged->states && i < batch->count; i++) {
        const struct quell_part *part = &batch->parts[i];
        bool from = part->ticket->request.from;
        for (size_t r = 0; r < part->rows; r++) merged->given[part->at + r] = from;
        if (from)
            memcpy(merged->states + part->at * dim, part->ticket->request.x + part->row * dim,
                   part->rows * dim * sizeof *merged->states);
    }
}

/* Counts the memory or, once it has been allocated, fills it. */
static void lay_out(struct quell_merged *merged, const struct quell_batch *batch, struct room *room)
{
    quell_draw *draw = &merged->draw;
    *draw = quell_draw_defaults();
    draw->part = 1;
    merged->x = take(room, batch->rows * batch->sampler->denoiser->dim, sizeof *merged->x);
    merge_states(room, batch, merged);
    uint64_t *seeds = take(room, batch->rows, sizeof *seeds);
    uint64_t *indices = take(room, batch->rows, sizeof *indices);
    if (seeds) fill_streams(batch, seeds, indices);
    draw->seeds = seeds;
    draw->indices = indices;
    draw->count = batch->rows;
    draw->context = batch->parts[0].ticket->draw.context;
    draw->classes = merge_classes(room, batch, own_classes);
    draw->negative_classes = merge_classes(room, batch, negative_classes);
    draw->condition_count = merge_list(room, batch, own_list, merged->conditions);
    draw->conditions = draw->condition_count ? merged->conditions : NULL;
    draw->negative_condition_count =
        merge_list(room, batch, negative_list, merged->negative_conditions);
    draw->negative_conditions = draw->negative_condition_count ? merged->negative_conditions : NULL;
}

bool quell_merge(struct quell_merged *merged, const struct quell_batch *batch)
{
    struct room room = {NULL, 0};
    lay_out(merged, batch, &room);
    merged->memory = quell_new_untouched(room.used, 1);
    if (!merged->memory) return false;
    room = (struct room){merged->memory, 0};
    lay_out(merged, batch, &room);
    return true;
}
