/* SPDX-License-Identifier: MIT */
/* Answers that are sent while their samples are drawn: the first of them may be there long before
 * the last one. Floats, in NumPy's format or raw, are sent from where they were drawn; JSON and
 * pictures of images are written in a workshop as their samples come, a little ahead of the client:
 * all of such an answer is nowhere. */
#ifndef QUELL_SERVE_STREAM_H
#define QUELL_SERVE_STREAM_H

#include "serve/server.h"

/* NULL is allowed. */
void serve_stream_free(struct serve_stream *stream);

/* Whether an answer is sent so: a short one is as soon there as a whole, and a density is of all
 * samples. The memory that it takes then, beside its samples. */
bool serve_stream_fits(const struct serve_drawing *drawing);
size_t serve_stream_bytes(const struct serve_drawing *drawing);

/* Prepares it, for a request whose connection rests. Fails with QUELL_NO_MEMORY. */
quell_status serve_stream_begin(struct serve_request *request);

/* Hears that so many samples are as they are sent; that there will be no more, as all are there or
 * the drawing has failed. Thread-safe. */
void serve_stream_tell(struct serve_drawing *drawing, size_t rows);
void serve_stream_end(void *drawing);

/* Whether all samples are there, or it has failed; whether it has failed: why can be read then. */
bool serve_stream_over(struct serve_drawing *drawing);
bool serve_stream_failed(struct serve_drawing *drawing);

/* Answers, with what there is and what there will be. If the drawing fails on the way, the
 * connection is closed before its end. */
enum MHD_Result serve_stream_answer(struct serve_request *request,
                                    const struct serve_header *headers);

/* The request has ended: nobody takes more of it. */
void serve_stream_leave(struct serve_drawing *drawing);

#endif
