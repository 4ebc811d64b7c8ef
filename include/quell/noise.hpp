/* SPDX-License-Identifier: MIT */
/* The noise of all runs, by address: any normal number of any stream of any sample, without drawing
 * the others. */
#ifndef QUELL_NOISE_HPP
#define QUELL_NOISE_HPP

#include <cstdint>
#include <quell/noise.h>
#include <quell/span.hpp>
#include <quell/status.hpp>

namespace quell
{

/* Writes elements [element, element + out.size()) of a sample's noise in a stream (quell_noise).
 * The stream QUELL_STREAM_INIT is the noise of x_1. With noise_key(seed, t, s) as the seed, stream
 * k is the noise of slot k on the way from t to s. */
inline void noise(uint64_t seed, uint32_t stream, uint64_t sample, uint64_t element,
                  span<float> out)
{
    detail::check(quell_noise(seed, stream, sample, element, out.size(), out.data()));
}

/* The seed of the noise on the way from t to s (quell_noise_key). */
inline uint64_t noise_key(uint64_t seed, double t, double s) { return quell_noise_key(seed, t, s); }

/* The place of a level of noise on the Brownian paths (quell_noise_place). */
inline double noise_place(double lambda) { return quell_noise_place(lambda); }

/* Writes the same elements of the noise between the places t and s of the Brownian path of slot k
 * (quell_noise_brownian). */
inline void noise_brownian(uint64_t seed, unsigned k, double t, double s, uint64_t sample,
                           uint64_t element, span<float> out)
{
    detail::check(quell_noise_brownian(seed, k, t, s, sample, element, out.size(), out.data()));
}

} // namespace quell
#endif
