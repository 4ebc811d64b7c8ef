/* SPDX-License-Identifier: MIT */
#include "draw_rows.h"

const size_t quell_earlier_draws[] = {offsetof(quell_draw, part), 0};

static const quell_condition *cut(const quell_condition *whole, size_t count, size_t row,
                                  size_t rows, quell_condition *part)
{
    for (size_t i = 0; i < count; i++) {
        part[i] = whole[i];
        if (!part[i].count) continue; /* the condition has one value for all samples */
        part[i].values += row * part[i].size;
        part[i].count = rows;
    }
    return count ? part : whole;
}

void quell_draw_rows(struct quell_draw_rows *part, const quell_draw *whole, size_t row, size_t rows)
{
    quell_draw *draw = &part->draw;
    *draw = *whole;
    draw->count = rows;
    draw->part = 1;
    if (draw->classes) draw->classes += row;
    if (draw->negative_classes) draw->negative_classes += row;
    if (draw->seeds) draw->seeds += row;
    if (draw->indices) draw->indices += row;
    if (!quell_draw_lists(draw)) draw->first += row;
    draw->conditions = cut(whole->conditions, whole->condition_count, row, rows, part->conditions);
    draw->negative_conditions = cut(whole->negative_conditions, whole->negative_condition_count,
                                    row, rows, part->negative_conditions);
}
