/* SPDX-License-Identifier: MIT */
/* Small handles of every kind, for the tests of memory. */
#ifndef QUELL_TESTS_MEMORY_PARTS_H
#define QUELL_TESTS_MEMORY_PARTS_H

#include <quell/quell.h>

#define DIM 3
#define DENOISERS 8

/* The denoiser of kind 0 to DENOISERS - 1. */
quell_status make_denoiser(size_t kind, quell_denoiser **denoiser);

/* What samplers are made of. The parts own the denoiser. */
struct parts {
    quell_denoiser *denoiser;
    quell_schedule *schedule;
    quell_sampler_options options;
    const char *spec;
};

struct parts parts_new(quell_denoiser *denoiser);
void parts_free(struct parts *parts);

/* A scenario: loads the model of that name. With a denoiser after a failure it says QUELL_OK, which
 * every_allocation_fails() does not expect. */
quell_status load_model(void *name);

/* A step callback that calls every function that it may call. */
quell_step_fn restless;

/* A callback that returns zeros, and points to draw from. */
quell_denoise_fn zeros;
extern const float points[4 * DIM];

#endif
