/* SPDX-License-Identifier: MIT */
/* Noise schedules: t in [0, 1] -> (alpha_t, sigma_t), where alpha_t / sigma_t falls as t rises. */
#ifndef QUELL_SCHEDULE_HPP
#define QUELL_SCHEDULE_HPP

#include <memory>
#include <string>
#include <quell/callback.hpp>
#include <quell/schedule.h>
#include <quell/span.hpp>

namespace quell
{

/* alpha and sigma of a schedule at one time. */
struct scales {
    double alpha;
    double sigma;
};

/* A schedule never changes, and any number of threads may use it. After it was moved from, it may
 * only be assigned to or destroyed. Samplers hold the schedule that they are made with. */
class schedule
{
  public:
    /* By name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]" (quell_schedule_create). */
    explicit schedule(const std::string &spec)
    {
        quell_schedule *made = nullptr;
        detail::check(quell_schedule_create(&made, detail::text("schedule: spec", spec)));
        handle_.reset(made);
    }

    /* Discrete, from a table of betas in (0, 1), the last of which may be 1. */
    static schedule from_betas(span<const double> betas)
    {
        quell_schedule *made = nullptr;
        const double none = 0; // C takes no NULL, and says how many betas there must be
        const double *first = betas.empty() ? &none : betas.data();
        detail::check(quell_schedule_from_betas(&made, betas.size(), first));
        return schedule(made);
    }

    /* The caller's own: scales function(double t). quell_schedule_from_function says in
     * which threads it is called. */
    template <class F> static schedule from_function(F function)
    {
        static_assert(std::is_invocable_r_v<scales, F &, double>,
                      "takes (double t), and returns scales");
        detail::refuse_empty("schedule", function);
        auto own = std::make_unique<F>(std::move(function));
        quell_schedule *made = nullptr;
        detail::check(
            quell_schedule_from_function(&made, evaluate<F>, own.get(), detail::destroy<F>));
        own.release();
        return schedule(made);
    }

    schedule(schedule &&) noexcept = default;
    schedule &operator=(schedule &&) noexcept = default;

    /* alpha_t and sigma_t; t in [0, 1]. */
    scales at(double t) const
    {
        scales result{};
        detail::call([&] { return quell_schedule_at(get(), t, &result.alpha, &result.sigma); });
        return result;
    }

    /* For the C interface. */
    const quell_schedule *get() const noexcept { return handle_.get(); }

  private:
    struct free {
        void operator()(quell_schedule *old) const noexcept { quell_schedule_free(old); }
    };

    explicit schedule(quell_schedule *made) noexcept : handle_(made) {}

    template <class F>
    static int evaluate(void *user, double t, double *alpha, double *sigma) noexcept
    {
        auto ask = [=] {
            scales result = std::invoke(*static_cast<F *>(user), t);
            *alpha = result.alpha;
            *sigma = result.sigma;
        };
        return detail::guarded(detail::innermost(), 0, ask);
    }

    std::unique_ptr<quell_schedule, free> handle_;
};

} // namespace quell
#endif
