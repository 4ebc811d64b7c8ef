/* SPDX-License-Identifier: MIT */
/* quell in C++17: the C interface (quell/quell.h) with handles that free themselves, functions and
 * lambdas as denoisers, and exceptions. This header includes all the others. A program links only
 * the C library.
 *
 *     auto denoiser = quell::denoiser::from_mixture(2, {1, 3}, {-2, 0, 2, 1}, {0.1, 0.2});
 *     quell::sampler sampler("ddim:eta=0.5", denoiser, quell::schedule("vp"));
 *     quell::draw draw;
 *     draw.seed = 7;
 *     std::vector<float> x = sampler.sample(draw, 100000);
 *
 * The names are those of C without the prefix, and they mean the same: the C headers are the
 * reference. These differ: a plan's register is plan::fresh(), because `register` is a
 * keyword; an argument that may be left out, such as a mean, comes last; a draw has no count, which
 * follows from x; and times or sigmas say how many steps there are.
 *
 * Handles can be moved but not copied, never change, and may be used by any number of threads. A
 * call that fails throws quell::error, with the status. An exception of a function of the caller's
 * does not pass through C: the call that was made throws it again (callback.hpp; queue.hpp says
 * what a queue does). Copies of the arguments may throw std::bad_alloc. */
#ifndef QUELL_QUELL_HPP
#define QUELL_QUELL_HPP

#include <quell/callback.hpp>
#include <quell/condition.hpp>
#include <quell/denoiser.hpp>
#include <quell/function.hpp>
#include <quell/grid.hpp>
#include <quell/guidance.hpp>
#include <quell/isa.hpp>
#include <quell/list.hpp>
#include <quell/model.hpp>
#include <quell/noise.hpp>
#include <quell/plan.hpp>
#include <quell/quantize.hpp>
#include <quell/queue.hpp>
#include <quell/run.hpp>
#include <quell/sampler.hpp>
#include <quell/schedule.hpp>
#include <quell/span.hpp>
#include <quell/status.hpp>
#include <quell/transition.hpp>

#endif
