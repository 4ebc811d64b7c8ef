/* SPDX-License-Identifier: MIT */
/* Status codes and what goes with them. */
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

/* What a call came to. New ones are added at the end. quell_status_name and quell_status_text have
 * the words for each. */
typedef enum quell_status {
    QUELL_OK,           /* success */
    QUELL_STOPPED,      /* stopped at the caller's request, by a function of the caller's */
    QUELL_BAD_ARGUMENT, /* an argument is out of its range */
    QUELL_NO_MEMORY,    /* out of memory */
    QUELL_NOT_FOUND,    /* no such name: of a sampler, a schedule, a grid, a built-in model, ... */
    QUELL_UNSUPPORTED,  /* not available on this machine or in this build */
    QUELL_BAD_MODEL,    /* the model is not valid */
    QUELL_IO_FAILED,    /* a file could not be read or written, or MPI failed */
    QUELL_DENOISER_FAILED, /* the denoiser or a function of the caller's reported an error */
    QUELL_NOT_FINITE,      /* a sample became infinite or not a number */
    QUELL_AFTER_FORK,      /* the run goes on in the parent of this child of fork() alone */
    QUELL_NO_PROGRESS      /* a sampler with adaptive steps made as many tries as it may */
} quell_status;

/* The name ("QUELL_NO_MEMORY") and the meaning ("out of memory") of a status. Static strings;
 * never NULL, whatever the value. Thread-safe. */
QUELL_API const char *quell_status_name(quell_status status);
QUELL_API const char *quell_status_text(quell_status status);

/* One line on the last failure of a quell call in this thread: what is wrong, where, and what
 * would be right. Empty if none has failed. Valid until the next failing call in this thread. It is
 * UTF-8 of at most 511 bytes, whatever names of files are: of a longer line the middle goes. */
QUELL_API const char *quell_error_message(void);

/* Whether that failure was in a sample that was being drawn: 1, with its number in *sample and that
 * of its transition, from 0 on, in *transition; 0, with both as they were, if it was not. If
 * several samples failed it is the lowest that was seen. Either pointer may be NULL. */
QUELL_API int quell_error_sample(uint64_t *sample, size_t *transition);

/* Records a line for quell_error_message() in this thread and returns the status: for libraries on
 * top of this one, and for functions of the caller's own that a quell call reports the failure of.
 * Control characters and bytes that are not UTF-8 become '?', and of a line of more than 511 bytes
 * the middle goes. `message` may be a part of the last one. */
QUELL_API quell_status quell_error_set(quell_status status, const char *message);

/* Frees what a handle has held for functions of the caller's: called once, with their `user`, when
 * the last hold on that handle is given up, be it by a sampler. Not called where creating the
 * handle fails. */
typedef void quell_release_fn(void *user);

/* The version of the library at run time, "MAJOR.MINOR.PATCH". */
QUELL_API const char *quell_version(void);

#ifdef __cplusplus
}
#endif
#endif
