/* SPDX-License-Identifier: MIT */
/* Runs conv: divides it among workers, and computes each worker's part. */
#include "base/memory.h"
#include "programs/kinds/conv_way.h"
#include "programs/sums.h"

/* The state of a convolution on some lines of a sample, or on some samples. */
struct work {
    struct quell_conv_way way;
    struct quell_tail tail;
    /* `bias_of_columns` is the bias if the kernel adds it. `weights` is NULL if they are narrow.
     * `x` is the input that is read. */
    const float *bias, *bias_of_columns, *weights, *x;
    float *out, *copies;
    size_t *rows;       /* where the rows of a product begin */
    const size_t *left; /* the offsets of the elements that a product reads */
    /* `channel` and `apart` are the distances of channels and of samples in the input.
     * `positions` is the number of positions in the whole result. `row` is the first row of the
     * group's results, counted over all samples, and `column` the first position of the lines. */
    size_t channel, positions, row, column, apart;
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

static void finish_samples(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    quell_tail_finish_samples(&work->tail, done, work->positions,
                              &(struct quell_piece_of_result){.row = work->row,
                                                              .out = work->out,
                                                              .out_row = work->positions,
                                                              .bias = work->bias,
                                                              .bias_row = 1});
}

/* Computes output channels from ... to - 1, of one group, at `positions` positions. */
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
                              .finish = positions > work->positions ? finish_samples : finish,
                              .user = work,
                              .over = quell_ends,
                              .asked = at};
    if (padded) {
        dots.m = positions, dots.n = to - from;
        dots.a = work->x + first * work->channel, dots.row = work->rows;
        dots.left = work->left;
        if (work->bias_of_columns) dots.addend[dots.addends++].at = work->bias_of_columns + from;
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

/* Computes output channels from ... to - 1 of a sample, group by group. */
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

/* Reads `count` lines of a sample from `line` on, and copies them if necessary. */
static void read_lines(const struct quell_execution *at, struct work *work, size_t sample,
                       size_t line, size_t count)
{
    struct quell_image image = quell_image_of(at, sample);
    work->x = work->copies;
    if (work->way.how == QUELL_CONV_LINES)
        quell_lines_copy(&work->way.lines, &image, line, count, work->copies);
    else
        work->x =
            quell_padded_copy(&work->way.padded, at->kernels, &image, line, count, work->copies);
}

/* Reads all lines of some samples, whose copies and rows are consecutive. */
static void read_samples(const struct quell_execution *at, struct work *work, size_t sample,
                         size_t count)
{
    const struct quell_padded *padded = &work->way.padded;
    size_t lines = padded->most;
    work->x = work->copies;
    for (size_t i = 0; i < count; i++) {
        struct quell_image image = quell_image_of(at, sample + i);
        const float *x = quell_padded_copy(padded, at->kernels, &image, 0, lines,
                                           work->copies + i * work->apart);
        if (!i) work->x = x;
    }
}

/* Returns the first output channel of a part. Parts consist of whole panels, or of whole groups if
 * there are several. */
static size_t channel_of(const struct work *work, size_t part, size_t parts)
{
    const struct quell_conv_way *way = &work->way;
    size_t all = way->each * way->groups, step = way->groups > 1 ? way->each : QUELL_PANEL;
    if (way->how == QUELL_CONV_LINES) return all * part / parts;
    size_t channel = (all + step - 1) / step * part / parts * step;
    return channel < all ? channel : all;
}

/* Chooses how many lines of the result a piece of work has, and how many parts the output channels
 * have, so that all workers have work. */
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

/* Computes the worker's own lines, in all channels. */
static void run_own_lines(const struct quell_execution *at, struct work *work, size_t most,
                          size_t each)
{
    size_t from, end = quell_own_range(at, &from) / each;
    struct quell_piece_at out = quell_own_out(at);
    work->out = out.at;
    work->positions = out.row;
    if (quell_conv_left_floats(&work->way) && quell_lies_apart(at, 0))
        work->left = quell_conv_left(&work->way, at, &work->channel);
    for (size_t line = from / each; line < end && !quell_is_over(at); line += most) {
        size_t count = end - line < most ? end - line : most;
        read_lines(at, work, 0, line, count);
        work->column = line * each;
        multiply_groups(at, work, 0, 0, work->way.each * work->way.groups, count * each);
    }
}

/* If a sample has few positions, the pieces of work are some samples together, and some of the
 * output channels. */
static void run_samples(const struct quell_execution *at, struct work *work)
{
    size_t most = work->way.together, groups = (at->samples + most - 1) / most, read = SIZE_MAX;
    size_t parts = groups < at->workers ? (at->workers + groups - 1) / groups : 1, from;
    size_t end = quell_part_of(at, groups * parts, &from);
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
        size_t group = i / parts, sample = at->samples * group / groups;
        size_t count = at->samples * (group + 1) / groups - sample;
        if (group != read) read_samples(at, work, sample, count);
        read = group;
        work->column = 0;
        multiply_groups(at, work, sample, channel_of(work, i % parts, parts),
                        channel_of(work, i % parts + 1, parts), count * work->positions);
    }
}

/* The pieces of work are some lines of a sample. If there are few pieces, each has only some of the
 * output channels, and each worker copies the lines itself. */
static void run_pieces(const struct quell_execution *at, struct work *work)
{
    bool padded = work->way.how == QUELL_CONV_PADDED;
    size_t most = padded ? work->way.padded.most : work->way.lines.most;
    size_t each = padded ? work->way.padded.positions : work->way.lines.width;
    size_t lines = quell_out_shape(at)->size[1], parts = 1;
    if (at->division) {
        run_own_lines(at, work, most, each);
        return;
    }
    if (work->way.together > 1 && at->samples > 1) {
        run_samples(at, work);
        return;
    }
    divide(at, work, lines, &most, &parts);
    size_t strips = (lines + most - 1) / most;
    size_t from, end = quell_part_of(at, strips * at->samples * parts, &from), copied = SIZE_MAX;
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
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

/* Returns whether all samples can be computed together, because only x depends on them. */
static bool is_shared(const struct quell_execution *at)
{
    for (size_t i = 1; i < at->of->operands; i++)
        if (has_samples(at, i)) return false;
    return true;
}

/* Computes the result without copies, on one worker. */
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

/* Finds where the rows of a product begin, for all the samples that it may have. */
static void find_rows(const struct quell_execution *at, struct work *work)
{
    const struct quell_padded *padded = &work->way.padded;
    size_t positions = padded->most * padded->positions, samples = work->way.together;
    if (samples > at->samples) samples = at->samples;
    quell_padded_rows(padded, padded->most, work->rows);
    for (size_t i = positions; i < samples * positions; i++)
        work->rows[i] = work->rows[i - positions] + work->apart;
}

static void run_some(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at), *w = quell_shape_of(at, 1);
    struct work work;
    work.way = quell_conv_way_at(at->program, at->of);
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
    work.left = at->of->offset;
    quell_tail_of(at, &work.tail);
    if (work.way.how == QUELL_CONV_PADDED) {
        const struct quell_padded *padded = &work.way.padded;
        work.copies += quell_conv_way_floats(&work.way) - quell_conv_copies(&work.way);
        work.rows = (size_t *)(void *)at->scratch;
        work.channel = padded->channel;
        work.apart = padded->direct ? quell_elements(quell_shape_of(at, 0)) : padded->floats;
        find_rows(at, &work);
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

/* Runs conv. Samples are computed one after the other if weights or bias depend on them, or if
 * lines are not copied. */
void quell_conv_run(const struct quell_execution *at)
{
    bool some = at->of->offset || quell_set(at->of, QUELL_CONV_WINOGRAD_TILE);
    if (some && is_shared(at)) {
        run_some(at);
        return;
    }
    struct quell_room room = *at->room;
    struct quell_execution one = *at;
    one.room = &room;
    one.samples = 1;
    for (size_t i = 0; i < at->samples; i++, room.sample++) {
        if (some)
            run_some(&one);
        else
            run_plainly(&one);
        one.out += quell_elements(quell_out_shape(at));
    }
}
