/* SPDX-License-Identifier: MIT */
/* reduce: one number for all elements that differ only in the dimensions `dims`. */
#include "programs/kinds/sets.h"
#include "programs/sums.h"

#include <math.h>

enum { FUNCTION, DIMS, KEEP, CORRECTION };
enum { SUM, MEAN, VAR, NORM, MAX, MIN, ARGMAX, ARGMIN };

static const char *const functions[] = {"sum", "mean",   "var",    "norm", "max",
                                        "min", "argmax", "argmin", NULL};

static quell_status check_correction(const struct quell_inference *at, size_t count)
{
    const struct quell_setting *set = &at->of->set[CORRECTION];
    if (set->given && quell_set(at->of, FUNCTION) != VAR)
        return quell_refuse(at, "'correction' has nothing to say for '%s'",
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
    at->of->scratch = sets.count;
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

static float variance(size_t count, float *x, float correction)
{
    float mean = quell_sum(count, x) / (float)count;
    for (size_t i = 0; i < count; i++) x[i] -= mean;
    return quell_squares(count, x) / ((float)count - correction);
}

/* Returns the index of the first greatest element (the least for sign -1), or of the first NaN. */
static size_t greatest(size_t count, const float *x, float sign)
{
    size_t best = 0;
    for (size_t i = 1; i < count && !isnan(x[best]); i++)
        if (isnan(x[i]) || sign * x[i] > sign * x[best]) best = i;
    return best;
}

/* Reduces x[count], which it may overwrite. */
static float reduce(int64_t function, size_t count, float *x, float correction)
{
    switch (function) {
    case SUM:
        return quell_sum(count, x);
    case MEAN:
        return quell_sum(count, x) / (float)count;
    case VAR:
        return variance(count, x, correction);
    case NORM:
        return sqrtf(quell_squares(count, x));
    case MAX:
        return x[greatest(count, x, 1)] + 0.0f;
    case MIN:
        return x[greatest(count, x, -1)] + 0.0f;
    case ARGMAX:
        return (float)greatest(count, x, 1);
    default:
        return (float)greatest(count, x, -1);
    }
}

static void run(const struct quell_execution *at)
{
    const struct quell_setting *dims = &at->of->set[DIMS];
    struct quell_sets sets = quell_sets_over(quell_shape_of(at, 0), dims->count, dims->whole);
    float correction = (float)quell_set(at->of, CORRECTION), *y = at->out;
    do {
        quell_set_gather(&sets, quell_in(at, 0), at->scratch);
        *y++ = reduce(quell_set(at->of, FUNCTION), sets.count, at->scratch, correction);
    } while (quell_next_set(&sets));
}

const struct quell_kind quell_kind_reduce = {
    .name = "reduce",
    .least = 1,
    .most = 1,
    .attributes = {[FUNCTION] = {"function", QUELL_CHOICE, true, 0, functions},
                   [DIMS] = {"dims", QUELL_WHOLES, .needed = true},
                   [KEEP] = {.name = "keep", .type = QUELL_TRUTH},
                   [CORRECTION] = {.name = "correction", .type = QUELL_WHOLE}},
    .infer = infer,
    .run = run,
};
