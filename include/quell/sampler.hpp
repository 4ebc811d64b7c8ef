/* SPDX-License-Identifier: MIT */
/* Samplers: they take x_1 to x_0 in T transitions of a reverse process. */
#ifndef QUELL_SAMPLER_HPP
#define QUELL_SAMPLER_HPP

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>
#include <quell/denoiser.hpp>
#include <quell/plan.hpp>
#include <quell/run.hpp>
#include <quell/sampler.h>
#include <quell/schedule.hpp>
#include <quell/transition.hpp>

namespace quell
{

/* What a sampler is made with; quell_sampler_options says more.
 *
 * steps: the number of steps; 0: not given.
 * start, stop: the first and the last time.
 * times, sigmas: the times of the grid, or its values of sigma / alpha, which fall. If one of the
 *   two is given, it also sets the number of steps.
 * clamp_low, clamp_high: bounds that the denoiser's output is clamped to, from below and from
 *   above.
 * prior_mean, prior_variance: the mean and the variance of X, one value or one per element.
 * grid: how the steps are placed in time; "": not given.
 * brownian: whether the noise of a step is an increment of a Brownian path.
 * threshold: the quantile of dynamic thresholding of the denoiser's output; 0: none.
 * threshold_max: the upper bound on this threshold. */
struct sampler_options {
    size_t steps = 0;
    double start = 1;
    double stop = 0;
    std::vector<double> times = {};
    std::vector<double> sigmas = {};
    double clamp_low = -std::numeric_limits<double>::infinity();
    double clamp_high = std::numeric_limits<double>::infinity();
    std::vector<double> prior_mean = {};
    std::vector<double> prior_variance = {};
    std::string grid = {};
    bool brownian = false;
    double threshold = 0;
    double threshold_max = std::numeric_limits<double>::infinity();
};

namespace detail
{

/* The options for C. Their pointers lead into `from` and into this object. */
class c_options
{
  public:
    /* dim: of the denoiser, as far as it is known; 0: it is not. */
    explicit c_options(const sampler_options &from, size_t dim = 0)
        : mean_(from.prior_mean), variance_(from.prior_variance)
    {
        c_ = quell_sampler_defaults();
        check_size("sampler: prior_mean", mean_.size(), dim);
        check_size("sampler: prior_variance", variance_.size(), dim);
        set_grid(from);
        set_init();
        c_.clamp_low = from.clamp_low;
        c_.clamp_high = from.clamp_high;
        c_.brownian = from.brownian;
        c_.threshold = from.threshold;
        c_.threshold_max = from.threshold_max;
    }
    c_options(const c_options &) = delete;
    c_options &operator=(const c_options &) = delete;

    const quell_sampler_options *get() const noexcept { return &c_; }

  private:
    void set_grid(const sampler_options &from)
    {
        c_.steps = from.steps;
        c_.start = from.start;
        c_.stop = from.stop;
        if (!from.grid.empty()) c_.grid = detail::text("sampler: grid", from.grid);
        if (!from.times.empty() && !from.sigmas.empty())
            throw error(QUELL_BAD_ARGUMENT, "sampler: times and sigmas are given; leave one out");
        const std::vector<double> &given = from.times.empty() ? from.sigmas : from.times;
        if (!given.empty()) {
            if (given.size() < 2)
                throw error(QUELL_BAD_ARGUMENT, std::string("sampler: ") +
                                                    (from.times.empty() ? "sigmas" : "times") +
                                                    ": 1 value, must be 2 or more");
            if (from.steps && from.steps + 1 != given.size())
                throw error(QUELL_BAD_ARGUMENT,
                            "sampler: steps is " + std::to_string(from.steps) + ", but there are " +
                                std::to_string(given.size()) +
                                (from.times.empty() ? " sigmas" : " times") + ", which make " +
                                std::to_string(given.size() - 1) + " step" +
                                (given.size() == 2 ? "" : "s") + "; leave steps out");
            c_.steps = given.size() - 1;
        }
        c_.times = from.times.empty() ? nullptr : from.times.data();
        c_.sigmas = from.sigmas.empty() ? nullptr : from.sigmas.data();
    }

    static void check_size(const std::string &what, size_t size, size_t dim)
    {
        if (size > 1 && dim && size != dim)
            throw error(QUELL_BAD_ARGUMENT, what + ": " + number_of_values(size) +
                                                ", must be 1 or " + std::to_string(dim));
    }

    /* The mean and the variance may each have one value, though the other has more. */
    void set_init()
    {
        c_.prior_dim = std::max({mean_.size(), variance_.size(), size_t(1)});
        if (mean_.size() == 1) mean_.resize(c_.prior_dim, mean_[0]);
        if (variance_.size() == 1) variance_.resize(c_.prior_dim, variance_[0]);
        c_.prior_mean =
            optional_data("sampler: prior_mean", span<const double>(mean_), c_.prior_dim);
        c_.prior_variance =
            optional_data("sampler: prior_variance", span<const double>(variance_), c_.prior_dim);
    }

    quell_sampler_options c_;
    std::vector<double> mean_, variance_;
};

} // namespace detail

/* A sampler never changes, and any number of threads may use it: several runs on it may go on at
 * once. After it was moved from, it may only be assigned to or destroyed. It holds its denoiser and
 * its schedule. */
class sampler
{
  public:
    /* By name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]" (quell_sampler_create). */
    sampler(const std::string &spec, const denoiser &denoiser, const schedule &schedule,
            const sampler_options &options = {})
    {
        make(options, denoiser, [&](quell_sampler **made, const quell_sampler_options *c) {
            return quell_sampler_create(made, detail::text("sampler: spec", spec), denoiser.get(),
                                        schedule.get(), c);
        });
    }

    /* By the caller's own builder: function(plan &, span<const point> grid), called here for the
     * whole grid, and by step for one transition. */
    template <class F>
    static sampler from_builder(F function, const denoiser &denoiser, const schedule &schedule,
                                const sampler_options &options = {})
    {
        static_assert(std::is_invocable_v<F &, plan &, span<const point>>,
                      "takes (plan &plan, span<const point> grid)");
        detail::refuse_empty("sampler", function);
        auto own = std::make_unique<F>(std::move(function));
        sampler result;
        result.make(options, denoiser, [&](quell_sampler **made, const quell_sampler_options *c) {
            return quell_sampler_from_builder(made, build<F>, own.get(), detail::destroy<F>,
                                              denoiser.get(), schedule.get(), c);
        });
        own.release();
        return result;
    }

    /* By the caller's own transition: function(transition &, const point &t, const point &s,
     * span<float> x) takes x[rows][dim] from x_t to x_s; called from many threads at once. */
    template <class F>
    static sampler from_step(F function, const denoiser &denoiser, const schedule &schedule,
                             const sampler_options &options = {})
    {
        static_assert(
            std::is_invocable_v<F &, transition &, const point &, const point &, span<float>>,
            "takes (transition &, const point &t, const point &s, span<float> x)");
        detail::refuse_empty("sampler", function);
        auto own = std::make_unique<F>(std::move(function));
        sampler result;
        result.make(options, denoiser, [&](quell_sampler **made, const quell_sampler_options *c) {
            return quell_sampler_from_step(made, take_step<F>, own.get(), detail::destroy<F>,
                                           denoiser.get(), schedule.get(), c);
        });
        own.release();
        return result;
    }

    sampler(sampler &&) noexcept = default;
    sampler &operator=(sampler &&) noexcept = default;

    /* Draws samples and writes them to x[count][dim]. If it throws on the way, x holds finished and
     * unfinished samples. */
    void sample(const draw &what, span<float> x, const run &how = {}) const
    {
        detail::running(what, how, dim(), x.size())(
            [&](auto *draw, auto *run) { return quell_sample(get(), draw, run, x.data()); });
    }

    /* Draws `count` samples and returns them, x[count][dim]. */
    std::vector<float> sample(const draw &what, size_t count, const run &how = {}) const
    {
        std::vector<float> x;
        if (dim() && count > x.max_size() / dim())
            throw error(QUELL_BAD_ARGUMENT, "sampler: more samples than memory can hold");
        try {
            x.resize(count * dim());
        } catch (const std::bad_alloc &) {
            throw error(QUELL_NO_MEMORY,
                        "sampler: no memory for " + std::to_string(count) + " samples");
        }
        sample(what, x, how);
        return x;
    }

    /* Draws the initial states only, and writes them to x[count][dim]. */
    void sample_prior(const draw &what, span<float> x, const run &how = {}) const
    {
        detail::running(what, how, dim(), x.size())(
            [&](auto *draw, auto *run) { return quell_sample_prior(get(), draw, run, x.data()); });
    }

    /* Draws samples from initial states of the caller's: takes x[count][dim] from the sampler's
     * first time to its last in place. Errors are those of sample. */
    void sample_from(const draw &what, span<float> x, const run &how = {}) const
    {
        detail::running(what, how, dim(), x.size())(
            [&](auto *draw, auto *run) { return quell_sample_from(get(), draw, run, x.data()); });
    }

    /* Makes one transition: takes x[count][dim] from x_t to x_s in place, 1 >= t >= s >= 0. */
    void step(const draw &what, double t, double s, span<float> x, const run &how = {}) const
    {
        detail::running(what, how, dim(), x.size())(
            [&](auto *draw, auto *run) { return quell_step(get(), draw, run, t, s, x.data()); });
    }

    /* Evaluates the denoiser, with the sampler's clamp or threshold:
     * out[count][dim] = E[X | x_t = x]. `out` may be x, but must not overlap it in part. */
    void denoise(const draw &what, double t, span<const float> x, span<float> out,
                 const run &how = {}) const
    {
        detail::running inside(what, how, dim(), x.size());
        detail::expect("denoise: out", out.size(), x.size());
        inside([&](auto *draw, auto *run) {
            return quell_denoise(get(), draw, run, t, x.data(), out.data());
        });
    }

    /* The number of elements of a sample, of steps, and of evaluations of the denoiser for one
     * sample (0: not known in advance). */
    size_t dim() const noexcept { return quell_sampler_dim(get()); }
    size_t steps() const noexcept { return quell_sampler_steps(get()); }
    size_t evaluations() const noexcept { return quell_sampler_evaluations(get()); }

    /* A digest of all that the samples depend on, apart from the draw (quell_sampler_digest). */
    uint64_t digest() const noexcept { return quell_sampler_digest(get()); }

    /* The grid: steps() + 1 points from the first time to the last. They are valid as long as the
     * sampler; of a temporary one they are a copy. */
    span<const point> grid() const & noexcept
    {
        const quell_point *points = quell_sampler_grid(get());
        return points ? span<const point>(points, steps() + 1) : span<const point>();
    }
    values<point> grid() const && { return grid(); }

    /* The plan as data: its operations (quell/operation.h). */
    std::vector<operation> operations() const
    {
        std::vector<operation> all(quell_sampler_operations(get()), quell_operation_init());
        for (size_t i = 0; i < all.size(); i++)
            detail::check(quell_sampler_operation(get(), i, &all[i]));
        return all;
    }

    /* The plan as text. */
    std::string print() const
    {
        std::string text(quell_sampler_print(get(), nullptr, 0), '\0');
        quell_sampler_print(get(), text.data(), text.size() + 1);
        return text;
    }

    /* For the C interface. */
    const quell_sampler *get() const noexcept { return handle_.get(); }

  private:
    struct free {
        void operator()(quell_sampler *old) const noexcept { quell_sampler_free(old); }
    };

    sampler() = default;

    template <class Create>
    void make(const sampler_options &options, const denoiser &denoiser, Create &&create)
    {
        detail::c_options c(options, denoiser.dim());
        quell_sampler *made = nullptr;
        detail::call([&] { return create(&made, c.get()); });
        handle_.reset(made);
    }

    template <class F>
    static int build(void *user, quell_plan *c, const quell_point *grid, size_t steps) noexcept
    {
        plan own(c);
        return detail::guarded(detail::innermost(), 0, *static_cast<F *>(user), own,
                               span<const point>(grid, steps + 1));
    }

    template <class F>
    static int take_step(void *user, quell_transition *c, const quell_point *t,
                         const quell_point *s, float *x) noexcept
    {
        transition own(c);
        return detail::guarded(detail::slot_of(quell_transition_context(c)), own.first(),
                               *static_cast<F *>(user), own, *t, *s,
                               span<float>(x, own.rows() * own.dim()));
    }

    std::unique_ptr<quell_sampler, free> handle_;
};

} // namespace quell
#endif
