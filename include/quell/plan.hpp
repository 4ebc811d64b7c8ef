/* SPDX-License-Identifier: MIT */
/* Plans: samplers of the caller's own, by a builder. */
#ifndef QUELL_PLAN_HPP
#define QUELL_PLAN_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <quell/callback.hpp>
#include <quell/grid.hpp>
#include <quell/operation.h>
#include <quell/plan.h>
#include <quell/span.hpp>

namespace quell
{

/* An operation of a sampler's plan, as data. */
using operation = quell_operation;

/* The word for a kind of operation, such as "eval". */
inline std::string_view operation_name(quell_operation_kind kind)
{
    return quell_operation_name(kind);
}

/* A register, which holds one value per element of the state; QUELL_STATE is the state itself. */
using plan_register = quell_register_id;

/* A plan while its builder writes it; it is valid during that call. Errors stick: after the first,
 * every call does nothing, and the function that makes the sampler throws it. quell/plan.h says
 * more. */
class plan
{
  public:
    explicit plan(quell_plan *c) noexcept : plan_(c) {}

    /* The point of the schedule at t, and the one where log(alpha / sigma) = lambda. */
    point at(double t) { return quell_plan_at(plan_, t); }
    point at_lambda(double lambda) { return quell_plan_at_lambda(plan_, lambda); }

    /* Take a free register, and give one back (quell_plan_register). */
    plan_register fresh() { return quell_plan_register(plan_); }
    void release(plan_register r) { quell_plan_release(plan_, r); }

    /* Takes a free register, puts the denoiser's E[X | x_t = x] into it, and returns it. */
    plan_register denoise(plan_register x, const point &t)
    {
        return quell_plan_denoise(plan_, x, &t);
    }

    /* The same, with a second register for what the denoiser has learned about the variance:
     * {mean, variance}. */
    std::pair<plan_register, plan_register> denoise_variance(plan_register x, const point &t)
    {
        plan_register variance = 0;
        plan_register mean = quell_plan_denoise_variance(plan_, x, &t, &variance);
        return {mean, variance};
    }

    /* out = sum_k terms[k] + sum_j noises[j], with terms {{coefficient, register}, ...} and noises
     * {{coefficient, stream}, ...}. */
    void combine(plan_register out, span<const quell_term> terms,
                 span<const quell_noise_term> noises = {})
    {
        quell_plan_combine(plan_, out, terms.size(), terms.data(), noises.size(), noises.data());
    }

    /* The norm-based correction of Song et al. (quell_plan_langevin). */
    void langevin(plan_register x, plan_register eps, double coefficient, quell_noise_term noise)
    {
        quell_plan_langevin(plan_, x, eps, coefficient, noise);
    }

    /* x += exp(low + (high - low) (v + 1) / 2) z (quell_plan_spread). */
    void spread(plan_register x, plan_register v, double low, double high, uint32_t stream)
    {
        quell_plan_spread(plan_, x, v, low, high, stream);
    }

    /* Return a name for the noise of slot k from t to s, and for that of a piece of a
     * transition. */
    uint32_t noise(unsigned k, const point &t, const point &s)
    {
        return quell_plan_noise(plan_, k, &t, &s);
    }
    uint32_t noise_piece(unsigned piece, const point &t, const point &s)
    {
        return quell_plan_noise_piece(plan_, piece, &t, &s);
    }

    /* Ends a transition from t to s, two points of the builder's grid that follow each other. */
    void step(const point &t, const point &s) { quell_plan_step(plan_, &t, &s); }

    /* Makes the plan fail with this status and message. */
    void refuse(quell_status status, const std::string &message)
    {
        quell_plan_refuse(plan_, status, message.c_str());
    }

    /* For the C interface. */
    quell_plan *get() const noexcept { return plan_; }

  private:
    quell_plan *plan_;
};

} // namespace quell
#endif
