/* SPDX-License-Identifier: MIT */
/* How a denoiser is guided (denoiser::from_guidance). */
#ifndef QUELL_GUIDANCE_HPP
#define QUELL_GUIDANCE_HPP

#include <vector>
#include <quell/guidance.h>
#include <quell/status.hpp>

namespace quell
{

/* How a denoiser is guided; quell_guidance says more.
 *
 * weight: w; 1 is no guidance.
 * low, high: the denoiser is guided at times from low to high.
 * times, weights: w is weights[i] at times[i], and linear in between, in place of weight.
 * rescale: phi, from 0 to 1: how far the standard deviation of the mean without guidance is kept
 *   in the guided mean (quell/guidance.h). */
struct guidance {
    double weight = 2;
    double low = 0;
    double high = 1;
    std::vector<double> times = {};
    std::vector<double> weights = {};
    double rescale = 0;
};

namespace detail
{

/* The same for C. Its pointers lead into `how`. */
inline quell_guidance c_guidance(const guidance &how)
{
    if (how.times.empty() && !how.weights.empty())
        throw error(QUELL_BAD_ARGUMENT, "guidance: weights has " +
                                            number_of_values(how.weights.size()) +
                                            ", but times has none: each weight needs its time");
    if (how.weights.size() != how.times.size())
        throw error(QUELL_BAD_ARGUMENT, "guidance: weights has " +
                                            number_of_values(how.weights.size()) +
                                            ", must have one for each of the times, which has " +
                                            std::to_string(how.times.size()));
    quell_guidance c = quell_guidance_defaults();
    c.weight = how.weight;
    c.low = how.low;
    c.high = how.high;
    c.rescale = how.rescale;
    c.points = how.times.size();
    c.times = how.times.empty() ? nullptr : how.times.data();
    c.weights = how.weights.empty() ? nullptr : how.weights.data();
    return c;
}

} // namespace detail

} // namespace quell
#endif
