/* SPDX-License-Identifier: MIT */
#include "programs/kinds/norm_groups.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

#define BLOCK 1024 /* elements in a block of a Sum */

void quell_norm_factors(const struct quell_instruction *of, size_t count, size_t sets,
                        float *factor)
{
    float divisor = (float)count - (float)quell_set(of, QUELL_NORM_CORRECTION);
    for (size_t i = 0; i < sets; i++)
        factor[i] = 1 / sqrtf(factor[i] / divisor + of->set[QUELL_NORM_EPSILON].real);
}

/* Groups of channels. A group has `count` elements, in `blocks` blocks of its Sums. */
struct groups {
    size_t groups, channels, positions, count, blocks;
};

static struct groups groups_of(const struct quell_instruction *of, const struct quell_shape *x)
{
    size_t groups = (size_t)quell_set(of, QUELL_NORM_GROUPS), channels = x->size[0] / groups;
    size_t positions = quell_elements_of(x, 1, x->rank), count = channels * positions;
    return (struct groups){groups, channels, positions, count, (count + BLOCK - 1) / BLOCK};
}

/* The memory for a block, for the sums of all blocks, and for means and factors. */
size_t quell_norm_groups_floats(const struct quell_instruction *of, const struct quell_shape *x)
{
    struct groups groups = groups_of(of, x);
    return BLOCK + 2 * groups.channels + groups.blocks + 2 * groups.groups;
}

/* A worker's part of the groups: positions from ... end - 1, and the blocks of Sums that begin
 * there. The pointers are parts of its scratch memory: a block, the sums of a group, the means and
 * the factors. */
struct part {
    const struct quell_execution *at;
    struct groups of;
    size_t from, end, block, blocks;
    float *copy, *sums, *mean, *factor;
};

static struct part part_of(const struct quell_execution *at)
{
    struct part part = {.at = at, .of = groups_of(at->of, quell_shape_of(at, 0))};
    part.end = quell_own_range(at, &part.from);
    part.block = (part.from * part.of.channels + BLOCK - 1) / BLOCK;
    part.blocks = (part.end * part.of.channels + BLOCK - 1) / BLOCK;
    part.copy = at->scratch;
    part.sums = part.copy + BLOCK + 2 * part.of.channels;
    part.mean = part.sums + part.of.blocks;
    part.factor = part.mean + part.of.groups;
    return part;
}

/* Returns a worker's part of x. */
static struct quell_piece_at x_of(const struct part *part, size_t worker)
{
    const struct quell_execution *at = part->at;
    if (at->of->own) return quell_piece_of(at, at->of->operand[0], worker);
    return (struct quell_piece_at){(float *)(uintptr_t)quell_in(at, 0), part->of.positions};
}

/* Copies positions of a group so that the channel runs fastest. The positions may lie apart. */
static void copy_positions(const struct part *part, size_t group, size_t from, size_t end,
                           float *to)
{
    const struct quell_execution *at = part->at;
    size_t channels = part->of.channels, each = part->of.positions / at->workers, count;
    for (; from < end; from += count, to += count * channels) {
        size_t worker = from / each;
        struct quell_piece_at x = x_of(part, worker);
        count = (worker + 1) * each < end ? (worker + 1) * each - from : end - from;
        x.at += group * channels * x.row + from;
        if (channels == 1)
            memcpy(to, x.at, count * sizeof *to);
        else
            at->kernels->turn(x.at, channels, x.row, count, to, channels);
    }
}

/* Copies a block of a group, and sets *count to the number of its elements. */
static const float *copy_block(const struct part *part, size_t group, size_t block, size_t *count)
{
    const struct groups *of = &part->of;
    size_t from = block * BLOCK, end = from + BLOCK < of->count ? from + BLOCK : of->count;
    size_t first = from / of->channels, last = (end + of->channels - 1) / of->channels;
    *count = end - from;
    copy_positions(part, group, first, last, part->copy);
    return part->copy + from - first * of->channels;
}

/* Sets total[groups] to the Sums or, with means, the Squares of the differences from them. Each
 * worker computes the sums of its own blocks, waits for the others, and adds up all sums. */
static void add_up(const struct part *part, const float *mean, bool squares, float *common,
                   float *total)
{
    const struct quell_execution *at = part->at;
    const struct groups *of = &part->of;
    for (size_t block = part->block; block < part->blocks; block++) {
        if (quell_is_over_by(at, 2 * BLOCK * of->groups)) break;
        for (size_t group = 0; group < of->groups; group++) {
            struct quell_sums sums = {.sets = 1,
                                      .squares = squares,
                                      .mean = mean ? mean + group : NULL,
                                      .out = common + block * of->groups + group};
            sums.x = copy_block(part, group, block, &sums.count);
            at->kernels->sum_rows(&sums);
        }
    }
    quell_crew_meet(at->room->crew, at->worker, at->workers);
    for (size_t group = 0; group < of->groups; group++) {
        for (size_t block = 0; block < of->blocks; block++)
            part->sums[block] = common[block * of->groups + group];
        total[group] = quell_sum_by(at->kernels, of->blocks, part->sums);
    }
}

/* Standardises the worker's own positions of a group. */
static void standardise_part(const struct part *part, const struct quell_standard_operand *scale,
                             const struct quell_standard_operand *shift, size_t group)
{
    const struct quell_execution *at = part->at;
    size_t row = group * part->of.channels;
    struct quell_piece_at x = x_of(part, at->worker), out = quell_own_out(at);
    struct quell_standard standard = {
        .rows = part->of.channels,
        .columns = part->end - part->from,
        .x = x.at + row * x.row + part->from,
        .x_row = x.row,
        .out = out.at + row * out.row + part->from,
        .out_row = out.row,
        .mean = {quell_set(at->of, QUELL_NORM_CENTRED) ? part->mean + group : NULL, 0, 0},
        .factor = {part->factor + group, 0, 0},
        .scale = *scale,
        .shift = *shift};
    if (scale->at) standard.scale.at += row * scale->row + part->from * scale->column;
    if (shift->at) standard.shift.at += row * shift->row + part->from * shift->column;
    at->kernels->standardise(&standard);
}

/* Runs all groups; each worker has its own positions. The common memory of one instruction must not
 * be read any more when the next one writes to it. So Sums and Squares each have half of it, and
 * workers wait for each other in between. */
void quell_norm_groups_run(const struct quell_execution *at,
                           const struct quell_standard_operand *scale,
                           const struct quell_standard_operand *shift)
{
    struct part part = part_of(at);
    bool centred = quell_set(at->of, QUELL_NORM_CENTRED);
    if (centred) {
        add_up(&part, NULL, false, at->common, part.mean);
        for (size_t i = 0; i < part.of.groups; i++) part.mean[i] /= (float)part.of.count;
    } else {
        quell_crew_meet(at->room->crew, at->worker, at->workers);
    }
    add_up(&part, centred ? part.mean : NULL, true, at->common + at->program->common_floats / 2,
           part.factor);
    quell_norm_factors(at->of, part.of.count, part.of.groups, part.factor);
    for (size_t group = 0; group < part.of.groups && !quell_was_over(at); group++)
        standardise_part(&part, scale, shift, group);
}

/* Divides the result; `grain` is set because blocks of a Sum may begin in another worker's part. */
void quell_norm_groups_divide(struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    const struct quell_division *of = quell_divided(program, now, 0);
    struct quell_division *by = quell_division_of(program, now);
    struct groups groups = groups_of(now, x);
    if (x->rank < 3 || groups.blocks < 2) return;
    *by = quell_divide_along(x, 1, x->size[1], 0);
    if (quell_same_division(of, by)) by->units = quell_greatest_divisor(by->units, of->units);
    now->own = quell_same_division(of, by);
    now->grain = BLOCK / quell_greatest_divisor(BLOCK, groups.channels);
    now->common = 2 * groups.groups * groups.blocks;
}
