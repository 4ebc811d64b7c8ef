/* SPDX-License-Identifier: MIT */
/* conv_int8: conv with whole weights and an input that is quantised by its greatest element; and
 * conv_bf16: with weights and an input rounded to bfloat16 (docs/programs.md). The input of a
 * window is copied as short numbers, the channels of a position one after the other, up to a whole
 * group. */
#include "base/crew.h"
#include "programs/kinds/padded.h"
#include "programs/quantised.h"
#include "programs/tail.h"

static bool find_way(struct quell_padded *padded, const struct quell_instruction *of,
                     const struct quell_shape *x, const struct quell_shape *w,
                     const struct quell_shape *out)
{
    struct quell_window window = quell_window_from(of, x, out, w->size + 2);
    return quell_padded_of_copies(padded, &window, quell_short_channels(of->kind->form, w));
}

static void way_at(const struct quell_program *program, const struct quell_instruction *now,
                   struct quell_padded *padded)
{
    const struct quell_value *value = program->value;
    find_way(padded, now, &value[now->operand[0]].shape, &value[now->operand[1]].shape,
             &value[now->result].shape);
}

/* The scratch memory: the table of the rows of all samples that are computed together, their steps,
 * and their copies. */
static size_t most_rows(const struct quell_padded *padded)
{
    return quell_padded_short_samples(padded) * padded->most * padded->positions;
}

static size_t step_floats(const struct quell_padded *padded, const struct quell_short *form)
{
    return form->scaled ? most_rows(padded) : 0;
}

static size_t scratch_floats(const struct quell_padded *padded, const struct quell_short *form)
{
    return quell_table_floats(most_rows(padded)) + step_floats(padded, form) +
           quell_padded_short_samples(padded) * padded->floats * form->widest / sizeof(float) + 1;
}

static quell_status infer(struct quell_inference *at)
{
    struct quell_padded padded;
    quell_status status = quell_window_check(at, true, -((int64_t)1 << 31));
    if (!status) status = quell_window_convolve(at, 1);
    if (status) return status;
    const struct quell_shape *w = quell_operand(at, 1);
    status = quell_quantised_infer(at, w->size[0], quell_elements_of(w, 1, w->rank));
    if (status || !quell_shape_fits(&at->out)) return status;
    at->of->multiply_adds = quell_elements(&at->out) * quell_elements_of(w, 1, w->rank);
    if (!find_way(&padded, at->of, quell_operand(at, 0), w, &at->out))
        return quell_refuse(at, "its windows reach too far to be copied: use conv");
    at->of->scratch = scratch_floats(&padded, at->of->kind->form);
    return QUELL_OK;
}

static size_t offsets(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    const struct quell_short *form = now->kind->form;
    size_t groups = quell_short_groups(now, w),
           in_tap = quell_short_channels(form, w) / form->group;
    struct quell_padded padded;
    if (!offset) return groups;
    way_at(program, now, &padded);
    for (size_t g = 0; g < groups; g++)
        offset[g] = quell_padded_tap(&padded, g / in_tap, g % in_tap * form->group);
    return groups;
}

/* The state of a convolution on some lines of a sample, or on all lines of some samples. `in` is
 * the distance of channels, and `to` is where the copy continues. `scaled` says that elements are
 * quantised by a step; `steps` has one for each row of a product of several samples. `row` is the
 * first output channel, counted over all samples, and `column` the first position. `positions` is
 * that of a sample's whole result, and `out_row` the distance of output channels. */
struct work {
    const struct quell_byte_kernels *bytes;
    struct quell_padded padded;
    struct quell_tail tail;
    bool scaled;
    struct quell_step step;
    struct quell_image image;
    const float *x;
    float *out, *steps;
    size_t in, in_channels, positions, out_row, row, column;
    size_t *rows;
    unsigned char *copy, *to;
};

static void finish(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    quell_tail_finish(
        &work->tail, done,
        &(struct quell_piece_of_result){
            .row = work->row, .column = work->column, .out = work->out, .out_row = work->out_row});
}

static void finish_samples(void *user, const struct quell_dots_done *done)
{
    const struct work *work = user;
    quell_tail_finish_samples(&work->tail, done, work->positions,
                              &(struct quell_piece_of_result){
                                  .row = work->row, .out = work->out, .out_row = work->out_row});
}

static void take_line(void *user, size_t line)
{
    struct work *work = user;
    work->x = quell_image_line(&work->image, line, &work->in);
}

static void put_zeros(void *user, size_t positions)
{
    struct work *work = user;
    size_t count = positions * work->padded.channels;
    work->bytes->zeros(count, work->to);
    work->to += count * work->bytes->width;
}

static void put_row(void *user, size_t at, size_t positions)
{
    struct work *work = user;
    size_t channels = work->padded.channels;
    if (work->scaled && work->step.inverse == 0) {
        put_zeros(user, positions);
        return;
    }
    work->bytes->quantise_turned(positions, work->in_channels, work->x + at, work->in,
                                 work->step.inverse, work->to, channels);
    work->to += positions * channels * work->bytes->width;
}

static void read_lines(struct work *work, size_t line, size_t count)
{
    const struct quell_padded_put put = {work, take_line, put_zeros, put_row};
    work->to = work->copy;
    quell_padded_walk(&work->padded, line, count, &put);
}

/* Computes output channels from ... to - 1, at some positions, of one sample or of several. */
static void multiply(const struct quell_execution *at, struct work *work, size_t from, size_t to,
                     size_t positions, bool several)
{
    size_t groups = quell_short_groups(at->of, quell_shape_of(at, 1));
    bool each = several && work->scaled;
    work->bytes->dots(&(struct quell_byte_dots){
        .m = positions,
        .n = to - from,
        .groups = groups,
        .a = work->copy,
        .row = work->rows,
        .left = at->of->offset,
        .b = at->of->packed + from / QUELL_PANEL * quell_byte_panel(groups),
        .biased = at->of->operands > at->of->kind->form->bias,
        .step = each ? work->steps : &work->step.step,
        .step_row = each,
        .turn = at->kernels->turn,
        .finish = several ? finish_samples : finish,
        .user = work});
}

#define WEIGHTS 8 /* so many take as long to read as an element of x */

/* Returns whether it takes longer to read the weights than the samples. */
static bool is_heavy(const struct quell_execution *at)
{
    return at->samples * quell_elements(quell_shape_of(at, 0)) <
           quell_elements(quell_shape_of(at, 1)) / WEIGHTS;
}

/* The pieces of work are some lines of a sample. If there are few, each has only some panels of
 * output channels, and each worker copies the lines itself. If the weights are heavy, only panels
 * are divided: each weight is then read once, and not by each worker. */
static void divide(const struct quell_execution *at, size_t lines, size_t channels, size_t *most,
                   size_t *parts)
{
    size_t panels = (channels + QUELL_PANEL - 1) / QUELL_PANEL, workers = at->workers;
    if (workers < 2 || (lines + *most - 1) / *most * at->samples >= 2 * workers) return;
    size_t each = (lines + workers - 1) / workers;
    if (each < *most && !is_heavy(at)) *most = each;
    size_t strips = (lines + *most - 1) / *most * at->samples;
    if (strips < workers) *parts = (workers + strips - 1) / strips;
    if (*parts > panels) *parts = panels;
}

/* Returns the greatest element of a worker's lines, in all channels. */
static uint32_t greatest_of_lines(const struct quell_execution *at, const struct work *work,
                                  size_t worker)
{
    struct quell_piece_at piece = quell_piece_of(at, at->of->operand[0], worker);
    size_t channels = quell_shape_of(at, 0)->size[0];
    size_t count = quell_elements(quell_shape_of(at, 0)) / channels / at->room->workers;
    uint32_t greatest = 0;
    for (size_t c = 0; c < channels; c++) {
        const float *x = piece.at + c * piece.row + worker * count;
        uint32_t now = work->bytes->greatest(count, x);
        greatest = now > greatest ? now : greatest;
    }
    return greatest;
}

#define FEW_ELEMENTS 32768 /* a worker reads so many sooner than workers can meet */

/* Finds the greatest element of a sample. If the sample is large, each worker searches a part: its
 * own lines, if x is divided by them. */
static uint32_t greatest_of_all(const struct quell_execution *at, const struct work *work)
{
    bool apart = quell_lies_apart(at, 0);
    uint32_t greatest = 0;
    size_t from, end = quell_part_of(at, at->room->workers, &from);
    size_t elements = quell_elements(quell_shape_of(at, 0));
    if (!apart && !at->division && elements <= FEW_ELEMENTS)
        return work->bytes->greatest(elements, quell_in(at, 0));
    if (apart || (at->division && at->of->own)) {
        for (size_t worker = from; worker < end; worker++) {
            uint32_t now = greatest_of_lines(at, work, worker);
            greatest = now > greatest ? now : greatest;
        }
    } else {
        end = quell_part_of(at, quell_elements(quell_shape_of(at, 0)), &from);
        greatest = work->bytes->greatest(end - from, quell_in(at, 0) + from);
    }
    return quell_crew_greatest(at->room->crew, at->worker, at->workers, greatest);
}

static void begin_sample(const struct quell_execution *at, struct work *work, size_t sample)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    work->image = quell_image_of(at, sample);
    work->x = work->image.x;
    if (at->samples > 1 && work->scaled)
        work->step = quell_step_of(work->bytes->greatest(quell_elements(x), work->x));
}

static size_t channel_of(size_t channels, size_t part, size_t parts)
{
    size_t panels = (channels + QUELL_PANEL - 1) / QUELL_PANEL;
    size_t channel = panels * part / parts * QUELL_PANEL;
    return channel < channels ? channel : channels;
}

/* Computes the worker's own lines, in all channels. */
static void run_own_lines(const struct quell_execution *at, struct work *work)
{
    size_t each = work->padded.positions, most = work->padded.most, from;
    size_t end = quell_own_range(at, &from) / each;
    struct quell_piece_at out = quell_own_out(at);
    work->out = out.at;
    work->out_row = out.row;
    begin_sample(at, work, 0);
    for (size_t line = from / each; line < end && !quell_is_over(at); line += most) {
        size_t count = end - line < most ? end - line : most;
        read_lines(work, line, count);
        work->column = line * each;
        multiply(at, work, 0, quell_out_shape(at)->size[0], count * each, false);
    }
}

/* Reads all lines of some samples, whose copies, rows and steps are consecutive. */
static void read_samples(const struct quell_execution *at, struct work *work, size_t sample,
                         size_t count)
{
    const struct quell_padded *padded = &work->padded;
    unsigned char *copies = work->copy;
    for (size_t i = 0; i < count; i++) {
        begin_sample(at, work, sample + i);
        read_lines(work, 0, padded->most);
        work->copy += padded->floats * work->bytes->width;
        for (size_t p = 0; p < work->positions && work->scaled; p++)
            work->steps[i * work->positions + p] = work->step.step;
    }
    work->copy = copies;
}

/* If a sample has few positions, the pieces of work are some samples together, so that weights are
 * read once for all of them, and some of the output channels. */
static void run_samples(const struct quell_execution *at, struct work *work)
{
    size_t most = quell_padded_short_samples(&work->padded), read = SIZE_MAX, from;
    size_t groups = (at->samples + most - 1) / most, channels = quell_out_shape(at)->size[0];
    size_t parts = groups < at->workers ? (at->workers + groups - 1) / groups : 1;
    size_t end = quell_part_of(at, groups * parts, &from);
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
        size_t group = i / parts, sample = at->samples * group / groups;
        size_t count = at->samples * (group + 1) / groups - sample;
        size_t channel = channel_of(channels, i % parts, parts);
        if (group != read) read_samples(at, work, sample, count);
        read = group;
        work->row = sample * channels + channel;
        multiply(at, work, channel, channel_of(channels, i % parts + 1, parts),
                 count * work->positions, true);
    }
}

static void run_pieces(const struct quell_execution *at, struct work *work)
{
    size_t lines = quell_out_shape(at)->size[1], channels = quell_out_shape(at)->size[0];
    size_t most = work->padded.most, parts = 1, from, copied = SIZE_MAX, begun = SIZE_MAX;
    divide(at, lines, channels, &most, &parts);
    size_t strips = (lines + most - 1) / most;
    size_t end = quell_part_of(at, strips * at->samples * parts, &from);
    for (size_t i = from; i < end && !quell_is_over(at); i++) {
        size_t strip = i / parts, sample = strip / strips, line = strip % strips * most;
        size_t count = lines - line < most ? lines - line : most;
        size_t channel = channel_of(channels, i % parts, parts);
        if (sample != begun) begin_sample(at, work, sample);
        if (strip != copied) read_lines(work, line, count);
        begun = sample, copied = strip;
        work->row = sample * channels + channel;
        work->column = line * work->padded.positions;
        multiply(at, work, channel, channel_of(channels, i % parts + 1, parts),
                 count * work->padded.positions, false);
    }
}

/* Finds where the rows of a product begin, for all the samples that it may have. */
static void find_rows(const struct quell_execution *at, struct work *work)
{
    const struct quell_padded *padded = &work->padded;
    size_t positions = padded->most * padded->positions,
           samples = quell_padded_short_samples(padded);
    if (samples > at->samples) samples = at->samples;
    quell_padded_rows(padded, padded->most, work->rows);
    for (size_t i = positions; i < samples * positions; i++)
        work->rows[i] = work->rows[i - positions] + padded->floats;
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *x = quell_shape_of(at, 0), *out = quell_out_shape(at);
    struct work work = {.bytes = at->of->kind->form->kernels(at->kernels),
                        .scaled = at->of->kind->form->scaled,
                        .out = at->out,
                        .in = quell_elements_of(x, 1, x->rank),
                        .in_channels = x->size[0],
                        .positions = quell_elements_of(out, 1, out->rank),
                        .out_row = quell_elements_of(out, 1, out->rank),
                        .rows = (size_t *)(void *)at->scratch};
    way_at(at->program, at->of, &work.padded);
    quell_tail_of(at, &work.tail);
    work.steps = at->scratch + quell_table_floats(most_rows(&work.padded));
    work.copy = (unsigned char *)(work.steps + step_floats(&work.padded, at->of->kind->form));
    find_rows(at, &work);
    if (at->samples == 1 && work.scaled) work.step = quell_step_of(greatest_of_all(at, &work));
    if (at->division)
        run_own_lines(at, &work);
    else if (at->samples > 1 && quell_padded_short_samples(&work.padded) > 1)
        run_samples(at, &work);
    else
        run_pieces(at, &work);
}

static void divide_lines(struct quell_program *program, struct quell_instruction *now)
{
    struct quell_padded padded;
    way_at(program, now, &padded);
    quell_image_divide(program, now, &padded.window, true);
}

static size_t rows(const struct quell_shape *result) { return result->rank ? 1 : 0; }

bool quell_conv_can_be_short(const struct quell_inference *at, const struct quell_short *form)
{
    const struct quell_shape *w = quell_operand(at, 1);
    struct quell_window window =
        quell_window_from(at->of, quell_operand(at, 0), &at->out, w->size + 2);
    struct quell_padded padded;
    return quell_padded_of_copies(&padded, &window, quell_short_channels(form, w));
}

static const struct quell_packing packing = {.floats = quell_short_floats,
                                             .pack = quell_short_pack,
                                             .unpack = quell_short_unpack,
                                             .offsets = offsets,
                                             .panels = quell_not_panels};

#define CONV(NAME, OPERANDS, MEETS, FORM) \
    {.name = NAME,                        \
     .least = OPERANDS,                   \
     .most = OPERANDS + 1,                \
     .attributes = {QUELL_WINDOW_LISTS},  \
     .together = true,                    \
     .shared = true,                      \
     .meets = MEETS,                      \
     .infer = infer,                      \
     .check = quell_short_check,          \
     .run = run,                          \
     .rows = rows,                        \
     .divide = divide_lines,              \
     .packing = &packing,                 \
     .form = FORM}
const struct quell_kind quell_kind_conv_int8 = CONV("conv_int8", 3, true, &quell_short_bytes);
const struct quell_kind quell_kind_conv_bf16 = CONV("conv_bf16", 2, false, &quell_short_halves);
