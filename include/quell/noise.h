/* SPDX-License-Identifier: MIT */
/* The noise of all runs, by address: any normal number of any stream of any sample, without drawing
 * the others. */
#ifndef QUELL_NOISE_H
#define QUELL_NOISE_H

#include <stddef.h>
#include <stdint.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A transition can have up to eight noises that are independent: its slots, k in {0, ..., 7}.
 *
 * With the seed as the key, one stream is the initial noise x_1, and each node n of the Brownian
 * path of each slot k has a stream (quell_noise_brownian). With the key of an interval
 * (quell_noise_key), stream k is the noise of slot k. */
#define QUELL_STREAM_INIT 0u
#define QUELL_STREAM(n, k) (1u + 8u * (uint32_t)(n) + (uint32_t)(k))

/* Returns the key of the noise on the way from t to s: a seed of its own. The noise of slot k is
 *
 *     quell_noise(quell_noise_key(seed, t, s), k, sample, element, count, out)
 *
 * whatever grid the interval belongs to, and however many calls go through it. Methods with one
 * noise in a step have it in slot 0; quell_sampler_print shows every noise, as noise0(t, s). In
 * Brownian mode an interval whose ends are 2^-24 or more apart (quell_noise_place) has the
 * increment of the path instead. The noise of x_1 belongs to no interval: it is stream
 * QUELL_STREAM_INIT of the seed itself.
 *
 * The key is the seed xor the first 64 bits, low word first, of the block of Philox4x32-10 with
 * key = 0 and counter = the bits of t and s as doubles, (t low, t high, s low, s high), -0 as 0.
 *
 * Several points of a grid may have the same t: all that lie beyond an end of the schedule have
 * the t of that end. The key of a step between two such points is that of their values of lambda
 * (quell_lambda), given here in place of t and s.
 *
 * Every t and s give a key, but runs use only keys of the intervals described here, and none with t
 * < s or with times outside [0, 1].
 *
 * In dpm_adaptive each sample chooses its own steps. The key is that of the whole way, from the
 * first time to the last, and step j of the sample has its stream j.
 *
 * Thread-safe. */
QUELL_API uint64_t quell_noise_key(uint64_t seed, double t, double s);

/* Writes elements [element, element + count) of the standard normal noise of one sample.
 *
 * Philox4x32-10 (Salmon et al., 2011) with key = seed (low word, high word) and
 * counter = (element / 4, stream, sample low, sample high) gives words w0..w3, and Box-Muller gives
 * elements 4b + {0, 1} from (w0, w1) and 4b + {2, 3} from (w2, w3). The bits are the same on every
 * instruction set, and are those that the engine uses itself.
 *
 * out: float[count]. Range: |value| < 6.67. Fails with QUELL_BAD_ARGUMENT if element + count
 * exceeds 2^32. Thread-safe. */
QUELL_API quell_status quell_noise(uint64_t seed, uint32_t stream, uint64_t sample,
                                   uint64_t element, size_t count, float *out);

/* Returns where a point of a schedule lies on the Brownian paths, its place:
 *
 *     1 / (1 + exp(-lambda / 4)),   lambda = log(alpha / sigma)   (quell_lambda)
 *
 * which goes from 0 where alpha = 0 to 1 where sigma = 0. Paths run over levels of noise, not over
 * the schedule's t, for two reasons: the same noise meets the same levels under any schedule, and
 * the noise of a step is spread evenly over it. Many schedules stretch t without bound near their
 * ends; over t, x_0 would converge at half the order. Thread-safe. */
QUELL_API double quell_noise_place(double lambda);

/* Writes elements [element, element + count) of the noise of one sample over an interval in
 * Brownian mode: (W(t) - W(s)) / sqrt|t - s|, where t and s in [0, 1] are the places of its ends
 * (quell_noise_place) and W is the path of slot k in {0, ..., 7}. out: float[count].
 *
 * t and s are first rounded to multiples of 2^-24. There (Levy, Ciesielski)
 *
 *     W(t) = t Z(0) + sum over levels l = 0, ..., 23 of 2^(-l/2) d Z(2^l + j),
 *
 * with j = floor(2^l t), d = the distance of 2^l t from the nearest integer, and Z(n) = the normal
 * of stream QUELL_STREAM(n, k). The terms of W(t) - W(s) are added up by fused multiply-adds in
 * float, level by level. A level where t and s share n gives one term; any other gives two, that of
 * t before that of s.
 *
 * Fails with QUELL_BAD_ARGUMENT for another k, for places outside of [0, 1], if t and s round to
 * the same place, and if element + count exceeds 2^32. Thread-safe. */
QUELL_API quell_status quell_noise_brownian(uint64_t seed, unsigned k, double t, double s,
                                            uint64_t sample, uint64_t element, size_t count,
                                            float *out);

#ifdef __cplusplus
}
#endif
#endif
