/* SPDX-License-Identifier: MIT */
#include "denoisers/program_pass.h"
#include "base/memory.h"
#include "base/part.h"

#include <string.h>

/* The most floats that depend on times, classes and conditions and are computed at a time, if that
 * is more than those of one group. */
#define MOST_TOLD 65536

/* Samples of a pass with the same time, class and conditions: samples first, ..., first + count - 1
 * of the pass, which are the rows order[count] of the evaluation. */
struct group {
    const struct quell_evaluation *at;
    const uint32_t *order;
    size_t first, count;
};

/* Offsets into a worker's memory, in floats: the parts for all samples of a pass, and those for
 * their times, classes and conditions. */
struct parts {
    size_t input, order, row_of, values, group, row, class, both, scratch, all;
};

/* A pass over samples. */
struct pass {
    const struct quell_program_denoiser *own;
    struct parts parts;
    float *memory;
    struct group *group;
    struct quell_told_row *row;
    uint32_t *order, *row_of;
    /* `rows` and `groups` are the numbers so far, and `most` is the greatest number of groups.
     * `kept` is the number of groups of the last evaluation. `shares` is the number of workers that
     * compute samples of their own, the same number each; 1: all workers compute all samples
     * together. */
    size_t rows, groups, most, kept, shares;
    /* Samples are so large that a crew also shares the work before and after the network. */
    bool together;
    const float *input; /* the scaled samples, or the samples themselves if the factor is 1 */
};

/* If a network makes so many multiply-adds in a sample for each weight, reading the weights does
 * not limit its speed. */
#define MANY_USES 16

static bool has_many_uses(const struct quell_program *program)
{
    return program->multiply_adds[QUELL_FROM_SAMPLE] / MANY_USES >= program->weights;
}

/* Returns how many workers compute samples of their own. These need no barriers, but each reads all
 * weights. */
static size_t shares_of(const struct quell_program *program, size_t rows, size_t workers)
{
    return has_many_uses(program) && rows % workers == 0 ? workers : 1;
}

/* Adds a part with this many floats, and returns its offset. */
static size_t add(struct parts *parts, size_t floats)
{
    size_t at = parts->all;
    parts->all += quell_round_up(floats, QUELL_LANES);
    return at;
}

/* Returns the floats of the input 'class'. */
static size_t class_floats(const struct quell_program_denoiser *own)
{
    const struct quell_program *program = &own->program;
    return own->class < program->inputs ? quell_elements(&program->value[own->class].shape) : 0;
}

static size_t most_groups(const struct quell_program_denoiser *own, size_t rows)
{
    size_t floats = own->program.floats[QUELL_FROM_TIME_AND_CONDITIONS] + class_floats(own);
    size_t most = floats ? MOST_TOLD / floats : rows;
    return most < 1 ? 1 : most < rows ? most : rows;
}

static struct parts parts_of(const struct quell_program_denoiser *own, size_t rows)
{
    const struct quell_program *program = &own->program;
    size_t groups = most_groups(own, rows);
    struct parts parts = {.all = 0};
    parts.input = add(&parts, rows * own->base.dim);
    parts.order = add(&parts, rows);
    parts.row_of = add(&parts, rows);
    parts.values = add(&parts, rows * program->floats[QUELL_FROM_SAMPLE]);
    parts.group = add(&parts, groups * sizeof(struct group) / sizeof(float));
    parts.row = add(&parts, groups * sizeof(struct quell_told_row) / sizeof(float));
    parts.class = add(&parts, groups * class_floats(own));
    parts.both = add(&parts, groups * program->floats[QUELL_FROM_TIME_AND_CONDITIONS]);
    parts.scratch = add(&parts, quell_program_scratch(program, QUELL_FROM_CONDITIONS));
    return parts;
}

size_t quell_program_pass_size(const struct quell_program_denoiser *own, size_t rows)
{
    return parts_of(own, rows).all * sizeof(float);
}

size_t quell_program_help_size(const struct quell_program_denoiser *own)
{
    size_t floats = quell_program_scratch(&own->program, QUELL_FROM_CONDITIONS);
    return quell_round_up(floats * sizeof(float), QUELL_CACHE_LINE);
}

/* Returns whether each group is a pass of its own: a crew can divide one sample, but it divides
 * several samples only if each worker gets equally many. */
static bool is_alone(const struct quell_program_denoiser *own, const struct quell_crew *crew,
                     size_t rows)
{
    const struct quell_program *program = &own->program;
    size_t workers = crew ? crew->most : 1;
    return workers > 1 && rows < 2 * workers && has_many_uses(program) && program->units &&
           program->units % workers == 0 && shares_of(program, rows, workers) == 1;
}

static struct pass begin(const struct quell_program_denoiser *own,
                         const struct quell_evaluation *at, size_t rows)
{
    struct pass pass = {.own = own, .parts = parts_of(own, rows), .memory = at->scratch};
    pass.most = is_alone(own, at->crew, rows) ? 1 : most_groups(own, rows);
    pass.together = at->crew && own->base.dim >= QUELL_LEAST_SHARED;
    pass.group = (struct group *)(void *)(pass.memory + pass.parts.group);
    pass.row = (struct quell_told_row *)(void *)(pass.memory + pass.parts.row);
    pass.order = (uint32_t *)(void *)(pass.memory + pass.parts.order);
    pass.row_of = (uint32_t *)(void *)(pass.memory + pass.parts.row_of);
    return pass;
}

/* Points a room at the inputs and values of a group. They were written when they were computed, and
 * are only read from then on. */
static void enter(const struct pass *pass, size_t group, struct quell_room *room)
{
    const struct quell_told_row *row = &pass->row[group];
    for (size_t i = 0; i < pass->own->program.inputs; i++)
        if (i != pass->own->x) room->input[i] = row->input[i];
    for (size_t stage = QUELL_FROM_TIME; stage < QUELL_FROM_TIME_AND_CONDITIONS; stage++)
        room->at[stage] = (float *)(uintptr_t)row->at[stage];
}

/* Returns how many of the rows order[from ... count - 1] are consecutive, from the first of them
 * on. */
static size_t in_sequence(const uint32_t *order, size_t from, size_t count)
{
    size_t end = from + 1;
    while (end < count && order[end] == order[end - 1] + 1) end++;
    return end - from;
}

/* Scales the elements of a group's samples from `first` on, for the network. */
static void scale_rows(struct pass *pass, const struct group *group, size_t first, size_t elements)
{
    const struct quell_program_point *point = group->at->constants;
    size_t dim = pass->own->base.dim, rows;
    float *to = pass->memory + pass->parts.input + group->first * dim + first,
          in = (float)point->factors.in;
    for (size_t i = 0; i < group->count; i += rows) {
        const float *x = group->at->x + group->order[i] * dim + first;
        rows = elements < dim ? 1 : in_sequence(group->order, i, group->count);
        group->at->kernels->combine(to + i * dim, (rows - 1) * dim + elements, 1, &in, &x);
    }
}

/* Sets the inputs of a group, except x, and computes what depends on conditions alone. `again` says
 * that the pass already has a group of the same evaluation. */
static void tell(struct pass *pass, const struct group *group, size_t number, bool again)
{
    const struct quell_program_denoiser *own = pass->own;
    const struct quell_program *program = &own->program;
    const struct quell_program_point *point = group->at->constants;
    struct quell_told_row *row = &pass->row[number];
    struct quell_room room = {.scratch = pass->memory + pass->parts.scratch};
    float *class = pass->memory + pass->parts.class + number * class_floats(own);
    *row = (struct quell_told_row){.at = {[QUELL_FROM_TIME] = point->values}};
    if (own->time < program->inputs) row->input[own->time] = &point->time;
    if (own->class < program->inputs) {
        quell_program_write_class(&program->value[own->class], &own->base,
                                  quell_label_of(group->at, *group->order), class);
        row->input[own->class] = class;
    }
    for (size_t i = 0; i < own->base.conditions; i++)
        row->input[own->condition[i]] = quell_program_condition(group->at, i, *group->order);
    enter(pass, number, &room);
    row->at[QUELL_FROM_CONDITIONS] =
        quell_program_of_conditions(own, group->at, &room, *group->order, again);
}

/* Points a room at the samples of one of several shares. */
static void view_share(const struct pass *pass, size_t number, size_t shares,
                       struct quell_room *room)
{
    const struct quell_program *program = &pass->own->program;
    size_t rows = pass->rows / shares;
    room->samples = rows;
    room->at[QUELL_FROM_SAMPLE] =
        pass->memory + pass->parts.values + number * rows * program->floats[QUELL_FROM_SAMPLE];
    room->input[pass->own->x] = pass->input + number * rows * pass->own->base.dim;
    if (room->row_of) room->row_of = pass->row_of + number * rows;
}

/* Points a room at the samples that a worker computes alone. */
static void enter_share(const struct pass *pass, struct quell_room *room)
{
    view_share(pass, room->worker, room->workers, room);
    room->helps = room->worker > 0;
    room->worker = 0;
    room->workers = 1;
    room->crew = NULL;
}

/* The stages of all samples, which a crew computes. */
struct share {
    struct pass *pass;
    const struct quell_evaluation *at;
    const struct quell_room *room;
};

/* Computes the means of a group's samples from the network's outputs, and copies the learned
 * variances if the evaluation asks for them. Of each sample it writes the elements from `first`
 * on. */
static void write_results(const struct pass *pass, const struct quell_room *room,
                          const struct group *group, size_t first, size_t elements)
{
    const struct quell_program *program = &pass->own->program;
    const struct quell_program_point *point = group->at->constants;
    const struct quell_evaluation *at = group->at;
    size_t dim = pass->own->base.dim, each = pass->rows / pass->shares, rows;
    bool learned = pass->own->parametrization.learned_range;
    bool same = program->value[program->value[program->output].root].stage != QUELL_FROM_SAMPLE;
    for (size_t i = 0; i < group->count; i += rows) {
        struct quell_room own = *room;
        size_t sample = (group->first + i) % each;
        view_share(pass, (group->first + i) / each, pass->shares, &own);
        const float *from = quell_value_for(program, &own, program->output, sample) + first;
        size_t to = group->order[i] * dim + first;
        rows = learned || same || elements < dim ? 1 : in_sequence(group->order, i, group->count);
        if (rows > each - sample) rows = each - sample;
        quell_parametrization_apply(&point->factors, at, to, (rows - 1) * dim + elements, from);
        if (learned && at->variance) memcpy(at->variance + to, from + dim, elements * sizeof *from);
    }
}

/* Do a worker's part of the work before the network, and after it: some elements of each sample. */
static void scale_part(struct pass *pass, size_t worker, size_t workers)
{
    size_t dim = pass->own->base.dim, first = quell_part_begin(dim, worker, workers);
    size_t elements = quell_part_begin(dim, worker + 1, workers) - first;
    if (pass->input != pass->memory + pass->parts.input) return;
    for (size_t i = 0; i < pass->groups; i++) scale_rows(pass, &pass->group[i], first, elements);
}

static void answer_part(const struct pass *pass, const struct quell_room *room, size_t worker,
                        size_t workers)
{
    size_t dim = pass->own->base.dim, first = quell_part_begin(dim, worker, workers);
    size_t elements = quell_part_begin(dim, worker + 1, workers) - first;
    struct quell_room own = *room;
    if (pass->groups > 1) own.row_of = pass->row_of;
    for (size_t i = 0; i < pass->groups; i++)
        write_results(pass, &own, &pass->group[i], first, elements);
}

static void run_stages(void *data, size_t worker, size_t workers)
{
    const struct share *share = data;
    const struct pass *pass = share->pass;
    const struct quell_program *program = &pass->own->program;
    struct quell_room room = *share->room;
    room.worker = worker;
    room.workers = workers;
    room.crew = share->at->crew;
    room.lookout = share->at->lookout;
    if (worker)
        room.scratch = (float *)share->at->help +
                       (worker - 1) * (quell_program_help_size(pass->own) / sizeof(float));
    size_t shares = shares_of(program, pass->rows, workers);
    if (!worker) share->pass->shares = shares;
    if (pass->together) {
        scale_part(share->pass, worker, workers);
        if (workers > 1) quell_crew_meet(share->at->crew, worker, workers);
    }
    if (program->floats[QUELL_FROM_TIME_AND_CONDITIONS])
        quell_program_run(program, share->at->kernels, QUELL_FROM_TIME_AND_CONDITIONS, &room);
    if (pass->groups > 1) room.row_of = pass->row_of;
    if (shares > 1) enter_share(pass, &room);
    quell_program_run(program, share->at->kernels, QUELL_FROM_SAMPLE, &room);
    if (!pass->together) return;
    if (shares > 1) quell_crew_meet(share->at->crew, worker, workers);
    answer_part(pass, share->room, worker, workers);
}

/* Finds the input of the network. If there is only one group of consecutive samples and the factor
 * is 1, the samples are read in place. */
static void find_input(struct pass *pass)
{
    const struct group *group = pass->group;
    const struct quell_program_point *point = group->at->constants;
    bool whole = pass->groups == 1 && in_sequence(group->order, 0, group->count) == group->count;
    pass->input = pass->memory + pass->parts.input;
    if (whole && (float)point->factors.in == 1)
        pass->input = group->at->x + *group->order * pass->own->base.dim;
}

/* Computes the groups of the pass, and empties it. */
static void run(struct pass *pass)
{
    const struct quell_evaluation *at = pass->group->at;
    struct quell_room room = {.samples = pass->rows};
    struct share share = {pass, at, &room};
    if (!pass->groups) return;
    find_input(pass);
    if (!pass->together) scale_part(pass, 0, 1);
    room.scratch = pass->memory + pass->parts.scratch;
    room.at[QUELL_FROM_SAMPLE] = pass->memory + pass->parts.values;
    room.at[QUELL_FROM_TIME_AND_CONDITIONS] = pass->memory + pass->parts.both;
    room.input[pass->own->x] = pass->input;
    if (pass->groups > 1)
        room.row = pass->row, room.rows = pass->groups;
    else
        enter(pass, 0, &room);
    if (at->crew)
        quell_crew_work(at->crew, run_stages, &share);
    else
        run_stages(&share, 0, 1);
    if (!pass->together) answer_part(pass, &room, 0, 1);
    pass->rows = pass->groups = 0;
}

/* Adds a group: the rows order[count] of an evaluation, which have the same class and
 * conditions. */
static void add_group(struct pass *pass, const struct quell_evaluation *at, const uint32_t *order,
                      size_t count)
{
    size_t kept = quell_program_kept_entries(pass->own, at->most_rows);
    bool again = pass->groups && pass->group[pass->groups - 1].at == at;
    if (pass->groups == pass->most || (again && kept && pass->kept == kept)) run(pass);
    again = again && pass->groups;
    struct group *group = &pass->group[pass->groups];
    *group = (struct group){at, order, pass->rows, count};
    pass->kept = again ? pass->kept + 1 : 1;
    for (size_t i = 0; i < count; i++) pass->row_of[pass->rows + i] = (uint32_t)pass->groups;
    pass->rows += count;
    tell(pass, group, pass->groups++, again);
}

void quell_program_pass(const struct quell_program_denoiser *own, const struct quell_asked *list,
                        size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) rows += list[i].at.rows;
    struct pass pass = begin(own, &list->at, rows);
    uint32_t *order = pass.order;
    for (size_t i = 0; i < count; i++) {
        const struct quell_evaluation *at = &list[i].at;
        for (size_t row = 0; row < at->rows; row++) order[row] = (uint32_t)row;
        for (size_t from = 0, end; from < at->rows; from = end) {
            end = quell_program_gather(own, at, order, from);
            add_group(&pass, at, order + from, end - from);
        }
        order += at->rows;
    }
    run(&pass);
}
