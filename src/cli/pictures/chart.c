/* SPDX-License-Identifier: MIT */
/* The plane of the chart extends from LEFT to LEFT + WIDE and from TOP to TOP + high, in pixels;
 * the legend is to the right of it. People who are colour-blind can tell the colours apart (after
 * Okabe & Ito). The number of markers differs from the number of colours, so that lines differ even
 * when colours repeat. */
#include "cli/pictures/chart.h"
#include "base/fail.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEFT 84.0
#define TOP 72.0
#define WIDE 560.0
#define BOTTOM 62.0
#define LEAST_HIGH 380.0
#define LEGEND_LINE 22.0
#define CHARACTER 7.4 /* the approximate width of a character at a size of 13 pixels */

#define INK "#1f2328"
#define SOFT "#656d76"

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#c0579b",
                                      "#b8860b", "#2a9fd6", "#6a3d9a", "#555555"};
#define COLOURS (sizeof colours / sizeof *colours)

/* Shapes around (0, 0) that look equally large. */
static const char *const markers[] = {
    "<circle r='4.2'/>",
    "<path d='M-3.9-3.9h7.8v7.8h-7.8z'/>",
    "<path d='M0-5 4.7 3.4H-4.7z'/>",
    "<path d='M0-5.4 5.4 0 0 5.4-5.4 0z'/>",
    "<path d='M0 5-4.7-3.4H4.7z'/>",
    "<path d='M-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z'/>",
    "<path d='M0-5.2 4.9-1.6 3.1 4.2H-3.1L-4.9-1.6z'/>"};
#define MARKERS (sizeof markers / sizeof *markers)

/* A logarithmic axis: `from` and `to` are at the pixels `at` and `at + length`. */
struct axis {
    double from, to, at, length;
};

struct picture {
    FILE *file;
    const struct chart *chart;
    double high;
    struct axis x, y;
};

static double place(const struct axis *axis, double value)
{
    return axis->at + axis->length * log(value / axis->from) / log(axis->to / axis->from);
}

static bool shown(double value) { return value > 0 && isfinite(value); }

static void include(struct axis *axis, double value)
{
    if (!shown(value)) return;
    if (!(axis->from <= value)) axis->from = value;
    if (!(axis->to >= value)) axis->to = value;
}

/* Extends an axis a little on both sides, and more if it has no length. */
static void widen(struct axis *axis, double share, double least)
{
    if (!(axis->to > 0)) axis->from = axis->to = 1;
    double room = fmax(share * log(axis->to / axis->from), least);
    axis->from /= exp(room);
    axis->to *= exp(room);
}

static void find_axes(struct picture *picture)
{
    const struct chart *chart = picture->chart;
    picture->x = (struct axis){NAN, NAN, LEFT, WIDE};
    picture->y = (struct axis){NAN, NAN, TOP + picture->high, -picture->high};
    for (size_t i = 0; i < chart->lines; i++)
        for (size_t k = 0; k < chart->line[i].count; k++)
            if (shown(chart->line[i].x[k]) && shown(chart->line[i].y[k])) {
                include(&picture->x, chart->line[i].x[k]);
                include(&picture->y, chart->line[i].y[k]);
            }
    for (size_t i = 0; i < chart->ticks; i++) include(&picture->x, chart->tick[i]);
    include(&picture->y, chart->floor);
    if (chart->ceiling < picture->y.to && chart->ceiling > picture->y.from)
        picture->y.to = chart->ceiling;
    widen(&picture->x, 0.04, 0.05);
    widen(&picture->y, 0.06, 0.1);
}

static void say(FILE *file, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<'                 ? "&lt;"
                             : *text == '>'               ? "&gt;"
                             : *text == '&'               ? "&amp;"
                             : (unsigned char)*text < ' ' ? "?"
                                                          : NULL;
        if (entity)
            fputs(entity, file);
        else
            fputc(*text, file);
    }
}

static void text_at(FILE *file, double x, double y, const char *attributes, const char *text)
{
    fprintf(file, "<text x='%.1f' y='%.1f' %s>", x, y, attributes);
    say(file, text);
    fputs("</text>\n", file);
}

static void rule(FILE *file, double x1, double y1, double x2, double y2, const char *attributes)
{
    fprintf(file, "<path d='M%.1f %.1fL%.1f %.1f' %s/>\n", x1, y1, x2, y2, attributes);
}

#define STRONG "stroke='#d0d7de'"
#define FAINT "stroke='#eceff2'"

static void draw_x_axis(const struct picture *picture)
{
    double last = -INFINITY, bottom = TOP + picture->high;
    for (size_t i = 0; i < picture->chart->ticks; i++) {
        char text[32];
        double x = place(&picture->x, picture->chart->tick[i]);
        snprintf(text, sizeof text, "%.6g", picture->chart->tick[i]);
        rule(picture->file, x, TOP, x, bottom, FAINT);
        if (x - last < CHARACTER * (1.5 + (double)strlen(text))) continue;
        rule(picture->file, x, bottom, x, bottom + 5, "stroke='" SOFT "'");
        text_at(picture->file, x, bottom + 20, "text-anchor='middle' fill='" SOFT "'", text);
        last = x;
    }
    text_at(picture->file, LEFT + WIDE / 2, bottom + 46, "text-anchor='middle'",
            picture->chart->x_label);
}

/* Draws numbers at 1, 2 and 5 of every power of ten, or only at the powers if the range is wide. */
static void draw_y_axis(const struct picture *picture)
{
    bool wide = picture->y.to / picture->y.from > 2000;
    int first = (int)floor(log10(picture->y.from)), last = (int)ceil(log10(picture->y.to));
    for (int power = first; power <= last; power++)
        for (int digit = 1; digit < 10; digit++) {
            char text[32];
            double value = digit * pow(10, power), y = place(&picture->y, value);
            if (value < picture->y.from || value > picture->y.to) continue;
            bool named = digit == 1 || (!wide && (digit == 2 || digit == 5));
            rule(picture->file, LEFT, y, LEFT + WIDE, y, named ? STRONG : FAINT);
            if (!named) continue;
            snprintf(text, sizeof text, "%g", value);
            text_at(picture->file, LEFT - 9, y + 4.5, "text-anchor='end' fill='" SOFT "'", text);
        }
    fprintf(picture->file, "<g transform='translate(22 %.1f) rotate(-90)'>\n",
            TOP + picture->high / 2);
    text_at(picture->file, 0, 0, "text-anchor='middle'", picture->chart->y_label);
    fputs("</g>\n", picture->file);
}

static void draw_floor(const struct picture *picture)
{
    if (!shown(picture->chart->floor)) return;
    double y = place(&picture->y, picture->chart->floor);
    rule(picture->file, LEFT, y, LEFT + WIDE, y,
         "stroke='" SOFT "' stroke-width='1.5' stroke-dasharray='7 5'");
}

/* Draws the label of the floor over the lines, with white around it. */
static void draw_floor_label(const struct picture *picture)
{
    if (!shown(picture->chart->floor)) return;
    double y = place(&picture->y, picture->chart->floor);
    text_at(picture->file, LEFT + 8, y - 7,
            "fill='" SOFT "' font-size='12' stroke='white' stroke-width='4' paint-order='stroke'",
            picture->chart->floor_label);
}

static void draw_marker(FILE *file, size_t i, double x, double y)
{
    fprintf(file, "<g transform='translate(%.1f %.1f)' fill='%s' stroke='white'>%s</g>\n", x, y,
            colours[i % COLOURS], markers[i % MARKERS]);
}

static void draw_line(const struct picture *picture, size_t i)
{
    const struct chart_line *line = &picture->chart->line[i];
    char pen = 'M';
    fprintf(picture->file, "<path fill='none' stroke-width='2' stroke='%s' d='",
            colours[i % COLOURS]);
    for (size_t k = 0; k < line->count; k++) {
        if (!shown(line->x[k]) || !shown(line->y[k])) continue;
        fprintf(picture->file, "%c%.1f %.1f", pen, place(&picture->x, line->x[k]),
                place(&picture->y, line->y[k]));
        pen = 'L';
    }
    fputs("'/>\n", picture->file);
    for (size_t k = 0; k < line->count; k++)
        if (shown(line->x[k]) && shown(line->y[k]))
            draw_marker(picture->file, i, place(&picture->x, line->x[k]),
                        place(&picture->y, line->y[k]));
}

static void draw_legend(const struct picture *picture)
{
    double left = LEFT + WIDE + 24;
    for (size_t i = 0; i < picture->chart->lines; i++) {
        char colour[64];
        double y = TOP + 14 + LEGEND_LINE * (double)i;
        snprintf(colour, sizeof colour, "stroke='%s' stroke-width='2'", colours[i % COLOURS]);
        rule(picture->file, left, y, left + 28, y, colour);
        draw_marker(picture->file, i, left + 14, y);
        text_at(picture->file, left + 38, y + 4.5, "", picture->chart->line[i].name);
    }
}

static double legend_width(const struct chart *chart)
{
    size_t longest = 4;
    for (size_t i = 0; i < chart->lines; i++)
        if (strlen(chart->line[i].name) > longest) longest = strlen(chart->line[i].name);
    return 24 + 38 + CHARACTER * (double)longest + 16;
}

static void draw(const struct picture *picture)
{
    const struct chart *chart = picture->chart;
    double width = LEFT + WIDE + legend_width(chart), height = TOP + picture->high + BOTTOM;
    fprintf(picture->file,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %.0f %.0f' width='%.0f' "
            "height='%.0f' font-family='Helvetica,Arial,sans-serif' font-size='13' fill='" INK
            "' stroke-linejoin='round'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
            width, height, width, height);
    text_at(picture->file, LEFT, 30, "font-size='17' font-weight='bold'", chart->title);
    text_at(picture->file, LEFT, 51, "fill='" SOFT "'", chart->subtitle);
    draw_y_axis(picture);
    draw_x_axis(picture);
    fprintf(picture->file,
            "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='none' stroke='#afb8c1'/>\n",
            LEFT, TOP, WIDE, picture->high);
    draw_floor(picture);
    fprintf(picture->file,
            "<clipPath id='plane'><path d='M%.1f %.1fh%.1fv%.1fh-%.1fz'/></clipPath>\n"
            "<g clip-path='url(#plane)'>\n",
            LEFT, TOP, WIDE, picture->high, WIDE);
    for (size_t i = 0; i < chart->lines; i++) draw_line(picture, i);
    fputs("</g>\n", picture->file);
    draw_floor_label(picture);
    draw_legend(picture);
    fputs("</svg>\n", picture->file);
}

struct sink {
    struct quell_output *output;
    quell_status status;
};

static ssize_t put(void *user, const char *text, size_t size)
{
    struct sink *sink = user;
    if (!sink->status) sink->status = quell_output_write(sink->output, text, size);
    return sink->status ? 0 : (ssize_t)size;
}

/* Writes the chart. open_memstream is not used, because it may lose the text when memory runs out,
 * without an error. */
quell_status chart_write(const struct chart *chart, struct quell_output *output)
{
    struct sink sink = {output, QUELL_OK};
    struct picture picture = {
        .file = fopencookie(&sink, "w", (cookie_io_functions_t){.write = put}), .chart = chart};
    if (!picture.file) return quell_fail(QUELL_NO_MEMORY, "no memory for the chart");
    picture.high = fmax(LEAST_HIGH, 28 + LEGEND_LINE * (double)chart->lines);
    find_axes(&picture);
    draw(&picture);
    int failed = ferror(picture.file);
    failed |= fclose(picture.file);
    if (sink.status || !failed) return sink.status;
    return quell_fail(QUELL_NO_MEMORY, "no memory for the chart");
}
