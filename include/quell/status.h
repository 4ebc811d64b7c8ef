/* SPDX-License-Identifier: MIT */
/* Status codes, the message of the last failure, and the version. */
#ifndef QUELL_STATUS_H
#define QUELL_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QUELL_API __attribute__((visibility("default")))
#else
#define QUELL_API
#endif

/* The outcome of a call. New statuses are added at the end. quell_status_name and quell_status_text
 * give the words for each. */
typedef enum quell_status {
    QUELL_OK,           /* success */
    QUELL_STOPPED,      /* stopped by a function of the caller's, cancelled, or out of time */
    QUELL_BAD_ARGUMENT, /* an argument is out of its range */
    QUELL_NO_MEMORY,    /* out of memory */
    QUELL_NOT_FOUND,    /* nothing has that name: no sampler, schedule, grid, built-in model, ... */
    QUELL_UNSUPPORTED,  /* not available on this machine or in this build */
    QUELL_BAD_MODEL,    /* the model is not valid */
    QUELL_IO_FAILED,    /* a file could not be read or written, or MPI failed */
    QUELL_DENOISER_FAILED, /* the denoiser, or a function that a run calls, reported an error */
    QUELL_NOT_FINITE,      /* a sample became infinite or not a number */
    QUELL_AFTER_FORK,      /* this process is a child of fork(), where the call cannot go on */
    QUELL_NO_PROGRESS,     /* a sampler with adaptive steps reached its limit of tries */
    QUELL_BUSY             /* a queue is full, or it or a request has not ended yet */
} quell_status;

/* Return the name ("QUELL_NO_MEMORY") and the meaning ("out of memory") of a status, as static
 * strings. They are never NULL, whatever the value. Thread-safe. */
QUELL_API const char *quell_status_name(quell_status status);
QUELL_API const char *quell_status_text(quell_status status);

/* Returns one line on the last failure of a quell call in this thread: what is wrong, where, and
 * what would be right. It is empty if no call has failed, and valid until the next one fails in
 * this thread. It is UTF-8 of at most 511 bytes, even where the name of a file is not UTF-8; a
 * longer line loses its middle. */
QUELL_API const char *quell_error_message(void);

/* Returns 1 if that failure was in a sample that was being drawn, and writes the number of the
 * sample to *sample and the number of its transition, from 0 on, to *transition. In a draw with
 * seeds or indices of each sample, the number is quell_draw.first + its place in the draw.
 * Otherwise returns 0 and leaves both as they were. If several samples failed, this is the one with
 * the lowest number. A run that meets a number which is not finite goes on with the samples of
 * lower numbers, to find the lowest that fails, so that the answer does not depend on threads
 * and tiles (docs/bits.md, "Failures"); of functions that fail it is among those whose failure
 * was noticed before the run ended. Either pointer may be NULL. */
QUELL_API int quell_error_sample(uint64_t *sample, size_t *transition);

/* Records a line for quell_error_message() in this thread and returns `status`. It is for libraries
 * on top of quell, and for functions of the caller's whose failure a quell call reports. Control
 * characters and bytes that are not UTF-8 become '?', and a line of more than 511 bytes loses its
 * middle. `message` may be a part of the last message.
 *
 * A function of the caller's that may return 0 to go on, < 0 for an error and > 0 to stop may also
 * return the status of the last quell call that failed in it: that is an error, though it is > 0,
 * or a stop if it is QUELL_STOPPED. The message of that failure becomes a part of the run's. After
 * another stop the message is that of a failure which the function has handled, and is not said; to
 * say why it stops, the function records a line with QUELL_STOPPED. */
QUELL_API quell_status quell_error_set(quell_status status, const char *message);

/* Frees the `user` that was given to a handle with a function of the caller's. It is called once,
 * with that `user`, when nothing holds the handle any more: neither the caller nor another handle,
 * such as a sampler that was made with it. It is not called if creating the handle fails. */
typedef void quell_release_fn(void *user);

/* Returns the version of the library that the program runs with, "MAJOR.MINOR.PATCH". */
QUELL_API const char *quell_version(void);

#ifdef __cplusplus
}
#endif
#endif
