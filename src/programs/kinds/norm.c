/* SPDX-License-Identifier: MIT */
/* norm: brings every set of elements to mean 0 and variance 1, or only to mean square 1, and then
 * scales and shifts it. Layer and RMS norms are over dimensions, group and instance norms over
 * groups of channels. */
#include "programs/kinds/norm_groups.h"
#include "programs/kinds/sets.h"
#include "programs/sums.h"
#include "programs/tail.h"
#include "programs/view.h"

#include <math.h>

enum {
    DIMS = QUELL_NORM_DIMS,
    GROUPS = QUELL_NORM_GROUPS,
    CENTRED = QUELL_NORM_CENTRED,
    CORRECTION = QUELL_NORM_CORRECTION,
    EPSILON = QUELL_NORM_EPSILON
};

static struct quell_sets sets_of(const struct quell_instruction *of, const struct quell_shape *x)
{
    const struct quell_setting *dims = &of->set[DIMS];
    if (dims->given) return quell_sets_over(x, dims->count, dims->whole);
    return quell_sets_of_groups(x, (size_t)quell_set(of, GROUPS));
}

static quell_status check_sets(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    const struct quell_setting *set = at->of->set;
    if (set[DIMS].given == set[GROUPS].given)
        return quell_refuse(at, "must have either 'dims' or 'groups'");
    if (set[DIMS].given) return quell_check_dims(at, DIMS, x->rank);
    if (x->rank && quell_set(at->of, GROUPS) >= 1 &&
        x->size[0] % (uint64_t)quell_set(at->of, GROUPS) == 0)
        return QUELL_OK;
    return quell_refuse_operand(at, 0, "must be [channels, ...], which 'groups' divides");
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    quell_status status = check_sets(at);
    if (status) return status;
    struct quell_sets sets = sets_of(at->of, x);
    int64_t correction = quell_set(at->of, CORRECTION);
    if (correction < 0 || (uint64_t)correction >= sets.count)
        return quell_refuse(at, "'correction' must be from 0 to less than the %zu elements",
                            sets.count);
    if (at->of->set[EPSILON].real < 0) return quell_refuse(at, "'epsilon' must be 0 or more");
    for (size_t i = 1; i < at->of->operands; i++)
        if (!quell_broadcasts_to(quell_operand(at, i), x))
            return quell_refuse_operand(at, i, "must broadcast to operand 0");
    at->out = *x;
    at->of->scratch = sets.count;
    size_t groups = at->of->set[DIMS].given ? 0 : quell_norm_groups_floats(at->of, x);
    if (groups > sets.count) at->of->scratch = groups;
    return QUELL_OK;
}

/* Standardises the elements of one set, in place. */
static void standardise(const struct quell_execution *at, size_t count, float *x)
{
    bool centred = quell_set(at->of, CENTRED);
    float mean = centred ? quell_sum_by(at->kernels, count, x) / (float)count : 0;
    float factor = quell_squares_by(at->kernels, count, x, mean);
    quell_norm_factors(at->of, count, 1, &factor);
    at->kernels->standardise(&(struct quell_standard){.rows = 1,
                                                      .columns = count,
                                                      .x = x,
                                                      .out = x,
                                                      .mean = {centred ? &mean : NULL, 0, 0},
                                                      .factor = {&factor, 0, 0}});
}

/* Computes y[i] = y[i] scale[i] + shift[i] in place, line by line; scale and shift are broadcast to
 * y. */
static void modulate(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at);
    size_t stride[3][QUELL_MAX_RANK] = {{0}}, place[QUELL_MAX_RANK] = {0}, offset[3] = {0};
    size_t last = out->rank - 1, operands = at->of->operands;
    struct quell_map map = {.rows = 1, .columns = out->size[last], .out = at->out};
    quell_strides(out, out, stride[0]);
    for (size_t k = 1; k < operands; k++) quell_strides(quell_shape_of(at, k), out, stride[k]);
    for (size_t k = 0; k < operands; k++) map.column[k] = stride[k][last];
    do {
        if (quell_is_over_by(at, map.columns)) return;
        map.out = at->out + offset[0];
        map.in[0] = map.out;
        for (size_t k = 1; k < operands; k++) map.in[k] = quell_in(at, k) + offset[k];
        at->kernels->map[operands > 2 ? QUELL_MAP_FMA : QUELL_MAP_MUL](&map);
    } while (quell_next_place(out, last, place, operands, (const size_t(*)[QUELL_MAX_RANK])stride,
                              offset));
}

/* Runs a norm over any dimensions, by gathering each set. One worker does the scaling and
 * shifting. */
static void run_gathered(const struct quell_execution *at)
{
    struct quell_sets sets = sets_of(at->of, quell_shape_of(at, 0));
    size_t from, end = quell_part_of(at, quell_elements(&sets.kept), &from);
    for (size_t i = from; i < end && !quell_is_over_by(at, 8 * sets.count); i++) {
        quell_set_go(&sets, i);
        quell_set_gather(&sets, quell_in(at, 0), at->scratch);
        standardise(at, sets.count, at->scratch);
        quell_set_scatter(&sets, at->scratch, at->out);
    }
    if (at->of->operands < 2) return;
    if (at->workers > 1) quell_crew_meet(at->room->crew, at->worker, at->workers);
    if (!at->worker) modulate(at);
}

/* x as blocks of rows and columns: x[blocks][rows][columns]. These are the dimensions before
 * `first`, those before `second`, and the others. The sets are the columns of each block or, if
 * there is one column, the blocks. */
struct blocks {
    size_t first, second, blocks, rows, columns;
    struct quell_standard_operand scale, shift;
    size_t scale_block, shift_block;
    struct quell_piece_at x, out;
};

static bool find_operand(const struct quell_program *program, const struct quell_instruction *now,
                         const struct blocks *of, size_t operand, struct quell_standard_operand *to,
                         size_t *block)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    size_t stride[QUELL_MAX_RANK] = {0};
    quell_strides(&program->value[now->operand[operand]].shape, x, stride);
    return quell_merged_stride(x, stride, 0, of->first, block) &&
           quell_merged_stride(x, stride, of->first, of->second, &to->row) &&
           quell_merged_stride(x, stride, of->second, x->rank, &to->column) && to->column <= 1;
}

/* Divides x into blocks, without pointers. Returns false if scale or shift do not fit the
 * blocks. */
static bool find_blocks(const struct quell_program *program, const struct quell_instruction *now,
                        struct blocks *of)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    const struct quell_setting *dims = &now->set[DIMS];
    *of = (struct blocks){.first = 0, .second = 1};
    if (dims->given && !quell_is_range(dims, &of->first, &of->second)) return false;
    of->blocks = quell_elements_of(x, 0, of->first);
    of->rows = quell_elements_of(x, of->first, of->second);
    of->columns = quell_elements_of(x, of->second, x->rank);
    if (dims->given && of->columns > 1 && of->rows > QUELL_MOST_COLUMN) return false;
    if (now->operands > 1 && !find_operand(program, now, of, 1, &of->scale, &of->scale_block))
        return false;
    return now->operands < 3 || find_operand(program, now, of, 2, &of->shift, &of->shift_block);
}

/* The numbers of sets and of elements that are standardised at a time, so that they stay in the
 * first-level cache. */
#define SETS 64
#define PIECE 8192

/* Sets mean[sets], unless it is NULL, and factor[sets]. */
static void find_moments(const struct quell_execution *at, struct quell_sums *sums, bool columns,
                         float *mean, float *factor)
{
    if (mean) {
        sums->out = mean;
        quell_sums_by(at->kernels, sums, columns);
        for (size_t i = 0; i < sums->sets; i++) mean[i] /= (float)sums->count;
    }
    sums->squares = 1;
    sums->mean = mean;
    sums->out = factor;
    quell_sums_by(at->kernels, sums, columns);
    quell_norm_factors(at->of, sums->count, sums->sets, factor);
}

/* Standardises columns of a block, from `column` on; the sets are the columns. */
static void run_columns(const struct quell_execution *at, const struct blocks *of, size_t block,
                        size_t column, size_t columns)
{
    float mean[SETS], factor[SETS];
    bool centred = quell_set(at->of, CENTRED);
    const float *x = of->x.at + block * of->rows * of->x.row + column;
    struct quell_sums sums = {.sets = columns, .count = of->rows, .step = of->x.row, .x = x};
    find_moments(at, &sums, true, centred ? mean : NULL, factor);
    struct quell_standard standard = {.rows = of->rows,
                                      .columns = columns,
                                      .x = x,
                                      .x_row = of->x.row,
                                      .out = of->out.at + block * of->rows * of->out.row + column,
                                      .out_row = of->out.row,
                                      .mean = {centred ? mean : NULL, 0, 1},
                                      .factor = {factor, 0, 1},
                                      .scale = of->scale,
                                      .shift = of->shift};
    if (of->scale.at) standard.scale.at += block * of->scale_block + column * of->scale.column;
    if (of->shift.at) standard.shift.at += block * of->shift_block + column * of->shift.column;
    at->kernels->standardise(&standard);
}

/* Standardises blocks of one column, from `block` on; the sets are the blocks. `x` is the first of
 * them; the others follow at distances of `step`. */
static void run_blocks(const struct quell_execution *at, const struct blocks *of, size_t block,
                       size_t blocks, const float *x, size_t step)
{
    float mean[SETS], factor[SETS];
    bool centred = quell_set(at->of, CENTRED);
    size_t begin = block * of->rows;
    struct quell_sums sums = {.sets = blocks, .count = of->rows, .step = step, .x = x};
    find_moments(at, &sums, false, centred ? mean : NULL, factor);
    struct quell_standard standard = {.rows = blocks,
                                      .columns = of->rows,
                                      .x = x,
                                      .x_row = step,
                                      .out = of->out.at + begin,
                                      .out_row = of->rows,
                                      .mean = {centred ? mean : NULL, 1, 0},
                                      .factor = {factor, 1, 0},
                                      .scale = {of->scale.at, of->scale_block, of->scale.row},
                                      .shift = {of->shift.at, of->shift_block, of->shift.row}};
    if (of->scale.at) standard.scale.at += block * of->scale_block;
    if (of->shift.at) standard.shift.at += block * of->shift_block;
    at->kernels->standardise(&standard);
}

/* Standardises some sets: columns of a block, or blocks. */
static void run_sets(const struct quell_execution *at, const struct blocks *of, size_t block,
                     size_t from, size_t end)
{
    size_t most = PIECE / of->rows;
    most = most < 1 ? 1 : most > SETS ? SETS : most;
    if (of->columns > 1 && most < QUELL_PANEL) most = QUELL_PANEL;
    for (size_t set = from; set < end; set += most) {
        size_t count = end - set < most ? end - set : most;
        if (quell_is_over_by(at, 4 * count * of->rows)) return;
        if (of->columns > 1)
            run_columns(at, of, block, set, count);
        else
            run_blocks(at, of, set, count, of->x.at + set * of->rows, of->rows);
    }
}

/* Standardises the sets of an operand that is read in place. Sets along the last dimension before
 * theirs have a constant distance. */
static void run_view(const struct quell_execution *at, const struct blocks *of)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    size_t stride[QUELL_MAX_RANK], inner = x->size[of->first - 1], most = PIECE / of->rows, from;
    size_t end = quell_part_of(at, of->blocks, &from);
    most = most < 1 ? 1 : most > SETS ? SETS : most;
    quell_operand_strides(at, 0, stride);
    for (size_t set = from, count; set < end; set += count) {
        size_t offset = 0, left = set;
        for (size_t d = of->first; d-- > 0; left /= x->size[d])
            offset += left % x->size[d] * stride[d];
        count = inner - set % inner < most ? inner - set % inner : most;
        if (end - set < count) count = end - set;
        if (quell_is_over_by(at, 4 * count * of->rows)) return;
        run_blocks(at, of, set, count, quell_in(at, 0) + offset, stride[of->first - 1]);
    }
}

/* Standardises the worker's own sets. */
static void run_own(const struct quell_execution *at, struct blocks *of)
{
    size_t from, end = quell_own_range(at, &from);
    of->x = quell_own_in(at, 0);
    of->out = quell_own_out(at);
    if (of->columns == 1) run_sets(at, of, 0, from / of->rows, end / of->rows);
    for (size_t block = 0; block < of->blocks && of->columns > 1; block++)
        run_sets(at, of, block, from, end);
}

/* Standardises all sets, some at a time. */
static void run_range(const struct quell_execution *at, struct blocks *of)
{
    size_t sets = of->columns > 1 ? of->columns : of->blocks, most = PIECE / of->rows, from;
    if (at->division) {
        run_own(at, of);
        return;
    }
    of->x = (struct quell_piece_at){(float *)(uintptr_t)quell_in(at, 0), of->columns};
    of->out = (struct quell_piece_at){at->out, of->columns};
    if (quell_view_of(at->of, 0)) {
        run_view(at, of);
        return;
    }
    most = most < 1 ? 1 : most > SETS ? SETS : most;
    if (of->columns > 1 && most < QUELL_PANEL) most = QUELL_PANEL;
    size_t across = (sets + most - 1) / most;
    size_t end = quell_part_of(at, of->columns > 1 ? of->blocks * across : across, &from);
    for (size_t i = from; i < end; i++) {
        size_t set = i % across * most;
        run_sets(at, of, i / across, set, sets - set < most ? sets : set + most);
    }
}

/* Standardises the channels of a group. */
static void run_group(const struct quell_execution *at, const struct blocks *of, size_t group,
                      size_t channels)
{
    size_t count = channels * of->columns, row = group * channels;
    const float *x = quell_in(at, 0) + row * of->columns;
    /* In an order in which the channel runs fastest. */
    const float *set = channels > 1 ? at->scratch : x;
    if (channels > 1)
        at->kernels->turn(x, channels, of->columns, of->columns, at->scratch, channels);
    bool centred = quell_set(at->of, CENTRED);
    float mean = centred ? quell_sum_by(at->kernels, count, set) / (float)count : 0;
    float factor = quell_squares_by(at->kernels, count, set, mean);
    if (quell_is_over_by(at, count)) return;
    quell_norm_factors(at->of, count, 1, &factor);
    struct quell_standard standard = {.rows = channels,
                                      .columns = of->columns,
                                      .x = x,
                                      .x_row = of->columns,
                                      .out = at->out + row * of->columns,
                                      .out_row = of->columns,
                                      .mean = {centred ? &mean : NULL, 0, 0},
                                      .factor = {&factor, 0, 0},
                                      .scale = of->scale,
                                      .shift = of->shift};
    if (of->scale.at) standard.scale.at += row * of->scale.row;
    if (of->shift.at) standard.shift.at += row * of->shift.row;
    at->kernels->standardise(&standard);
}

static void run(const struct quell_execution *at)
{
    struct blocks of;
    size_t from;
    if (!find_blocks(at->program, at->of, &of)) {
        run_gathered(at);
        return;
    }
    if (at->of->operands > 1) of.scale.at = quell_in(at, 1);
    if (at->of->operands > 2) of.shift.at = quell_in(at, 2);
    if (at->of->set[DIMS].given) {
        run_range(at, &of);
        return;
    }
    if (at->division) {
        quell_norm_groups_run(at, &of.scale, &of.shift);
        return;
    }
    size_t groups = (size_t)quell_set(at->of, GROUPS), end = quell_part_of(at, groups, &from);
    for (size_t group = from; group < end; group++) {
        if (quell_is_over_by(at, 4 * of.rows / groups * of.columns)) return;
        run_group(at, &of, group, of.rows / groups);
    }
}

/* Divides the result in the same way as x, if sets lie within the parts of x. A view is not
 * divided, because only the parts of a copy are known. */
static void divide(struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_division *of = quell_divided(program, now, 0);
    struct blocks blocks;
    if (quell_view_of(now, 0) || !find_blocks(program, now, &blocks)) return;
    if (!now->set[DIMS].given) {
        quell_norm_groups_divide(program, now);
        return;
    }
    size_t sets = blocks.blocks;
    if (!of->length || (blocks.columns > 1 ? blocks.columns != of->length
                                           : of->length != sets * blocks.rows || sets % of->units))
        return;
    *quell_division_of(program, now) = *of;
    now->own = 1;
}

/* Returns whether sets can be read in place: their elements must be consecutive. */
static bool strided(const struct quell_program *program, const struct quell_instruction *now,
                    size_t operand, const size_t *stride)
{
    const struct quell_shape *x = &program->value[now->operand[0]].shape;
    struct blocks of;
    size_t step;
    return operand == 0 && now->set[DIMS].given && find_blocks(program, now, &of) &&
           of.columns == 1 && of.first > 0 &&
           quell_merged_stride(x, stride, of.first, x->rank, &step) && (step == 1 || of.rows == 1);
}

const struct quell_kind quell_kind_norm = {
    .name = "norm",
    .least = 1,
    .most = 3,
    .attributes = {[DIMS] = {.name = "dims", .type = QUELL_WHOLES},
                   [GROUPS] = {.name = "groups", .type = QUELL_WHOLE},
                   [CENTRED] = {"centred", QUELL_TRUTH, .usual = 1},
                   [CORRECTION] = {.name = "correction", .type = QUELL_WHOLE},
                   [EPSILON] = {"epsilon", QUELL_REAL, .usual = 1e-5}},
    .shared = true,
    .meets = true,
    .infer = infer,
    .run = run,
    .divide = divide,
    .views = 1,
    .strided = strided,
};
