/* SPDX-License-Identifier: MIT */
/* A chart of lines over two logarithmic axes, as SVG. */
#ifndef QUELL_CLI_PICTURES_CHART_H
#define QUELL_CLI_PICTURES_CHART_H

#include <stddef.h>
#include "io/output.h"

/* A line, with its name in the legend. Points whose x or y is not both finite and above 0 are left
 * out. */
struct chart_line {
    const char *name;
    size_t count;
    const double *x, *y;
};

/* Texts are UTF-8. */
struct chart {
    const char *title, *subtitle, *x_label, *y_label, *floor_label;
    size_t lines, ticks;
    const struct chart_line *line;
    const double *tick; /* the labelled values on the x axis, in ascending order */
    double floor;       /* a dashed level, below which lines go only by chance; 0: none */
    double ceiling;     /* the upper end of the y axis, above which values mean nothing; 0: none */
};

quell_status chart_write(const struct chart *chart, struct quell_output *output);

#endif
