/* SPDX-License-Identifier: MIT */
/* Answers that are sent while their samples are drawn, so that the client has the first samples
 * long before the last. Floats, in NumPy's format or raw, are sent from the memory in which they
 * were drawn. JSON and pictures are encoded in a workshop as samples come, a little ahead of the
 * client: such an answer is never in memory as a whole. */
#ifndef QUELL_SERVE_STREAM_H
#define QUELL_SERVE_STREAM_H

#include "serve/server.h"

void serve_stream_free(struct serve_stream *stream); /* NULL is allowed */

/* Whether the answer of a drawing is sent as a stream. It is not if it is short, or if it is a
 * density, which needs all samples. */
bool serve_stream_fits(const struct serve_drawing *drawing);

/* An estimate of the bytes of memory that the stream takes in addition to its samples. */
size_t serve_stream_bytes(const struct serve_drawing *drawing);

/* Creates the stream, and suspends the connection of the request. Fails with QUELL_NO_MEMORY. */
quell_status serve_stream_begin(struct serve_request *request);

/* Tells the stream that the first `rows` samples have their final values. Thread-safe. */
void serve_stream_tell(struct serve_drawing *drawing, size_t rows);

/* Tells the stream that no more samples will come, because all have been drawn or drawing them has
 * failed. Thread-safe. */
void serve_stream_end(void *drawing);

/* Whether all samples have been drawn, or drawing them has failed. */
bool serve_stream_over(struct serve_drawing *drawing);

/* Whether it has failed, so that the status and the message of the drawing can be read. */
bool serve_stream_failed(struct serve_drawing *drawing);

/* Begins to send the answer. If drawing fails later, the connection is closed before the end of the
 * answer. */
enum MHD_Result serve_stream_answer(struct serve_request *request,
                                    const struct serve_header *headers);

/* Called when the request has ended, after which nothing is sent any more. */
void serve_stream_leave(struct serve_drawing *drawing);

#endif
