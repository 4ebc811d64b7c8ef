/* SPDX-License-Identifier: MIT */
/* conv: a convolution of x[in][s...] in one to three dimensions with
 * weight[out][in / groups][k...]:
 *
 *     y[o, i] = Dot over (t, c) of x[g in / groups + c, i stride + t dilation - before]
 *                                  weight[o, c, t], + bias[o]
 *
 * for the output channel o of group g, x being 0 outside; the channel c runs fastest. */
#include "programs/kinds/conv_way.h"
#include "programs/products.h"
#include "programs/quantised.h"
#include "programs/sums.h"
#include "programs/tail.h"

enum { GROUPS = QUELL_CONV_GROUPS, WINOGRAD = QUELL_CONV_WINOGRAD_TILE };

static quell_status check_groups(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    int64_t groups = quell_set(at->of, GROUPS);
    if (groups >= 1 && x->size[0] % (size_t)groups == 0 && w->size[0] % (size_t)groups == 0)
        return QUELL_OK;
    return quell_refuse(at,
                        "'groups' must divide the %zu channels of operand 0 and the %zu of the "
                        "result",
                        x->size[0], w->size[0]);
}

static quell_status check_bias(const struct quell_inference *at)
{
    if (at->of->operands < 3) return QUELL_OK;
    const struct quell_shape *bias = quell_operand(at, 2);
    if (bias->rank == 1 && bias->size[0] == at->out.size[0]) return QUELL_OK;
    return quell_refuse_operand(at, 2, "must be [%zu]", at->out.size[0]);
}

static struct quell_conv_way way_of(const struct quell_program *program,
                                    const struct quell_instruction *of,
                                    const struct quell_shape *out)
{
    const struct quell_value *value = program->value;
    return quell_conv_way_of(of, &value[of->operand[0]].shape, &value[of->operand[1]].shape, out);
}

/* Returns the scratch memory: copies, and memory for weights that are computed in each run; or the
 * memory of quell_products, if that is more. */
static size_t scratch_floats(const struct quell_inference *at)
{
    const struct quell_shape *w = quell_operand(at, 1);
    struct quell_conv_way way = way_of(at->program, at->of, &at->out);
    size_t floats = quell_conv_way_floats(&way), alone = quell_conv_depthwise_floats(&way);
    if (alone > floats) floats = alone;
    if (!quell_is_constant(at, 1) || (way.how == QUELL_CONV_WINOGRAD && quell_is_constant(at, 0)))
        floats += quell_conv_packed_floats(&way);
    floats += quell_conv_left_floats(&way);
    if (way.how == QUELL_CONV_WINOGRAD) return floats;
    if (way.how != QUELL_CONV_GATHERED && !(quell_is_constant(at, 0) && quell_is_constant(at, 1)))
        return floats;
    size_t products = quell_products_floats(way.each, quell_elements_of(&at->out, 1, at->out.rank),
                                            quell_elements_of(w, 1, w->rank));
    return products > floats ? products : floats;
}

static uint64_t count_multiply_adds(const struct quell_inference *at)
{
    const struct quell_shape *w = quell_operand(at, 1);
    struct quell_conv_way way = way_of(at->program, at->of, &at->out);
    if (way.how == QUELL_CONV_WINOGRAD) return quell_winograd_products(&way.winograd);
    return quell_elements(&at->out) * quell_elements_of(w, 1, w->rank);
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status && w->rank < 3) status = quell_refuse_operand(at, 1, "must be [out, in, k...]");
    if (!status) status = check_groups(at);
    if (!status) status = quell_window_convolve(at, (size_t)quell_set(at->of, GROUPS));
    if (!status) status = check_bias(at);
    if (!status) status = quell_winograd_check(at, quell_set(at->of, WINOGRAD));
    if (status) return status;
    if (quell_shape_fits(&at->out)) at->of->multiply_adds = count_multiply_adds(at);
    at->of->scratch = scratch_floats(at);
    return QUELL_OK;
}

static size_t packed_floats(const struct quell_program *program,
                            const struct quell_instruction *now)
{
    struct quell_conv_way way = quell_conv_way_at(program, now);
    return quell_conv_packed_floats(&way);
}

static void pack(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to)
{
    struct quell_conv_way way = quell_conv_way_at(program, now);
    quell_conv_pack(&way, quell_weights_of(program, now), from, to);
}

static void unpack(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to)
{
    struct quell_conv_way way = quell_conv_way_at(program, now);
    const struct quell_shape *w = quell_weights_of(program, now);
    for (size_t i = 0; i < count; i++)
        to[i] = quell_packed_at(now, quell_conv_packed_place(&way, w, from + i));
}

static size_t elements(const struct quell_program *program, const struct quell_instruction *now)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    size_t tile = (size_t)quell_set(now, WINOGRAD);
    return tile ? w->size[0] * w->size[1] * (tile + 2) * (tile + 2) : quell_elements(w);
}

/* Sets the offsets of quell_dots. 'winograd', which does not use them, has one offset of 0. */
static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    struct quell_conv_way way = quell_conv_way_at(program, now);
    if (way.how == QUELL_CONV_WINOGRAD) {
        if (offset) *offset = 0;
        return 1;
    }
    for (size_t p = 0; p < way.k && offset; p++) offset[p] = quell_conv_way_offset(&way, p);
    return way.how == QUELL_CONV_GATHERED ? 0 : way.k;
}

static bool panels(const struct quell_program *program, const struct quell_instruction *now)
{
    return quell_conv_way_at(program, now).how == QUELL_CONV_PADDED;
}

static size_t rows(const struct quell_shape *result) { return result->rank ? 1 : 0; }

static void divide_lines(struct quell_program *program, struct quell_instruction *now)
{
    struct quell_conv_way way = quell_conv_way_at(program, now);
    struct quell_padded alone;
    bool some = now->offset || way.how == QUELL_CONV_WINOGRAD;
    if (some && !quell_conv_depthwise_of(&alone, &way)) quell_conv_way_divide(&way, program, now);
}

/* Returns the kind with bfloat16 products, but not for Winograd's algorithm, which saves more
 * products, nor for output channels that are too few for a panel. */
static const struct quell_kind *halved(const struct quell_inference *at)
{
    struct quell_conv_way way = way_of(at->program, at->of, &at->out);
    bool constant = quell_is_constant(at, 1) && (at->of->operands < 3 || quell_is_constant(at, 2));
    if (way.how != QUELL_CONV_PADDED || way.groups > 1 || !constant) return NULL;
    bool can = quell_conv_can_be_short(at, &quell_short_halves);
    return can ? &quell_kind_conv_bf16 : NULL;
}

static const struct quell_packing packing = {.floats = packed_floats,
                                             .pack = pack,
                                             .elements = elements,
                                             .unpack = unpack,
                                             .offsets = offsets,
                                             .panels = panels};

const struct quell_kind quell_kind_conv = {
    .name = "conv",
    .least = 2,
    .most = 3,
    .attributes = {QUELL_WINDOW_LISTS, [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1},
                   [WINOGRAD] = {.name = "winograd", .type = QUELL_WHOLE}},
    .together = true,
    .shared = true,
    .infer = infer,
    .run = quell_conv_run,
    .rows = rows,
    .divide = divide_lines,
    .packing = &packing,
    .halved = halved,
};
