/* SPDX-License-Identifier: MIT */
/* norm: brings every set of elements to mean 0 and variance 1, or only to mean square 1, and then
 * scales and shifts it. Layer and RMS norms are over dimensions, group and instance norms over
 * groups of channels. */
#include "programs/kinds/sets.h"
#include "programs/sums.h"

#include <math.h>

enum { DIMS, GROUPS, CENTRED, CORRECTION, EPSILON };

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
    return QUELL_OK;
}

static void standardise(const struct quell_instruction *of, size_t count, float *x)
{
    float mean = quell_set(of, CENTRED) ? quell_sum(count, x) / (float)count : 0;
    for (size_t i = 0; i < count && quell_set(of, CENTRED); i++) x[i] -= mean;
    float variance = quell_squares(count, x) / ((float)count - (float)quell_set(of, CORRECTION));
    float root = sqrtf(variance + of->set[EPSILON].real), factor = 1 / root;
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

/* Computes y[i] = y[i] scale[i] + shift[i] in place; scale and shift are broadcast to y. */
static void modulate(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at);
    bool shifted = at->of->operands > 2;
    size_t stride[2][QUELL_MAX_RANK] = {{0}}, place[QUELL_MAX_RANK] = {0}, offset[2] = {0};
    const float *scale = quell_in(at, 1), *shift = quell_in(at, shifted ? 2 : 1);
    quell_strides(quell_shape_of(at, 1), out, stride[0]);
    quell_strides(quell_shape_of(at, shifted ? 2 : 1), out, stride[1]);
    float *y = at->out;
    do {
        float s = scale[offset[0]];
        *y = shifted ? fmaf(*y, s, shift[offset[1]]) : *y * s;
        y++;
    } while (quell_next_place(out, out->rank, place, 2, (const size_t(*)[QUELL_MAX_RANK])stride,
                              offset));
}

static void run(const struct quell_execution *at)
{
    struct quell_sets sets = sets_of(at->of, quell_shape_of(at, 0));
    do {
        quell_set_gather(&sets, quell_in(at, 0), at->scratch);
        standardise(at->of, sets.count, at->scratch);
        quell_set_scatter(&sets, at->scratch, at->out);
    } while (quell_next_set(&sets));
    if (at->of->operands > 1) modulate(at);
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
    .infer = infer,
    .run = run,
};
