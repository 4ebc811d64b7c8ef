/* SPDX-License-Identifier: MIT */
/* conv: a convolution of x[in][s...] in one to three dimensions with weight[out][in /
 * groups][k...]:
 *
 *     y[o, i] = Dot over (t, c) of x[g in / groups + c, i stride + t dilation - before]
 *                                  weight[o, c, t], + bias[o]
 *
 * for the output channel o of group g, x being 0 outside; the channel c runs fastest. */
#include "programs/kinds/conv_way.h"
#include "programs/products.h"
#include "programs/sums.h"
#include "programs/tail.h"

enum { GROUPS = QUELL_CONV_GROUPS, WINOGRAD = QUELL_CONV_WINOGRAD_TILE };

static quell_status check_operands(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS);
    if (quell_set(at->of, GROUPS) < 1 || x->size[0] % groups || w->size[0] % groups)
        return quell_refuse(at,
                            "'groups' must divide the %zu channels of operand 0 and the %zu of "
                            "the result",
                            x->size[0], w->size[0]);
    if (w->rank != x->rank + 1 || w->size[1] != x->size[0] / groups)
        return quell_refuse_operand(at, 1, "must be [out, %zu, k...] with %zu sizes k",
                                    x->size[0] / groups, x->rank - 1);
    if (at->of->operands < 3) return QUELL_OK;
    const struct quell_shape *bias = quell_operand(at, 2);
    if (bias->rank == 1 && bias->size[0] == w->size[0]) return QUELL_OK;
    return quell_refuse_operand(at, 2, "must be [%zu]", w->size[0]);
}

static struct quell_conv_way way_of(const struct quell_program *program,
                                    const struct quell_instruction *of,
                                    const struct quell_shape *out)
{
    const struct quell_value *value = program->value;
    return quell_conv_way_of(of, &value[of->operand[0]].shape, &value[of->operand[1]].shape, out);
}

static bool is_constant(const struct quell_inference *at, size_t operand)
{
    return at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS;
}

/* Copies, and room for the weights if they are computed in each run; or the memory of the
 * products. */
static size_t scratch_floats(const struct quell_inference *at)
{
    const struct quell_shape *w = quell_operand(at, 1);
    struct quell_conv_way way = way_of(at->program, at->of, &at->out);
    size_t floats = quell_conv_way_floats(&way), alone = quell_conv_depthwise_floats(&way);
    if (alone > floats) floats = alone;
    if (!is_constant(at, 1) || (way.how == QUELL_CONV_WINOGRAD && is_constant(at, 0)))
        floats += quell_conv_packed_floats(&way);
    if (way.how == QUELL_CONV_WINOGRAD) return floats;
    if (way.how != QUELL_CONV_GATHERED && !(is_constant(at, 0) && is_constant(at, 1)))
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
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status && w->rank < 3) status = quell_refuse_operand(at, 1, "must be [out, in, k...]");
    if (!status) status = check_operands(at);
    if (!status) status = quell_winograd_check(at, quell_set(at->of, WINOGRAD));
    if (status) return status;
    at->out = (struct quell_shape){x->rank, {w->size[0]}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse_operand(at, 0, "is smaller than the window along dimension %zu",
                                        1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    if (quell_shape_fits(&at->out)) at->of->multiply_adds = count_multiply_adds(at);
    at->of->scratch = scratch_floats(at);
    return QUELL_OK;
}

static struct quell_conv_way way_at(const struct quell_program *program,
                                    const struct quell_instruction *now)
{
    return way_of(program, now, &program->value[now->result].shape);
}

static size_t packed_floats(const struct quell_program *program,
                            const struct quell_instruction *now)
{
    struct quell_conv_way way = way_at(program, now);
    return quell_conv_packed_floats(&way);
}

static void pack(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to)
{
    struct quell_conv_way way = way_at(program, now);
    quell_conv_pack(&way, &program->value[now->operand[1]].shape, from, to);
}

static void unpack(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to)
{
    struct quell_conv_way way = way_at(program, now);
    const struct quell_shape *w = &program->value[now->operand[1]].shape;
    for (size_t i = 0; i < count; i++)
        to[i] = quell_packed_at(now, quell_conv_packed_place(&way, w, from + i));
}

static size_t elements(const struct quell_program *program, const struct quell_instruction *now)
{
    const struct quell_shape *w = &program->value[now->operand[1]].shape;
    size_t tile = (size_t)quell_set(now, WINOGRAD);
    return tile ? w->size[0] * w->size[1] * (tile + 2) * (tile + 2) : quell_elements(w);
}

/* Without a table of its own, 'winograd' has one offset, of 0. */
static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    struct quell_conv_way way = way_at(program, now);
    if (way.how == QUELL_CONV_WINOGRAD) {
        if (offset) *offset = 0;
        return 1;
    }
    for (size_t p = 0; p < way.k && offset; p++) offset[p] = quell_conv_way_offset(&way, p);
    return way.how == QUELL_CONV_GATHERED ? 0 : way.k;
}

static bool panels(const struct quell_program *program, const struct quell_instruction *now)
{
    return way_at(program, now).how == QUELL_CONV_PADDED;
}

/* A convolution at work, on some lines of a sample. weights: NULL if they are narrow. x: what is
 * read of the input; copies: where copies go; rows: where the rows of a product begin.
 * bias_of_columns: the bias, if the kernel adds it. positions: of the whole result. row, column:
 * the first row of the group's results, counted over all samples, and the first position of the
 * lines. */
struct work {
    struct quell_conv_way way;
    struct quell_tail tail;
    const float *bias, *bias_of_columns, *weights, *x;
    float *out, *copies;
    size_t *rows;
    size_t positions, row, column;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    const struct quell_piece_of_result whole = {.row = work->row,
                                                .column = work->column,
                                                .out = work->out,
                                                .out_row = work->positions,
                                                .bias = work->bias,
                                                .bias_row = 1};
    quell_tail_finish(&work->tail, done, &whole);
}

/* Output channels `from` up to `to`, of one group, at `positions` positions. */
static void multiply(const struct quell_execution *at, struct work *work, size_t from, size_t to,
                     size_t positions)
{
    const struct quell_conv_way *way = &work->way;
    bool padded = way->how == QUELL_CONV_PADDED;
    size_t group = from / way->each, first = group * way->inputs;
    size_t weights = quell_conv_way_weights(way, from);
    struct quell_dots dots = {.k = way->k,
                              .block = quell_block_of(way->k),
                              .turned = padded,
                              .finish = finish,
                              .user = work};
    if (padded) {
        dots.m = positions, dots.n = to - from;
        dots.a = work->x + first * way->padded.channel, dots.row = work->rows;
        dots.left = at->of->offset;
        dots.bias = work->bias_of_columns ? work->bias_of_columns + from : NULL;
        dots.b_panel = QUELL_PANEL * way->k;
        if (work->weights)
            dots.b = work->weights + weights;
        else
            quell_take_packed(&dots, at->of, weights);
    } else {
        dots.m = to - from, dots.n = positions;
        dots.a = work->weights + weights, dots.a_row = way->k;
        dots.b = work->x + first * way->lines.plane, dots.b_panel = QUELL_PANEL;
        dots.right = at->of->offset;
    }
    at->kernels->dots(&dots);
}

/* Output channels `from` up to `to` of a sample, group by group. */
static void multiply_groups(const struct quell_execution *at, struct work *work, size_t sample,
                            size_t from, size_t to, size_t positions)
{
    size_t each = work->way.each;
    for (size_t g = from / each; g * each < to; g++) {
        size_t begin = g * each > from ? g * each : from;
        size_t end = (g + 1) * each < to ? (g + 1) * each : to;
        work->row = sample * each * work->way.groups + begin;
        multiply(at, work, begin, end, positions);
    }
}

/* Reads `count` lines of a sample from `line` on, copied if need be. */
static void read_lines(const struct quell_execution *at, struct work *work, size_t sample,
                       size_t line, size_t count)
{
    const float *x = quell_in(at, 0) + sample * quell_elements(quell_shape_of(at, 0));
    work->x = work->copies;
    if (work->way.how == QUELL_CONV_LINES)
        quell_lines_copy(&work->way.lines, x, line, count, work->copies);
    else
        work->x = quell_padded_copy(&work->way.padded, at->kernels, x, line, count, work->copies);
}

/* The first output channel of a part. Panels are whole, and so are groups of channels, if there are
 * several. */
static size_t channel_of(const struct work *work, size_t part, size_t parts)
{
    const struct quell_conv_way *way = &work->way;
    size_t all = way->each * way->groups, step = way->groups > 1 ? way->each : QUELL_PANEL;
    if (way->how == QUELL_CONV_LINES) return all * part / parts;
    size_t channel = (all + step - 1) / step * part / parts * step;
    return channel < all ? channel : all;
}

/* Chooses how many lines of the result are a piece of work, and how many parts of the output
 * channels, so that all workers have something to do. */
static void divide(const struct quell_execution *at, const struct work *work, size_t lines,
                   size_t *most, size_t *parts)
{
    const struct quell_conv_way *way = &work->way;
    size_t workers = at->workers, all = way->each * way->groups;
    size_t panels = way->how == QUELL_CONV_LINES ? all / 8 : (all + QUELL_PANEL - 1) / QUELL_PANEL;
    if (way->groups > 1 && way->how == QUELL_CONV_PADDED) panels = way->groups;
    if ((lines + *most - 1) / *most * at->samples >= 2 * workers || workers < 2) return;
    *parts = workers;
    if (panels && panels % workers == 0) return;
    size_t each = (lines + workers - 1) / workers;
    if (each < *most) *most = each;
    size_t strips = (lines + *most - 1) / *most * at->samples;
    *parts = strips < workers ? (workers + strips - 1) / strips : 1;
    if (*parts > panels) *parts = panels ? panels : 1;
}

/* The pieces of work are some lines of a sample; if there are few, also some of its output
 * channels, for which each worker copies the lines itself. */
static void run_pieces(const struct quell_execution *at, struct work *work)
{
    bool padded = work->way.how == QUELL_CONV_PADDED;
    size_t most = padded ? work->way.padded.most : work->way.lines.most;
    size_t each = padded ? work->way.padded.positions : work->way.lines.width;
    size_t lines = quell_out_shape(at)->size[1], parts = 1;
    divide(at, work, lines, &most, &parts);
    size_t strips = (lines + most - 1) / most;
    size_t from, end = quell_part_of(at, strips * at->samples * parts, &from), copied = SIZE_MAX;
    for (size_t i = from; i < end; i++) {
        size_t strip = i / parts, sample = strip / strips, line = strip % strips * most;
        size_t count = lines - line < most ? lines - line : most;
        if (strip != copied) read_lines(at, work, sample, line, count);
        copied = strip;
        work->column = line * each;
        multiply_groups(at, work, sample, channel_of(work, i % parts, parts),
                        channel_of(work, i % parts + 1, parts), count * each);
    }
}

static bool has_samples(const struct quell_execution *at, size_t operand)
{
    const struct quell_value *value = at->program->value;
    return value[value[at->of->operand[operand]].root].stage == QUELL_FROM_SAMPLE;
}

/* Whether all samples can be computed together: only x depends on them. */
static bool is_shared(const struct quell_execution *at)
{
    for (size_t i = 1; i < at->of->operands; i++)
        if (has_samples(at, i)) return false;
    return true;
}

/* Without copies; one worker does it. */
static void run_plainly(const struct quell_execution *at)
{
    struct quell_tail tail;
    const struct quell_shape *out = quell_out_shape(at);
    size_t positions = quell_elements_of(out, 1, out->rank);
    if (at->worker) return;
    quell_tail_of(at, &tail);
    quell_conv_gathered(at);
    quell_tail_apply(&tail, &(struct quell_piece_of_result){.rows = out->size[0],
                                                            .columns = positions,
                                                            .x = at->out,
                                                            .x_row = positions,
                                                            .out = at->out,
                                                            .out_row = positions});
}

static void run_some(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at), *w = quell_shape_of(at, 1);
    struct work work;
    work.way = way_at(at->program, at->of);
    if (work.way.how == QUELL_CONV_WINOGRAD) {
        quell_winograd_run(at, &work.way.winograd);
        return;
    }
    work.bias = at->of->operands > 2 ? quell_in(at, 2) : NULL;
    work.bias_of_columns = NULL;
    work.weights = at->of->packed;
    work.out = at->out;
    work.copies = at->scratch;
    work.positions = quell_elements_of(out, 1, out->rank);
    quell_tail_of(at, &work.tail);
    if (work.way.how == QUELL_CONV_PADDED) {
        const struct quell_padded *padded = &work.way.padded;
        work.copies += quell_conv_way_floats(&work.way) - padded->floats;
        work.rows = (size_t *)(void *)at->scratch;
        quell_padded_rows(padded, padded->most, work.rows);
        if (work.way.each % QUELL_LANES == 0) {
            work.bias_of_columns = work.bias;
            work.bias = NULL;
        }
    }
    if (!quell_has_packed(at->of)) {
        size_t copies = quell_conv_way_floats(&work.way);
        size_t alone = quell_conv_depthwise_floats(&work.way);
        float *own = at->scratch + (copies > alone ? copies : alone);
        quell_conv_pack(&work.way, w, quell_in(at, 1), own);
        work.weights = own;
    }
    struct quell_padded padded;
    if (quell_conv_depthwise_of(&padded, &work.way))
        quell_conv_depthwise(at, &work.way, &padded, &work.tail, work.weights, work.bias);
    else
        run_pieces(at, &work);
}

/* One sample after the other, if weights or bias depend on it, or if lines are not copied. */
static void run(const struct quell_execution *at)
{
    bool some = at->of->offset || quell_set(at->of, WINOGRAD);
    if (some && is_shared(at)) {
        run_some(at);
        return;
    }
    struct quell_room room = *at->room;
    struct quell_execution one = *at;
    one.room = &room;
    one.samples = 1;
    for (room.sample = 0; room.sample < at->samples; room.sample++) {
        if (some)
            run_some(&one);
        else
            run_plainly(&one);
        one.out += quell_elements(quell_out_shape(at));
    }
}

static size_t rows(const struct quell_shape *result) { return result->rank ? 1 : 0; }

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
    .attributes = {[QUELL_STRIDE] = {.name = "stride", .type = QUELL_WHOLES},
                   [QUELL_BEFORE] = {.name = "before", .type = QUELL_WHOLES},
                   [QUELL_AFTER] = {.name = "after", .type = QUELL_WHOLES},
                   [QUELL_DILATION] = {.name = "dilation", .type = QUELL_WHOLES},
                   [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1},
                   [WINOGRAD] = {"winograd", QUELL_WHOLE}},
    .together = true,
    .shared = true,
    .infer = infer,
    .run = run,
    .rows = rows,
    .packing = &packing,
};
