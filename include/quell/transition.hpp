/* SPDX-License-Identifier: MIT */
/* Transitions: samplers of the caller's own, by a function for one step. */
#ifndef QUELL_TRANSITION_HPP
#define QUELL_TRANSITION_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <quell/callback.hpp>
#include <quell/grid.hpp>
#include <quell/span.hpp>
#include <quell/transition.h>

namespace quell
{

/* One transition of one tile of samples, as it is handed to the caller's step function. It is valid
 * during that call. */
class transition
{
  public:
    explicit transition(quell_transition *c) noexcept : transition_(c) {}

    /* The index of the sample in row 0, the number of rows, the number of elements of a row, and
     * the number of the transition, from 0 on. */
    uint64_t first() const { return quell_transition_first(transition_); }
    size_t rows() const { return quell_transition_rows(transition_); }
    size_t dim() const { return quell_transition_dim(transition_); }
    size_t index() const { return quell_transition_index(transition_); }

    /* All that a denoiser from a function would be told of these rows at t. */
    const quell_call &told() const { return *quell_transition_told(transition_); }

    /* Scratch memory k in {0, 1, 2, 3}, [rows][dim]. It keeps its values from one transition of the
     * tile to the next. */
    span<float> scratch(unsigned k)
    {
        float *memory = quell_transition_scratch(transition_, k);
        if (!memory) refuse("transition: scratch " + std::to_string(k) + ": must be 0, 1, 2 or 3");
        return {memory, rows() * dim()};
    }

    /* Evaluates the denoiser: out[rows][dim] = E[X | x_t = x]. `out` must not overlap x. */
    void denoise(const point &t, span<const float> x, span<float> out)
    {
        expect("transition: x", x.size());
        expect("transition: out", out.size());
        inside([&] { return quell_transition_denoise(transition_, &t, x.data(), out.data()); });
    }

    /* Writes the noise of slot k of this transition to out[rows][dim]. */
    void noise(unsigned k, span<float> out)
    {
        expect("transition: out", out.size());
        inside([&] { return quell_transition_noise(transition_, k, out.data()); });
    }

    /* The point of the schedule at any time t in [0, 1]. */
    point at(double t)
    {
        point result{};
        inside([&] { return quell_transition_at(transition_, t, &result); });
        return result;
    }

    /* For the C interface. */
    quell_transition *get() const noexcept { return transition_; }

  private:
    void expect(const std::string &what, size_t size) const
    {
        size_t must = rows() * dim();
        if (size != must)
            refuse(what + ": " + detail::number_of_values(size) + ", must be " +
                   std::to_string(must));
    }

    /* What is refused ends the run, as in C, though the step may catch it. */
    [[noreturn]] void refuse(const std::string &message) const
    {
        try {
            throw error(QUELL_BAD_ARGUMENT, message);
        } catch (...) {
            detail::slot *run = detail::slot_of(quell_transition_context(transition_));
            if (run) run->keep(first());
            throw;
        }
    }

    template <class F> void inside(F &&function)
    {
        detail::slot own(quell_transition_context(transition_));
        detail::call(own, std::forward<F>(function));
    }

    quell_transition *transition_;
};

} // namespace quell
#endif
