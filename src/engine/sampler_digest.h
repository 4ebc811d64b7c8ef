/* SPDX-License-Identifier: MIT */
/* A digest of a sampler, with which the ranks of an MPI job check that all have the same sampler.
 * It is exported for quell_mpi and is not part of the public interface. */
#ifndef QUELL_ENGINE_SAMPLER_DIGEST_H
#define QUELL_ENGINE_SAMPLER_DIGEST_H

#include <quell/sampler.h>

/* `sampler` covers the version of quell, the plan with its grid and its coefficients, the schedule,
 * the bounds and the law of x_1. `model` covers everything that the denoiser's results depend on. A
 * function of the host cannot be read: its options take its place and, if it is reproducible, its
 * results for a few samples in this context, with and without classes. */
struct quell_digests {
    uint64_t sampler, model;
};

QUELL_API quell_status quell_sampler_digests(const quell_sampler *sampler, void *context,
                                             struct quell_digests *digests);

#endif
