/* SPDX-License-Identifier: MIT */
/* How a function of the caller's is called as a denoiser (denoiser::from_function). */
#ifndef QUELL_FUNCTION_HPP
#define QUELL_FUNCTION_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <quell/condition.hpp>
#include <quell/function.h>

namespace quell
{

/* How quell calls a function of the caller's as a denoiser; quell_function_options says more.
 *
 * output: what the function's output is: "x0", "eps", "v", "score" or "flow".
 * precondition: how its input and its time are made: "none", "simple", "karras", "unscaled" or
 *   "straight".
 * whole_batch: whether it is called once for all samples of a run, and not for a tile at a time.
 * reproducible: whether row r of the output depends, to the last bit, only on row r of the input,
 *   on the point, and on what the call says of that row, but on no other row.
 * variance: what the function has learned of the variance: "none" or "learned_range".
 * classes: the number of classes; 0: it has none.
 * digest: a number of the caller's that says what the function computes.
 * conditions: the conditions that the function takes. */
struct function_options {
    std::string output = "x0";
    std::string precondition = "none";
    bool whole_batch = false;
    bool reproducible = false;
    std::string variance = "none";
    size_t classes = 0;
    uint64_t digest = 0;
    std::vector<condition_taken> conditions = {};
};

} // namespace quell
#endif
