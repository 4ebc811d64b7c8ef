/* SPDX-License-Identifier: MIT */
/* A digest of a sampler, by which the ranks of an MPI job check that they have the same one. It is
 * exported for quell_mpi and is not part of the public interface. */
#ifndef QUELL_ENGINE_SAMPLER_DIGEST_H
#define QUELL_ENGINE_SAMPLER_DIGEST_H

#include <quell/sampler.h>

/* sampler: the version of quell, the plan with its grid and its coefficients, the schedule, the
 * bounds and the law of x_1. model: everything that decides on the denoiser's results. A function
 * of the host cannot be read: its options take its place and, if it is reproducible, its results
 * for a few samples in this context, with and without classes. */
struct quell_digests {
    uint64_t sampler, model;
};

QUELL_API quell_status quell_sampler_digests(const quell_sampler *sampler, void *context,
                                             struct quell_digests *digests);

#endif
