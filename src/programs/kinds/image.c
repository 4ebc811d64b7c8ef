/* SPDX-License-Identifier: MIT */
#include "programs/kinds/image.h"

struct quell_image quell_image_of(const struct quell_execution *at, size_t sample)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    struct quell_image image = {.line = quell_elements_of(x, 2, x->rank),
                                .channel = quell_elements_of(x, 1, x->rank)};
    if (quell_lies_apart(at, 0))
        image.apart = at;
    else
        image.x = quell_in(at, 0) + sample * quell_elements(x);
    return image;
}

const float *quell_image_line(const struct quell_image *image, size_t line, size_t *channel)
{
    const struct quell_execution *at = image->apart;
    *channel = image->channel;
    if (!at) return image->x + line * image->line;
    size_t each = image->channel / at->room->workers;
    struct quell_piece_at part = quell_piece_of(at, at->of->operand[0], line * image->line / each);
    *channel = part.row;
    return part.at + line * image->line;
}

/* Returns whether a line of the result depends on the same line of the input alone. */
static bool is_flat(const struct quell_window *window)
{
    return window->taps[0] == 1 && window->stride[0] == 1 && !window->before[0];
}

#define WEIGHTS 8 /* so many take as long to read as an element of x */

void quell_image_divide(struct quell_program *program, struct quell_instruction *now,
                        const struct quell_window *window, bool any)
{
    struct quell_value *value = program->value;
    const struct quell_shape *x = &value[now->operand[0]].shape, *out = &value[now->result].shape;
    struct quell_division *of = &value[value[now->operand[0]].root].division;
    if (x->rank < 3) return;
    if (of->length == quell_elements_of(x, 1, x->rank)) {
        of->units = quell_greatest_divisor(of->units, x->size[1]); /* whole lines */
        now->any = any;
    }
    if (quell_elements(x) < quell_elements(&value[now->operand[1]].shape) / WEIGHTS) return;
    struct quell_division *by = quell_division_of(program, now);
    *by = quell_divide_along(out, 1, out->size[1], 0);
    now->own = is_flat(window) && quell_same_division(of, by);
}
