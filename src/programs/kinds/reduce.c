/* SPDX-License-Identifier: MIT */
/* reduce: one number from all elements that differ only in the dimensions `dims`. */
#include "programs/kinds/sets.h"
#include "programs/sums.h"

#include <math.h>
#include <string.h>

enum { FUNCTION, DIMS, KEEP, CORRECTION };
enum { SUM, MEAN, VAR, NORM, MAX, MIN, ARGMAX, ARGMIN };

/* The number of sets that are reduced at a time. */
#define SETS 64

/* Sets of at most this many elements are transposed to columns, if there are more than FEW_SETS. */
#define MOST_TURNED 1024
#define FEW_SETS 4

static const char *const functions[] = {"sum", "mean",   "var",    "norm", "max",
                                        "min", "argmax", "argmin", NULL};

static quell_status check_correction(const struct quell_inference *at, size_t count)
{
    const struct quell_setting *set = &at->of->set[CORRECTION];
    if (set->given && quell_set(at->of, FUNCTION) != VAR)
        return quell_refuse(at, "'correction' is not used by '%s'",
                            functions[quell_set(at->of, FUNCTION)]);
    if (set->whole[0] >= 0 && (uint64_t)set->whole[0] < count) return QUELL_OK;
    return quell_refuse(at, "'correction' must be from 0 to less than the %zu elements", count);
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    const struct quell_setting *dims = &at->of->set[DIMS];
    quell_status status = quell_check_dims(at, DIMS, x->rank);
    if (status) return status;
    struct quell_sets sets = quell_sets_over(x, dims->count, dims->whole);
    at->of->scratch = sets.count <= MOST_TURNED ? SETS * sets.count : sets.count;
    at->out = sets.kept;
    if (quell_set(at->of, KEEP)) {
        at->out = *x;
        for (size_t i = 0; i < dims->count; i++) at->out.size[dims->whole[i]] = 1;
    }
    if (quell_set(at->of, FUNCTION) >= ARGMAX && sets.count > QUELL_MOST_INDEX)
        return quell_refuse(at,
                            "'%s' must be over at most 2^24 elements, not %zu: float32 has no "
                            "index beyond",
                            functions[quell_set(at->of, FUNCTION)], sets.count);
    return check_correction(at, sets.count);
}

/* Returns the index of the first greatest element (the least for sign -1), or of the first NaN. */
static size_t greatest(size_t count, const float *x, float sign)
{
    size_t best = 0;
    for (size_t i = 1; i < count && !isnan(x[best]); i++)
        if (isnan(x[i]) || sign * x[i] > sign * x[best]) best = i;
    return best;
}

static enum quell_map_function extreme_of(const struct quell_execution *at)
{
    return quell_set(at->of, FUNCTION) == MAX ? QUELL_MAP_MAX : QUELL_MAP_MIN;
}

/* Finds the extreme of each column of x[rows][.], of which y has the first row. */
static void find_extremes(const struct quell_execution *at, const struct quell_sums *x, float *y)
{
    at->kernels->map[extreme_of(at)](&(struct quell_map){.rows = x->count,
                                                         .columns = x->sets,
                                                         .out = y,
                                                         .in = {x->x, y},
                                                         .row = {x->step, 0},
                                                         .column = {1, 1}});
}

static float more_extreme(int64_t function, float a, float b)
{
    return isnan(a) || (function == MAX ? a > b : a < b) ? a : b;
}

/* Returns the extreme of consecutive elements. If they are many, finds those of sixteen columns
 * first. */
static float extreme(const struct quell_execution *at, const float *x, size_t count)
{
    float lanes[QUELL_LANES] = {x[0]};
    size_t rows = count / QUELL_LANES, kept = rows ? QUELL_LANES : 1;
    int64_t function = quell_set(at->of, FUNCTION);
    if (rows) {
        memcpy(lanes, x, sizeof lanes);
        find_extremes(
            at,
            &(struct quell_sums){.sets = QUELL_LANES, .count = rows, .step = QUELL_LANES, .x = x},
            lanes);
    }
    for (size_t i = 1; i < kept; i++) lanes[0] = more_extreme(function, lanes[i], lanes[0]);
    for (size_t i = rows * QUELL_LANES; i < count; i++)
        lanes[0] = more_extreme(function, x[i], lanes[0]);
    return lanes[0];
}

/* Finds the extremes of consecutive sets, or of columns. Many short sets are transposed to
 * columns. */
static void find_all_extremes(const struct quell_execution *at, const struct quell_sums *x,
                              bool columns)
{
    struct quell_sums turned = *x;
    if (!columns && x->sets > FEW_SETS && x->count <= MOST_TURNED) {
        at->kernels->turn(x->x, x->sets, x->step, x->count, at->scratch, SETS);
        turned.x = at->scratch, turned.step = SETS;
        columns = true;
    }
    if (columns) {
        memcpy(x->out, turned.x, x->sets * sizeof *x->out);
        find_extremes(at, &turned, x->out);
    }
    for (size_t i = 0; i < x->sets; i++) {
        if (!columns) x->out[i] = extreme(at, x->x + i * x->step, x->count);
        x->out[i] += 0.0f;
    }
}

/* Computes sums, or the results that follow from them. */
static void find_sums(const struct quell_execution *at, struct quell_sums *x, bool columns)
{
    int64_t function = quell_set(at->of, FUNCTION);
    float mean[SETS], count = (float)x->count, *y = x->out;
    x->squares = function == NORM;
    if (function == VAR) x->out = mean;
    quell_sums_by(at->kernels, x, columns);
    for (size_t i = 0; i < x->sets && function != SUM; i++)
        x->out[i] = function == NORM ? sqrtf(x->out[i]) : x->out[i] / count;
    if (function != VAR) return;
    x->out = y, x->mean = mean, x->squares = 1;
    quell_sums_by(at->kernels, x, columns);
    for (size_t i = 0; i < x->sets; i++) y[i] /= count - (float)quell_set(at->of, CORRECTION);
}

static void reduce_sets(const struct quell_execution *at, struct quell_sums *x, bool columns)
{
    int64_t function = quell_set(at->of, FUNCTION);
    if (function == MAX || function == MIN)
        find_all_extremes(at, x, columns);
    else if (function < MAX)
        find_sums(at, x, columns);
    else
        for (size_t i = 0; i < x->sets; i++)
            x->out[i] = (float)greatest(x->count, x->x + i * x->step, function == ARGMAX ? 1 : -1);
}

/* Reduces x[blocks][count][columns]: the columns of each block, some at a time, or, if there is one
 * column, some blocks. */
static void run_blocks(const struct quell_execution *at, size_t blocks, size_t count,
                       size_t columns)
{
    bool apart = columns > 1;
    size_t sets = apart ? columns : blocks, across = (sets + SETS - 1) / SETS, from;
    size_t end = quell_part_of(at, apart ? blocks * across : across, &from);
    for (size_t i = from; i < end && !quell_is_over_by(at, SETS * count); i++) {
        size_t set = i % across * SETS, block = i / across;
        struct quell_sums x = {.sets = sets - set < SETS ? sets - set : SETS,
                               .count = count,
                               .step = apart ? columns : count};
        x.x = quell_in(at, 0) + block * count * columns + set * (apart ? 1 : count);
        x.out = at->out + block * columns + set;
        reduce_sets(at, &x, apart);
    }
}

static void run_gathered(const struct quell_execution *at, struct quell_sets *sets)
{
    size_t from, end = quell_part_of(at, quell_elements(&sets->kept), &from);
    for (size_t i = from; i < end && !quell_is_over_by(at, 4 * sets->count); i++) {
        struct quell_sums x = {
            .sets = 1, .count = sets->count, .x = at->scratch, .out = at->out + i};
        quell_set_go(sets, i);
        quell_set_gather(sets, quell_in(at, 0), at->scratch);
        reduce_sets(at, &x, false);
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_setting *dims = &at->of->set[DIMS];
    const struct quell_shape *x = quell_shape_of(at, 0);
    struct quell_sets sets = quell_sets_over(x, dims->count, dims->whole);
    size_t first, second;
    bool range = quell_is_range(dims, &first, &second);
    size_t columns = range ? quell_elements_of(x, second, x->rank) : 0;
    if (columns == 1 ||
        (range && quell_set(at->of, FUNCTION) < ARGMAX && sets.count <= QUELL_MOST_COLUMN))
        run_blocks(at, quell_elements_of(x, 0, first), sets.count, columns);
    else
        run_gathered(at, &sets);
}

const struct quell_kind quell_kind_reduce = {
    .name = "reduce",
    .least = 1,
    .most = 1,
    .attributes = {[FUNCTION] = {"function", QUELL_CHOICE, true, 0, functions},
                   [DIMS] = {"dims", QUELL_WHOLES, .needed = true},
                   [KEEP] = {.name = "keep", .type = QUELL_TRUTH},
                   [CORRECTION] = {.name = "correction", .type = QUELL_WHOLE}},
    .shared = true,
    .infer = infer,
    .run = run,
};
