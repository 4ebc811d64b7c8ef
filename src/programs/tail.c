/* SPDX-License-Identifier: MIT */
#include "programs/tail.h"

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

static struct quell_link link_of(const struct quell_execution *at,
                                 const struct quell_instruction *of, size_t running)
{
    struct quell_link link = {.of = of};
    const struct quell_value *value = at->program->value;
    const struct quell_shape *shape = &value[of->result].shape;
    for (size_t k = 0; k < of->operands; k++) {
        const struct quell_value *operand = &value[of->operand[k]];
        link.running[k] = of->operand[k] == running;
        if (link.running[k]) continue;
        link.in[k] = quell_value_at(at->program, at->room, of->operand[k]);
        quell_tail_strides(&operand->shape, shape, at->of->rows, &link.row[k], &link.column[k]);
        if (value[operand->root].stage == QUELL_FROM_SAMPLE)
            link.skip[k] = quell_elements(&operand->shape);
    }
    return link;
}

/* Whether the elements of a link's operands depend on the number of the row alone; their distance
 * from one row to the next is then set. */
static bool is_level(struct quell_link *link, size_t rows)
{
    for (size_t k = 0; k < 3; k++) {
        if (link->running[k]) continue;
        if (rows > 1 && link->skip[k] != rows * link->row[k]) return false;
    }
    for (size_t k = 0; k < 3 && rows == 1; k++) link->row[k] = link->skip[k];
    return true;
}

static void add_link(struct quell_tail *tail, const struct quell_link *link)
{
    tail->link[tail->count] = *link;
    tail->level &= is_level(&tail->link[tail->count++], tail->rows);
}

static void add_links(const struct quell_execution *at, struct quell_tail *tail)
{
    const struct quell_instruction *now = at->of;
    while (now->next) {
        const struct quell_instruction *next = &at->program->instruction[now->next];
        struct quell_link link = link_of(at, next, now->result);
        add_link(tail, &link);
        now = next;
    }
}

static struct quell_tail begin(const struct quell_execution *at)
{
    size_t rows = quell_elements_of(quell_out_shape(at), 0, at->of->rows);
    return (struct quell_tail){.kernels = at->kernels, .rows = rows, .level = true};
}

struct quell_tail quell_tail_of(const struct quell_execution *at)
{
    struct quell_tail tail = begin(at);
    add_links(at, &tail);
    return tail;
}

struct quell_tail quell_tail_from(const struct quell_execution *at)
{
    struct quell_tail tail = begin(at);
    struct quell_link link = link_of(at, at->of, SIZE_MAX);
    add_link(&tail, &link);
    add_links(at, &tail);
    return tail;
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

/* row: the row of its sample, or of all if the tail is level. */
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
        if (link->running[k]) continue;
        map.in[k] = link->in[k] + sample * link->skip[k] + row * link->row[k] +
                    piece->column * link->column[k];
        map.row[k] = link->row[k];
        map.column[k] = link->column[k];
    }
    quell_map_rectangle(link->of, tail->kernels, &map);
}

/* All but the last of the steps work in place, and the last one writes the result. */
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

void quell_tail_apply(const struct quell_tail *tail, const struct quell_piece_of_result *piece)
{
    if (tail->level) {
        apply_all(tail, piece);
        return;
    }
    struct quell_piece_of_result part = *piece;
    for (size_t done = 0; done < piece->rows; done += part.rows) {
        size_t left = tail->rows - (piece->row + done) % tail->rows;
        part.row = piece->row + done;
        part.rows = piece->rows - done < left ? piece->rows - done : left;
        part.x = piece->x + done * piece->x_row;
        part.out = piece->out + done * piece->out_row;
        apply_all(tail, &part);
    }
}
