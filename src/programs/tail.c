/* SPDX-License-Identifier: MIT */
#include "programs/tail.h"
#include "programs/divide.h"

#include <string.h>

bool quell_merged_stride(const struct quell_shape *shape, const size_t *stride, size_t from,
                         size_t to, size_t *step)
{
    size_t count = 1;
    *step = 0;
    for (size_t d = to; d-- > from;) {
        if (shape->size[d] == 1) continue;
        if (count == 1) *step = stride[d];
        if (stride[d] != *step * count) return false;
        count *= shape->size[d];
    }
    return true;
}

bool quell_tail_strides(const struct quell_shape *operand, const struct quell_shape *result,
                        size_t rows, size_t *row, size_t *column)
{
    size_t stride[QUELL_MAX_RANK] = {0};
    quell_strides(operand, result, stride);
    return quell_merged_stride(result, stride, 0, rows, row) &&
           quell_merged_stride(result, stride, rows, result->rank, column) && *column <= 1;
}

static bool is_running(const struct quell_instruction *of, size_t k)
{
    return of->steps.running >> k & 1;
}

/* Points a link at the worker's own part of an operand. */
static void set_own(const struct quell_execution *at, struct quell_link *link, size_t k)
{
    struct quell_piece_at own = quell_piece_of(at, link->of->operand[k], at->worker);
    link->in[k] = own.at;
    link->own[k] = own.row;
    if (link->row[k] == at->division->length) link->row[k] = own.row;
}

/* Returns whether an operand depends on the time or conditions, and samples have different ones. */
static bool is_told(const struct quell_execution *at, size_t operand)
{
    const struct quell_value *value = at->program->value;
    enum quell_stage stage = value[value[operand].root].stage;
    return at->room->row_of && at->samples > 1 && stage != QUELL_FROM_CONSTANTS &&
           stage != QUELL_FROM_SAMPLE;
}

/* Adds a link. If a sample has one row, the rows of all samples are consecutive. */
static void add_link(const struct quell_execution *at, const struct quell_instruction *of,
                     struct quell_tail *tail)
{
    struct quell_link *link = &tail->link[tail->count++];
    *link = (struct quell_link){.of = of};
    const struct quell_steps *steps = &of->steps;
    for (size_t k = 0; k < of->operands; k++) {
        if (is_running(of, k)) continue;
        link->in[k] = quell_value_at(at->program, at->room, of->operand[k]);
        link->row[k] = tail->rows == 1 ? steps->skip[k] : steps->row[k];
        if (tail->rows > 1 && steps->skip[k] != tail->rows * steps->row[k]) tail->level = false;
        if (at->division && of->own >> k & 1) set_own(at, link, k);
        if (is_told(at, of->operand[k])) link->told |= 1u << k;
    }
    if (link->told) tail->told = true;
}

static void begin(const struct quell_execution *at, struct quell_tail *tail)
{
    tail->at = at;
    tail->kernels = at->kernels;
    tail->rows = quell_elements_of(quell_out_shape(at), 0, at->of->rows);
    tail->count = 0;
    tail->level = true;
    tail->told = false;
}

void quell_tail_of(const struct quell_execution *at, struct quell_tail *tail)
{
    begin(at, tail);
    for (const struct quell_instruction *now = at->of; now->next;) {
        now = &at->program->instruction[now->next];
        add_link(at, now, tail);
    }
}

void quell_tail_from(const struct quell_execution *at, struct quell_tail *tail)
{
    begin(at, tail);
    for (const struct quell_instruction *now = at->of;;) {
        add_link(at, now, tail);
        if (!now->next) return;
        now = &at->program->instruction[now->next];
    }
}

void quell_tail_cut(struct quell_tail *tail, size_t rows, size_t columns)
{
    for (size_t i = 0; i < tail->count; i++) {
        struct quell_link *link = &tail->link[i];
        for (size_t k = 0; k < link->of->operands; k++) {
            link->row[k] = link->of->steps.column[k] ? columns : 0;
            if (link->own[k]) link->row[k] = link->own[k];
        }
    }
    tail->rows = rows;
    tail->level = true;
}

/* Returns the addend that a link adds to the result so far. Its `at` is NULL if the link does
 * something else. */
static struct quell_addend addend_of(const struct quell_link *link, size_t row, size_t column)
{
    const struct quell_steps *steps = &link->of->steps;
    size_t k = steps->running & 1 ? 1 : 0;
    if (!quell_map_adds(link->of) || steps->running == 3 || !steps->column[k])
        return (struct quell_addend){0};
    return (struct quell_addend){link->in[k] + row * link->row[k] + column, link->row[k]};
}

void quell_tail_give_addends(struct quell_tail *tail, size_t row, size_t column,
                             struct quell_dots *dots)
{
    size_t given = 0;
    for (; given < tail->count && tail->level && dots->addends < QUELL_MOST_ADDENDS; given++) {
        struct quell_addend addend = addend_of(&tail->link[given], row, column);
        if (!addend.at || tail->link[given].told) break;
        dots->addend[dots->addends++] = addend;
    }
    tail->count -= given;
    memmove(tail->link, tail->link + given, tail->count * sizeof *tail->link);
}

static void add_bias(const struct quell_tail *tail, const struct quell_piece_of_result *piece,
                     float *out, size_t out_row)
{
    struct quell_map map = {.rows = piece->rows,
                            .columns = piece->columns,
                            .out = out,
                            .out_row = out_row,
                            .in = {piece->x, piece->bias +
                                                 piece->row % tail->rows * piece->bias_row +
                                                 piece->column * piece->bias_column},
                            .row = {piece->x_row, piece->bias_row},
                            .column = {1, piece->bias_column}};
    tail->kernels->map[QUELL_MAP_ADD](&map);
}

/* Returns where an operand begins, for the sample of a piece. */
static const float *operand_of(const struct quell_tail *tail, const struct quell_link *link,
                               size_t k, const struct quell_piece_of_result *piece)
{
    const struct quell_execution *at = tail->at;
    if (!(link->told >> k & 1)) return link->in[k];
    return quell_value_for(at->program, at->room, link->of->operand[k],
                           at->room->sample + piece->row / tail->rows);
}

/* Applies a link. `row` is the row in its sample or, if the tail is level, among the rows of all
 * samples. */
static void apply(const struct quell_tail *tail, const struct quell_link *link,
                  const struct quell_piece_of_result *piece, size_t sample, size_t row, float *out,
                  size_t out_row)
{
    struct quell_map map = {
        .rows = piece->rows, .columns = piece->columns, .out = out, .out_row = out_row};
    for (size_t k = 0; k < link->of->operands; k++) {
        map.in[k] = piece->x;
        map.row[k] = piece->x_row;
        map.column[k] = 1;
        if (is_running(link->of, k)) continue;
        const struct quell_steps *steps = &link->of->steps;
        map.in[k] = operand_of(tail, link, k, piece) + sample * steps->skip[k] +
                    row * link->row[k] + piece->column * steps->column[k];
        map.row[k] = link->row[k];
        map.column[k] = steps->column[k];
    }
    quell_map_rectangle(link->of, tail->kernels, &map);
}

/* All steps except the last work in place, and the last one writes the result. */
static void apply_all(const struct quell_tail *tail, const struct quell_piece_of_result *piece)
{
    bool last = !tail->count;
    size_t sample = tail->level ? 0 : piece->row / tail->rows;
    size_t row = tail->level ? piece->row : piece->row % tail->rows;
    if (piece->bias)
        add_bias(tail, piece, last ? piece->out : piece->x, last ? piece->out_row : piece->x_row);
    for (size_t i = 0; i < tail->count; i++) {
        last = i + 1 == tail->count;
        apply(tail, &tail->link[i], piece, sample, row, last ? piece->out : piece->x,
              last ? piece->out_row : piece->x_row);
    }
    if (piece->bias || tail->count || piece->out == piece->x) return;
    for (size_t r = 0; r < piece->rows; r++)
        memcpy(piece->out + r * piece->out_row, piece->x + r * piece->x_row,
               piece->columns * sizeof *piece->out);
}

/* Returns how many rows from `row` on have the same operands: those of its sample or, if the tail
 * is level, those of the consecutive samples with the same times and conditions. */
static size_t alike(const struct quell_tail *tail, size_t row)
{
    size_t sample = row / tail->rows, end = sample + 1;
    const struct quell_execution *at = tail->at;
    if (tail->level) {
        size_t first = at->room->sample;
        end = quell_told_end(at->room, first + sample, first + at->samples) - first;
    }
    return end * tail->rows - row;
}

void quell_tail_apply(const struct quell_tail *tail, const struct quell_piece_of_result *piece)
{
    if (tail->level && !tail->told) {
        apply_all(tail, piece);
        return;
    }
    struct quell_piece_of_result part = *piece;
    for (size_t done = 0; done < piece->rows; done += part.rows) {
        size_t left = alike(tail, piece->row + done);
        part.row = piece->row + done;
        part.rows = piece->rows - done < left ? piece->rows - done : left;
        part.x = piece->x + done * piece->x_row;
        part.out = piece->out + done * piece->out_row;
        apply_all(tail, &part);
    }
}

void quell_tail_finish(const struct quell_tail *tail, const struct quell_dots_done *done,
                       const struct quell_piece_of_result *whole)
{
    struct quell_piece_of_result piece = *whole;
    piece.row += done->row;
    piece.column += done->column;
    piece.rows = done->rows;
    piece.columns = done->columns;
    piece.x = done->total;
    piece.x_row = done->stride;
    piece.out += piece.row * piece.out_row + piece.column;
    quell_tail_apply(tail, &piece);
}

void quell_tail_finish_samples(const struct quell_tail *tail, const struct quell_dots_done *done,
                               size_t positions, const struct quell_piece_of_result *whole)
{
    size_t end = done->column + done->columns;
    for (size_t from = done->column, to; from < end; from = to) {
        size_t sample = from / positions;
        to = (sample + 1) * positions < end ? (sample + 1) * positions : end;
        struct quell_dots_done part = *done;
        struct quell_piece_of_result of = *whole;
        of.row += sample * tail->rows;
        part.column = from - sample * positions;
        part.columns = to - from;
        part.total += from - done->column;
        quell_tail_finish(tail, &part, &of);
    }
}
