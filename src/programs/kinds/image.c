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
