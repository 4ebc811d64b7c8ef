/* SPDX-License-Identifier: MIT */
/* GET .../events: how samples are drawn, as server-sent events (WHATWG, HTML, 9.2): progress,
 * pictures of the states on the way, and the end. */
#ifndef QUELL_SERVE_EVENTS_H
#define QUELL_SERVE_EVENTS_H

#include "serve/server.h"

struct serve_events *serve_events_new(struct serve_drawing *drawing);

/* NULL is allowed. */
void serve_events_free(struct serve_events *events);

/* Refuses what events have no use for, and chooses whether they have pictures. */
quell_status serve_events_check(struct serve_drawing *drawing);

/* Begins to draw, and answers with events from then on. */
quell_status serve_events_begin(struct serve_request *request, enum MHD_Result *result);

/* The request has ended: nobody takes events any more. */
void serve_events_leave(struct serve_drawing *drawing);

/* A quell_observe_fn, whose user is the drawing. */
int serve_events_observe(void *user, size_t transition, const quell_point *s,
                         const quell_call *told, const float *x);

#endif
