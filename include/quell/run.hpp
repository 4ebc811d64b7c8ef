/* SPDX-License-Identifier: MIT */
/* One run: which samples, on what threads, watched by whom. */
#ifndef QUELL_RUN_HPP
#define QUELL_RUN_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <quell/callback.hpp>
#include <quell/plan.hpp>
#include <quell/run.h>
#include <quell/span.hpp>

namespace quell
{

/* What quell_run says, but for the count, which is the length of x.
 *
 * classes: one for each sample, or none; what it views must last as long as the call.
 * progress: function(const quell_progress &), called some 20 times a second.
 * observe: function(size_t transition, const point &s, uint64_t first, span<const float> x), sees
 *   every tile after every transition; called from many threads.
 * parallel: function(size_t workers, body), the host's own threads: calls body(i) once for every
 *   i < workers, and returns when all are done. */
struct run {
    uint64_t seed = 0;
    uint64_t first = 0;
    size_t threads = 0;
    size_t tile = 0;
    std::string isa = {}; /* "": the widest there is */
    span<const int32_t> classes = {};
    callback<const quell_progress &> progress = {};
    callback<size_t, const point &, uint64_t, span<const float>> observe = {};
    std::function<void(size_t, const std::function<void(size_t)> &)> parallel = {};
};

namespace detail
{

/* A run on its way through C: its exceptions, its report, and the functions that C calls. */
class running
{
  public:
    running(const run &how, size_t dim, size_t values) : how_(how), dim_(dim)
    {
        size_t count = dim ? values / dim : 0;
        expect("run: x", values, count * dim);
        if (!how.classes.empty()) expect("run: classes", how.classes.size(), count);
        report_.sample = UINT64_MAX;
        c_ = quell_run_defaults();
        c_.seed = how.seed;
        c_.first = how.first;
        c_.count = count;
        c_.threads = how.threads;
        c_.tile = how.tile;
        c_.isa = how.isa.empty() ? nullptr : detail::text("run: isa", how.isa);
        c_.classes = how.classes.empty() ? nullptr : how.classes.data();
        c_.report = &report_;
        c_.context = &slot_;
        c_.progress_user = c_.observe_user = c_.host = this;
        if (how.progress) c_.progress = progress;
        if (how.observe) c_.observe = observe;
        if (how.parallel) c_.parallel = parallel;
    }
    running(const running &) = delete;
    running &operator=(const running &) = delete;

    /* Calls function(const quell_run *); throws its failure with where it was. */
    template <class F> void operator()(F &&function)
    {
        quell_status status;
        {
            scope inside(slot_);
            status = function(&c_);
        }
        slot_.rethrow();
        if (status != QUELL_OK && report_.sample != UINT64_MAX)
            throw error(status, quell_error_message(), report_);
        check(status);
    }

  private:
    static running *self(void *user) noexcept { return static_cast<running *>(user); }

    static int progress(void *user, const quell_progress *at) noexcept
    {
        return guarded(&self(user)->slot_, UINT64_MAX, self(user)->how_.progress, *at);
    }

    static int observe(void *user, size_t transition, const quell_point *s, uint64_t first,
                       size_t rows, const float *x) noexcept
    {
        return guarded(&self(user)->slot_, first, self(user)->how_.observe, transition, *s, first,
                       span<const float>(x, rows * self(user)->dim_));
    }

    static int parallel(void *user, size_t workers, void (*body)(void *, size_t),
                        void *data) noexcept
    {
        const std::function<void(size_t)> one = [=](size_t i) { body(data, i); };
        return guarded(&self(user)->slot_, UINT64_MAX, self(user)->how_.parallel, workers, one);
    }

    const run &how_;
    size_t dim_;
    quell_run c_;
    quell_report report_{};
    slot slot_;
};

} // namespace detail
} // namespace quell
#endif
