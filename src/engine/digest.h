/* SPDX-License-Identifier: MIT */
/* A digest of a sampler, by which the ranks of an MPI job see that they have the same. Exported for
 * quell_mpi; no part of the public interface. */
#ifndef QUELL_ENGINE_DIGEST_H
#define QUELL_ENGINE_DIGEST_H

#include <quell/sampler.h>

/* sampler: the version of quell, the plan with its grid and its coefficients, the bounds and the
 * law of x_1. model: what the denoiser says of a few samples, with and without classes; of a
 * denoiser that calls the host, or makes no promise about bits, its kind and its sizes alone. */
struct quell_digests {
    uint64_t sampler, model;
};

QUELL_API quell_status quell_sampler_digests(const quell_sampler *sampler,
                                             struct quell_digests *digests);

#endif
