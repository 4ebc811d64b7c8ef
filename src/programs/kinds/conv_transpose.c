/* SPDX-License-Identifier: MIT */
/* conv_transpose: the transpose of a convolution, of x[in][s...] with
 * weight[in][out / groups][k...], gathered: output i gets contributions from the taps t for which
 * i + before - t dilation is a multiple of stride, from x at that multiple, or 0 outside, and
 *
 *     y[o, i] = Dot over (those t, c) of x[g in / groups + c, ...] weight[g in / groups + c, o, t],
 *               + bias[o] */
#include "base/memory.h"
#include "programs/kinds/transposed.h"
#include "programs/products.h"
#include "programs/sums.h"

enum { GROUPS = QUELL_TRANSPOSED_GROUPS };

static quell_status check_operands(const struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    size_t groups = (size_t)quell_set(at->of, GROUPS);
    if (quell_set(at->of, GROUPS) < 1 || x->size[0] % groups)
        return quell_refuse(at, "'groups' must divide the %zu channels of operand 0", x->size[0]);
    if (w->rank != x->rank + 1 || w->size[0] != x->size[0])
        return quell_refuse_operand(at, 1, "must be [%zu, out / groups, k...] with %zu sizes k",
                                    x->size[0], x->rank - 1);
    if (at->of->operands < 3) return QUELL_OK;
    const struct quell_shape *bias = quell_operand(at, 2);
    if (bias->rank == 1 && bias->size[0] == w->size[1] * groups) return QUELL_OK;
    return quell_refuse_operand(at, 2, "must be [%zu]", w->size[1] * groups);
}

/* Returns the scratch memory for the results of a phase, and for quell_products. */
static size_t gathered_floats(const struct quell_inference *at, const struct quell_shape *w)
{
    size_t groups = (size_t)quell_set(at->of, GROUPS), positions = 1;
    for (size_t d = 1; d < at->out.rank; d++) {
        size_t stride = (size_t)at->of->set[QUELL_STRIDE].whole[d - 1];
        positions *= (at->out.size[d] - 1) / stride + 1;
    }
    size_t pairs = quell_elements_of(w, 2, w->rank) * (w->size[0] / groups);
    return w->size[1] * positions + quell_products_floats(w->size[1], positions, pairs);
}

/* Returns the floats for the table of a copy's rows. */
static size_t row_floats(const struct quell_padded *padded)
{
    return quell_table_floats(padded->most * padded->positions);
}

static size_t scratch_floats(const struct quell_inference *at)
{
    const struct quell_shape *w = quell_operand(at, 1);
    struct quell_transposed way;
    if (quell_is_constant(at, 0) || !quell_is_constant(at, 1) ||
        !quell_transposed_of(&way, at->of, quell_operand(at, 0), w, &at->out))
        return gathered_floats(at, w);
    return row_floats(&way.padded) + way.padded.floats;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    return b ? greatest_divisor(b, a % b) : a;
}

/* Counts the multiply-adds as if every output had as many taps as the output with the most. If the
 * steps of the search for the taps of each phase are more, counts those. */
static uint64_t count_work(const struct quell_inference *at, const struct quell_shape *w)
{
    const struct quell_setting *set = at->of->set;
    uint64_t adds = quell_elements(&at->out) * (w->size[0] / (size_t)quell_set(at->of, GROUPS));
    uint64_t phases = 1, taps = 0;
    for (size_t d = 0; d + 1 < at->out.rank; d++) {
        uint64_t stride = (uint64_t)set[QUELL_STRIDE].whole[d], size = at->out.size[1 + d];
        uint64_t step = stride / greatest_divisor(stride, (uint64_t)set[QUELL_DILATION].whole[d]);
        adds *= (w->size[2 + d] - 1) / step + 1;
        phases *= stride < size ? stride : size;
        taps += w->size[2 + d];
    }
    return adds > phases * taps ? adds : phases * taps;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0), *w = quell_operand(at, 1);
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status) status = check_operands(at);
    if (status) return status;
    at->out = (struct quell_shape){x->rank, {w->size[1] * (size_t)quell_set(at->of, GROUPS)}};
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t size = quell_window_transposed_size(at, d, w->size[2 + d]);
        if (size < 1)
            return quell_refuse(at, "nothing is left of its result along dimension %zu", 1 + d);
        at->out.size[1 + d] = (size_t)size;
    }
    if (!quell_shape_fits(&at->out)) return QUELL_OK;
    at->of->multiply_adds = count_work(at, w);
    at->of->scratch = scratch_floats(at);
    return QUELL_OK;
}

static bool way_at(const struct quell_program *program, const struct quell_instruction *now,
                   struct quell_transposed *way)
{
    const struct quell_value *value = program->value;
    return quell_transposed_of(way, now, &value[now->operand[0]].shape,
                               &value[now->operand[1]].shape, &value[now->result].shape);
}

static size_t packed_floats(const struct quell_program *program,
                            const struct quell_instruction *now)
{
    struct quell_transposed way;
    return way_at(program, now, &way) ? quell_transposed_floats(&way) : 0;
}

static void pack(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to)
{
    struct quell_transposed way;
    size_t count = quell_elements(quell_weights_of(program, now));
    if (!way_at(program, now, &way)) return;
    for (size_t i = 0; i < count; i++) to[quell_transposed_place(&way, i)] = from[i];
}

static void unpack(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to)
{
    struct quell_transposed way;
    if (!way_at(program, now, &way)) return;
    for (size_t i = 0; i < count; i++)
        to[i] = quell_packed_at(now, quell_transposed_place(&way, from + i));
}

static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    struct quell_transposed way;
    if (!way_at(program, now, &way)) return 0;
    for (size_t f = 0; f < way.count && offset; f++)
        for (size_t p = 0; p < way.phase[f].all * way.channels; p++)
            *offset++ = quell_transposed_offset(&way, f, p);
    return way.taps * way.channels;
}

/* The state of a transposed convolution on some lines of a phase. `out` and `bias` are those of the
 * channels being computed. `line` is the place of the phase from which it is computed. */
struct work {
    const struct quell_execution *at;
    struct quell_transposed way;
    size_t *rows;
    float *copies, *out;
    const float *x, *bias;
    size_t positions, line;
    const struct quell_phase *phase;
};

/* Finds where a place of the phase is in a channel of the result. Returns false if it is after the
 * last one. */
static bool find_place(const struct work *work, size_t index, size_t *flat)
{
    const struct quell_window *window = &work->way.padded.window;
    int64_t place[QUELL_MOST_SPATIAL_DIMS];
    quell_window_place(window, window->out, index, place);
    *flat = 0;
    for (size_t d = 0; d < window->rank; d++) {
        const struct quell_places *places = &work->phase->places[d];
        if (place[d] >= places->count) return false;
        *flat = *flat * (size_t)work->way.window.out[d] +
                (size_t)(places->first + places->step * place[d]);
    }
    return true;
}

/* Scatters results of the positions from `index` on, whose places differ only along the last
 * dimension. */
static void put_run(const struct work *work, const struct quell_dots_done *done, size_t column,
                    size_t index, size_t count)
{
    size_t last = work->way.window.rank - 1, flat;
    size_t step = (size_t)work->phase->places[last].step;
    size_t begin = index % (size_t)work->way.padded.window.out[last];
    size_t end = (size_t)work->phase->places[last].count;
    if (begin >= end || !find_place(work, index, &flat)) return;
    if (count > end - begin) count = end - begin;
    for (size_t r = 0; r < done->rows; r++) {
        const float *from = done->total + r * done->stride + column;
        float *to = work->out + (done->row + r) * work->positions + flat;
        if (step == 2)
            for (size_t i = 0; i < count; i++) to[2 * i] = from[i];
        else
            for (size_t i = 0; i < count; i++) to[step * i] = from[i];
    }
}

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    const struct quell_padded *padded = &work->way.padded;
    size_t across = (size_t)padded->window.out[padded->window.rank - 1];
    size_t first = work->line * padded->positions + done->column;
    if (work->bias)
        work->at->kernels->map[QUELL_MAP_ADD](
            &(struct quell_map){.rows = done->rows,
                                .columns = done->columns,
                                .out = done->total,
                                .out_row = done->stride,
                                .in = {done->total, work->bias + done->row},
                                .row = {done->stride, 1},
                                .column = {1, 0}});
    for (size_t column = 0, count; column < done->columns; column += count) {
        size_t index = first + column;
        count = across - index % across;
        if (count > done->columns - column) count = done->columns - column;
        put_run(work, done, column, index, count);
    }
}

/* Writes the results of a phase without taps. */
static void put_bias(struct work *work, size_t channels, size_t lines)
{
    size_t begin = work->line * work->way.padded.positions, flat;
    for (size_t i = begin; i < begin + lines * work->way.padded.positions; i++)
        for (size_t o = 0; o < channels && find_place(work, i, &flat); o++)
            work->out[o * work->positions + flat] = work->bias ? 0.0f + work->bias[o] : 0;
}

/* Computes output channels from ... to - 1 of a group, at some lines of a phase. */
static void multiply(struct work *work, size_t number, size_t group, size_t from, size_t to,
                     size_t lines)
{
    const struct quell_execution *at = work->at;
    const struct quell_transposed *way = &work->way;
    size_t channel = group * way->each + from, first = group * way->channels;
    work->phase = &way->phase[number];
    work->bias = at->of->operands > 2 ? quell_in(at, 2) + channel : NULL;
    work->out = at->out + channel * work->positions;
    if (!work->phase->all) {
        put_bias(work, to - from, lines);
        return;
    }
    size_t k = work->phase->all * way->channels;
    struct quell_dots dots = {.m = lines * way->padded.positions,
                              .n = to - from,
                              .k = k,
                              .block = quell_block_of(k),
                              .a = work->x + first * way->padded.channel,
                              .row = work->rows,
                              .b_panel = QUELL_PANEL * k,
                              .left = at->of->offset + work->phase->begin * way->channels,
                              .turned = 1,
                              .finish = finish,
                              .user = work};
    quell_take_packed(&dots, at->of, quell_transposed_weights(way, number, group, from));
    at->kernels->dots(&dots);
}

/* Computes lines of all phases of a group, so that no two workers write next to each other. */
static void run_phases(struct work *work, size_t group, size_t from, size_t to, size_t lines)
{
    for (size_t number = 0; number < work->way.count; number++)
        multiply(work, number, group, from, to, lines);
}

/* The pieces of work are some lines of a group. If there are few pieces, each has only some of its
 * output channels. */
static void run_pieces(const struct quell_execution *at, struct work *work)
{
    const struct quell_transposed *way = &work->way;
    size_t lines = (size_t)way->padded.window.out[0], most = way->padded.most, parts = 1, from;
    size_t each = (lines + at->workers - 1) / at->workers;
    struct quell_image image = quell_image_of(at, 0);
    if (each < most) most = each;
    size_t strips = (lines + most - 1) / most;
    if (strips * way->groups % at->workers) parts = (way->each + QUELL_PANEL - 1) / QUELL_PANEL;
    size_t wide = quell_round_up((way->each + parts - 1) / parts, QUELL_PANEL);
    size_t end = quell_part_of(at, strips * way->groups * parts, &from), copied = SIZE_MAX;
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
        size_t strip = i / parts / way->groups, channel = i % parts * wide;
        work->line = strip * most;
        size_t count = lines - work->line < most ? lines - work->line : most;
        if (strip != copied)
            work->x = quell_padded_copy(&way->padded, at->kernels, &image, work->line, count,
                                        work->copies);
        copied = strip;
        size_t behind = channel + wide < way->each ? channel + wide : way->each;
        run_phases(work, i / parts % way->groups, channel, behind, count);
    }
}

static void run(const struct quell_execution *at)
{
    struct work work = {.at = at};
    if (!quell_has_packed(at->of)) {
        if (!at->worker) quell_conv_transpose_gathered(at);
        return;
    }
    way_at(at->program, at->of, &work.way);
    work.positions = quell_window_product(&work.way.window, work.way.window.out);
    work.rows = (size_t *)(void *)at->scratch;
    work.copies = at->scratch + row_floats(&work.way.padded);
    quell_padded_rows(&work.way.padded, work.way.padded.most, work.rows);
    run_pieces(at, &work);
}

static const struct quell_packing packing = {
    .floats = packed_floats, .pack = pack, .unpack = unpack, .offsets = offsets};

const struct quell_kind quell_kind_conv_transpose = {
    .name = "conv_transpose",
    .least = 2,
    .most = 3,
    .attributes = {QUELL_WINDOW_LISTS, [GROUPS] = {"groups", QUELL_WHOLE, .usual = 1}},
    .shared = true,
    .infer = infer,
    .run = run,
    .packing = &packing,
};
