/* SPDX-License-Identifier: MIT */
/* conv: a convolution of x[in][s...] in one to three dimensions with weight[out][in /
 * groups][k...]:
 *
 *     y[o, i] = Dot over (t, c) of x[g in / groups + c, i stride + t dilation - before]
 *                                  weight[o, c, t], + bias[o]
 *
 * for the output channel o of group g, x being 0 outside; the channel c runs fastest. */
#include "programs/kinds/lines.h"
#include "programs/products.h"
#include "programs/sums.h"
#include "programs/tail.h"

enum { GROUPS = QUELL_WINDOW_ATTRIBUTES };

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

static size_t packed_floats(const struct quell_shape *w) { return quell_elements(w); }

/* The weights of an output channel, in the order of the Dot: the channel runs fastest. */
static void pack(const struct quell_shape *w, const float *from, float *to)
{
    size_t channels = w->size[1], taps = quell_elements_of(w, 2, w->rank);
    for (size_t o = 0; o < w->size[0]; o++, from += channels * taps)
        for (size_t t = 0; t < taps; t++)
            for (size_t c = 0; c < channels; c++) *to++ = from[c * taps + t];
}

static float unpack(const struct quell_shape *w, const float *packed, size_t i)
{
    size_t channels = w->size[1], taps = quell_elements_of(w, 2, w->rank), row = channels * taps;
    return packed[i / row * row + i % taps * channels + i % row / taps];
}

static bool is_constant(const struct quell_program *program, size_t value)
{
    return program->value[value].stage == QUELL_FROM_CONSTANTS;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* The lines that are copied, and room for the weights if they are computed in each run; or the
 * memory of the products. */
static size_t scratch_floats(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    struct quell_window window = quell_window_from(at->of, x, &at->out, w->size + 2);
    struct quell_lines lines;
    bool fixed = is_constant(at->program, at->of->operand[1]);
    bool folded = fixed && is_constant(at->program, at->of->operand[0]);
    bool copies = quell_lines_of(&lines, &window, x->size[0]);
    size_t floats = copies ? lines.floats + (fixed ? 0 : packed_floats(w)) : 0;
    if (copies && !folded) return floats;
    return larger(floats, quell_products_floats(w->size[0] / (size_t)quell_set(at->of, GROUPS),
                                                quell_elements_of(&at->out, 1, at->out.rank),
                                                quell_elements_of(w, 1, w->rank)));
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status && w->rank < 3) status = quell_refuse_operand(at, 1, "must be [out, in, k...]");
    if (!status) status = check_operands(at);
    if (status) return status;
    at->out = (struct quell_shape){x->rank, {w->size[0]}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse_operand(at, 0, "is smaller than the window along dimension %zu",
                                        1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    if (quell_shape_fits(&at->out))
        at->of->multiply_adds = quell_elements(&at->out) * quell_elements_of(w, 1, w->rank);
    at->of->scratch = scratch_floats(at);
    return QUELL_OK;
}

/* A group's channels: x[channels][in], weight[out][channels][taps]. */
struct group {
    struct quell_window window;
    const float *x, *weight;
    size_t channels, taps, in;
};

/* The weights of some output channels and (tap, channel) pairs. */
static void copy_weights(const void *user, const struct quell_part *part, float *to)
{
    const struct group *of = user;
    for (size_t r = 0; r < part->rows; r++) {
        const float *weight = of->weight + (part->row + r) * of->channels * of->taps;
        for (size_t p = 0; p < part->columns; p++) {
            size_t pair = part->column + p, tap = pair / of->channels, c = pair % of->channels;
            *to++ = weight[c * of->taps + tap];
        }
    }
}

/* What some (tap, channel) pairs see from some positions. */
static void copy_seen(const void *user, const struct quell_part *part, float *to)
{
    const struct group *of = user;
    int64_t place[QUELL_PANEL][QUELL_MOST_SPATIAL_DIMS], tap[QUELL_MOST_SPATIAL_DIMS];
    ptrdiff_t source[QUELL_PANEL] = {0};
    for (size_t q = 0; q < part->columns; q++)
        quell_window_place(&of->window, of->window.out, part->column + q, place[q]);
    for (size_t p = 0; p < part->rows; p++, to += QUELL_PANEL) {
        size_t pair = part->row + p, c = pair % of->channels;
        if (p == 0 || c == 0) {
            quell_window_place(&of->window, of->window.taps, pair / of->channels, tap);
            for (size_t q = 0; q < part->columns; q++)
                source[q] = quell_window_source(&of->window, place[q], tap);
        }
        const float *x = of->x + c * of->in;
        for (size_t q = 0; q < part->columns; q++) to[q] = source[q] < 0 ? 0 : x[source[q]];
    }
}

/* Without copies of lines. */
static void run_gathered(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS), each = w->size[0] / groups;
    struct group group = {
        quell_window_from(at->of, quell_shape_of(at, 0), quell_out_shape(at), w->size + 2),
        quell_in(at, 0),
        quell_in(at, 1),
        w->size[1],
        quell_elements_of(w, 2, w->rank),
        0};
    struct quell_products products = {.m = each,
                                      .n = quell_window_product(&group.window, group.window.out),
                                      .k = group.taps * group.channels,
                                      .left = copy_weights,
                                      .right = copy_seen,
                                      .user = &group,
                                      .bias = at->of->operands > 2 ? quell_in(at, 2) : NULL,
                                      .by_row = true,
                                      .out = at->out,
                                      .scratch = at->scratch};
    group.in = quell_window_product(&group.window, group.window.in);
    products.out_row = products.n;
    for (size_t g = 0; g < groups; g++) {
        quell_products_run(&products, at->kernels);
        group.x += group.channels * group.in;
        group.weight += each * products.k;
        products.out += each * products.n;
        if (products.bias) products.bias += each;
    }
}

static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    const struct quell_value *value = program->value;
    const struct quell_shape *x = &value[now->operand[0]].shape, *w = &value[now->operand[1]].shape;
    struct quell_window window = quell_window_from(now, x, &value[now->result].shape, w->size + 2);
    struct quell_lines lines;
    if (!quell_lines_of(&lines, &window, x->size[0])) return 0;
    size_t count = quell_elements_of(w, 1, w->rank);
    for (size_t p = 0; p < count && offset; p++)
        offset[p] = quell_lines_offset(&lines, p / w->size[1], p % w->size[1]);
    return count;
}

/* A convolution at work, on some lines of a sample. each: the output channels of a group.
 * positions: of the whole result. row, column: the first row of the group's results, counted over
 * all samples, and the first position of the lines. */
struct work {
    struct quell_lines lines;
    struct quell_tail tail;
    const float *bias, *weights;
    float *out, *copies;
    size_t each, positions, row, column;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    size_t row = work->row + done->row, column = work->column + done->column;
    quell_tail_apply(&work->tail, &(struct quell_piece_of_result){
                                      .row = row,
                                      .rows = done->rows,
                                      .column = column,
                                      .columns = done->columns,
                                      .x = done->total,
                                      .x_row = done->stride,
                                      .out = work->out + row * work->positions + column,
                                      .out_row = work->positions,
                                      .bias = work->bias,
                                      .bias_row = 1});
}

/* Output channels `from` up to `to` of the lines that are copied, `positions` of them. */
static void multiply(const struct quell_execution *at, struct work *work, size_t sample,
                     size_t from, size_t to, size_t positions)
{
    const struct quell_shape *w = quell_shape_of(at, 1);
    size_t k = quell_elements_of(w, 1, w->rank);
    for (size_t g = from / work->each; g * work->each < to; g++) {
        size_t begin = g * work->each > from ? g * work->each : from;
        size_t end = (g + 1) * work->each < to ? (g + 1) * work->each : to;
        work->row = sample * w->size[0] + begin;
        at->kernels->dots(
            &(struct quell_dots){.m = end - begin,
                                 .n = positions,
                                 .k = k,
                                 .block = quell_block_of(k),
                                 .a = work->weights + begin * k,
                                 .a_row = k,
                                 .b = work->copies + g * w->size[1] * work->lines.plane,
                                 .b_panel = QUELL_PANEL,
                                 .offset = at->of->offset,
                                 .finish = finish,
                                 .user = work});
    }
}

/* The pieces of work are some lines of a sample; if there are few, also some of its output
 * channels, for which each worker copies the lines itself. */
static void run_lines(const struct quell_execution *at, struct work *work)
{
    size_t out = quell_shape_of(at, 1)->size[0], lines = (size_t)work->lines.window.out[0];
    size_t strips = (lines + work->lines.most - 1) / work->lines.most;
    size_t parts = at->workers > 1 && strips * at->samples < 4 * at->workers ? at->workers : 1;
    if (parts > out) parts = out;
    size_t from, end = quell_part_of(at, strips * at->samples * parts, &from), copied = SIZE_MAX;
    for (size_t i = from; i < end; i++) {
        size_t strip = i / parts, sample = strip / strips, line = strip % strips * work->lines.most;
        size_t count = lines - line < work->lines.most ? lines - line : work->lines.most;
        if (strip != copied)
            quell_lines_copy(&work->lines,
                             quell_in(at, 0) + sample * quell_elements(quell_shape_of(at, 0)), line,
                             count, work->copies);
        copied = strip;
        work->column = line * work->lines.width;
        multiply(at, work, sample, i % parts * out / parts, (i % parts + 1) * out / parts,
                 count * work->lines.width);
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

/* Without copies of lines; one worker does it. */
static void run_plainly(const struct quell_execution *at)
{
    struct quell_tail tail = quell_tail_of(at);
    const struct quell_shape *out = quell_out_shape(at);
    size_t positions = quell_elements_of(out, 1, out->rank);
    if (at->worker) return;
    run_gathered(at);
    quell_tail_apply(&tail, &(struct quell_piece_of_result){.rows = out->size[0],
                                                            .columns = positions,
                                                            .x = at->out,
                                                            .x_row = positions,
                                                            .out = at->out,
                                                            .out_row = positions});
}

static void run_some(const struct quell_execution *at)
{
    const struct quell_shape *w = quell_shape_of(at, 1), *out = quell_out_shape(at);
    struct work work = {.tail = quell_tail_of(at),
                        .bias = at->of->operands > 2 ? quell_in(at, 2) : NULL,
                        .weights = at->of->packed,
                        .out = at->out,
                        .copies = at->scratch,
                        .each = w->size[0] / (size_t)quell_set(at->of, GROUPS),
                        .positions = quell_elements_of(out, 1, out->rank)};
    struct quell_window window = quell_window_from(at->of, quell_shape_of(at, 0), out, w->size + 2);
    if (!quell_lines_of(&work.lines, &window, quell_shape_of(at, 0)->size[0])) return;
    if (!work.weights) {
        pack(w, quell_in(at, 1), at->scratch + work.lines.floats);
        work.weights = at->scratch + work.lines.floats;
    }
    run_lines(at, &work);
}

/* One sample after the other, if weights or bias depend on it, or if lines are not copied. */
static void run(const struct quell_execution *at)
{
    if (at->of->offset && is_shared(at)) {
        run_some(at);
        return;
    }
    struct quell_room room = *at->room;
    struct quell_execution one = *at;
    one.room = &room;
    one.samples = 1;
    for (room.sample = 0; room.sample < at->samples; room.sample++) {
        if (at->of->offset)
            run_some(&one);
        else
            run_plainly(&one);
        one.out += quell_elements(quell_out_shape(at));
    }
}

static size_t rows(const struct quell_shape *result) { return result->rank ? 1 : 0; }

static const struct quell_packing packing = {packed_floats, pack, unpack, offsets};

const struct quell_kind quell_kind_conv = {
    .name = "conv",
    .least = 2,
    .most = 3,
    .attributes = {[QUELL_STRIDE] = {.name = "stride", .type = QUELL_WHOLES},
                   [QUELL_BEFORE] = {.name = "before", .type = QUELL_WHOLES},
                   [QUELL_AFTER] = {.name = "after", .type = QUELL_WHOLES},
                   [QUELL_DILATION] = {.name = "dilation", .type = QUELL_WHOLES},
                   [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1}},
    .together = true,
    .shared = true,
    .infer = infer,
    .run = run,
    .rows = rows,
    .packing = &packing,
};
