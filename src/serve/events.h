/* SPDX-License-Identifier: MIT */
/* GET .../events: shows how samples are drawn, as server-sent events (WHATWG, HTML, 9.2): the
 * progress, pictures of the intermediate states, and the end. */
#ifndef QUELL_SERVE_EVENTS_H
#define QUELL_SERVE_EVENTS_H

#include "serve/server.h"

/* NULL if there is no memory. */
struct serve_events *serve_events_new(struct serve_drawing *drawing);

/* NULL is allowed. */
void serve_events_free(struct serve_events *events);

/* Refuses parameters that have no effect on events. */
quell_status serve_events_check(struct serve_drawing *drawing);

/* Begins to draw, and to answer with events. If this succeeds, *result is what libmicrohttpd
 * said. */
quell_status serve_events_begin(struct serve_request *request, enum MHD_Result *result);

/* Called when the request has ended, after which no events are sent any more. */
void serve_events_leave(struct serve_drawing *drawing);

/* The quell_observe_fn of a drawing; `user` is the drawing. */
int serve_events_observe(void *user, size_t transition, const quell_point *s,
                         const quell_call *told, const float *x);

#endif
