/* SPDX-License-Identifier: MIT */
/* The noise, addressable: any normal of any stream of any sample, without drawing the others. */
#ifndef QUELL_NOISE_H
#define QUELL_NOISE_H

#include <stddef.h>
#include <stdint.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The stream of the initial noise x_1, and of slot k in {0, ..., 7} of transition i. */
#define QUELL_STREAM_INIT 0u
#define QUELL_STREAM(i, k) (1u + 8u * (uint32_t)(i) + (uint32_t)(k))

/* Writes elements [element, element + count) of the standard normal noise of one sample.
 *
 * Philox4x32-10 (Salmon et al., 2011) with key = seed (low word, high word) and counter =
 * (element / 4, stream, sample low, sample high) gives words w0..w3, and Box-Muller gives
 * elements 4b + {0, 1} from (w0, w1) and 4b + {2, 3} from (w2, w3). The bits are the same on
 * every instruction set, and are those that the engine uses itself.
 *
 * out: float[count]. Range: |value| < 6.67. Fails with QUELL_BAD_ARGUMENT if element + count
 * exceeds 2^32. Thread-safe. */
QUELL_API quell_status quell_noise(uint64_t seed, uint32_t stream, uint64_t sample,
                                   uint64_t element, size_t count, float *out);

/* Where a point of a schedule lies on the Brownian paths: 1 / (1 + exp(-lambda / 4)), from 0 where
 * alpha = 0 to 1 where sigma = 0, with lambda = log(alpha / sigma) (quell_lambda). Paths run over
 * levels of noise, not over the schedule's t, so that the same noise meets the same levels under
 * any schedule, and so that the noise of a step is spread evenly over it: by t, which many
 * schedules stretch without bound near their ends, x_0 would converge at half the order.
 * Thread-safe. */
QUELL_API double quell_noise_place(double lambda);

/* The same of the noise over an interval in Brownian mode: (W(t) - W(s)) / sqrt|t - s|, t and s in
 * [0, 1] the places of its ends (quell_noise_place), for the path W of slot k in {0, ..., 7}.
 *
 * t and s are rounded to multiples of 2^-24 first. There (Levy, Ciesielski)
 *
 *     W(t) = t Z(0) + sum over levels l = 0, ..., 23 of 2^(-l/2) d Z(2^l + j),
 *
 * j = floor(2^l t), d = the distance of 2^l t from the nearest integer, and Z(n) = the normal of
 * stream QUELL_STREAM(n, k). The terms, with the difference of the two sums as weights, are added
 * up by fused multiply-adds in float, level by level, of two in a level that of t first.
 *
 * Fails with QUELL_BAD_ARGUMENT if t and s round to the same place. Thread-safe. */
QUELL_API quell_status quell_noise_brownian(uint64_t seed, unsigned k, double t, double s,
                                            uint64_t sample, uint64_t element, size_t count,
                                            float *out);

#ifdef __cplusplus
}
#endif
#endif
