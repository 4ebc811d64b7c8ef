/* SPDX-License-Identifier: MIT */
/* A chart of lines over two logarithmic axes, as SVG. */
#ifndef QUELL_CLI_PICTURES_CHART_H
#define QUELL_CLI_PICTURES_CHART_H

#include <stddef.h>
#include "io/output.h"

/* A line with its name in the legend. Points whose x or y is not finite or not above 0 are left
 * out. */
struct chart_line {
    const char *name;
    size_t count;
    const double *x, *y;
};

/* Texts are UTF-8. ticks: where the x axis has its numbers, rising. floor: a dashed level, which a
 * line goes below only by chance; 0: none. ceiling: the upper end of the plane, above which values
 * tell nothing; 0: none. */
struct chart {
    const char *title, *subtitle, *x_label, *y_label, *floor_label;
    size_t lines, ticks;
    const struct chart_line *line;
    const double *tick;
    double floor, ceiling;
};

quell_status chart_write(const struct chart *chart, struct quell_output *output);

#endif
