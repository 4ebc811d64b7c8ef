/* SPDX-License-Identifier: MIT */
/* "NAME:KEY=VALUE,KEY=VALUE": how samplers and schedules are asked for by text. */
#ifndef QUELL_BASE_OPTIONS_H
#define QUELL_BASE_OPTIONS_H

#include <stddef.h>
#include <quell/status.h>

#define QUELL_MAX_OPTIONS 8

/* One numeric option: its default and the closed range of its values. */
struct quell_option {
    const char *name;
    double value, low, high;
    const char *summary;
};

/* The length of NAME in a spec. */
size_t quell_spec_name(const char *spec);

/* Fills values[] from the spec's options, in the order of the table `options`, which ends with a
 * NULL name. `what` ("sampler") names the thing in messages. */
quell_status quell_spec_options(const char *what, const char *spec,
                                const struct quell_option *options, double *values);

#endif
