/* SPDX-License-Identifier: MIT */
/* Runs: what is drawn, and how it is drawn. */
#ifndef QUELL_RUN_HPP
#define QUELL_RUN_HPP

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <quell/callback.hpp>
#include <quell/condition.hpp>
#include <quell/grid.hpp>
#include <quell/run.h>
#include <quell/span.hpp>

namespace quell
{

/* What is drawn (quell_draw). The count is not here: it follows from the length of x. A draw has
 * copies of all that it is given, so that nothing else needs to last.
 *
 * seed, first: the seed, and the index of the first sample.
 *
 * seeds, indices: the seed of each sample, in place of `seed`, and the index of each sample, in
 *   place of `first`; or empty.
 *
 * classes: the class of each sample, or empty.
 * conditions: the conditions of the samples, each of those that the denoiser takes once.
 *
 * negative_classes, negative_conditions: the class and the conditions that the guidance of a
 *   denoiser by itself leads away from, in place of no class and none of a condition.
 *
 * part: whether these samples are a part of a larger set, such as a batch of a long run, so that
 *   guidance need not change any of them. */
struct draw {
    uint64_t seed = 0;
    uint64_t first = 0;

    values<uint64_t> seeds = {};
    values<uint64_t> indices = {};

    values<int32_t> classes = {};
    std::vector<condition> conditions = {};

    values<int32_t> negative_classes = {};
    std::vector<condition> negative_conditions = {};

    bool part = false;
};

/* How it is drawn (quell_run). Nothing here changes a bit of a sample.
 *
 * threads: the upper bound on the number of threads; 0: as many as the machine allows.
 * tile: how many samples a thread draws at a time; 0: as many as fit its cache.
 * isa: the name of the instruction set; "": quell_isa_default().
 * progress: function(const quell_progress &), which is told of the progress, some 20 to 40 times a
 *   second.
 * observe: function(size_t transition, const point &s, const quell_call &told,
 *   span<const float> x), which sees every tile after every transition (quell_observe_fn). It is
 *   called from many threads at once.
 * parallel: function(size_t workers, body), the host's own parallel-for in place of quell's
 *   threads: it calls body(i) once for every i < workers, and returns when all are done. */
struct run {
    size_t threads = 0;
    size_t tile = 0;
    std::string isa = {};
    callback<const quell_progress &> progress = {};
    callback<size_t, const point &, const quell_call &, span<const float>> observe = {};
    std::function<void(size_t, const std::function<void(size_t)> &)> parallel = {};
};

namespace detail
{

/* A run while it is inside C: its exceptions, and the functions that C calls. */
class running
{
  public:
    running(const draw &what, const run &how, size_t dim, size_t values)
        : how_(how), conditions_(c_conditions(what.conditions)),
          negative_conditions_(c_conditions(what.negative_conditions))
    {
        size_t count = expect_rows("run: x", values, dim);
        draw_ = quell_draw_defaults();
        draw_.seed = what.seed;
        draw_.first = what.first;
        draw_.count = count;
        draw_.classes = optional_data("draw: classes", what.classes, count);
        draw_.seeds = optional_data("draw: seeds", what.seeds, count);
        draw_.indices = optional_data("draw: indices", what.indices, count);
        draw_.context = &slot_;
        draw_.conditions = conditions_.empty() ? nullptr : conditions_.data();
        draw_.condition_count = conditions_.size();
        draw_.negative_classes =
            optional_data("draw: negative_classes", what.negative_classes, count);
        draw_.negative_conditions =
            negative_conditions_.empty() ? nullptr : negative_conditions_.data();
        draw_.negative_condition_count = negative_conditions_.size();
        draw_.part = what.part;
        run_ = quell_run_defaults();
        run_.threads = how.threads;
        run_.tile = how.tile;
        run_.isa = how.isa.empty() ? nullptr : detail::text("run: isa", how.isa);
        if (how.progress) run_.progress = progress, run_.progress_user = this;
        if (how.observe) run_.observe = observe, run_.observe_user = this;
        if (how.parallel) run_.parallel = parallel, run_.host = this;
    }
    running(const running &) = delete;
    running &operator=(const running &) = delete;

    /* Calls function(const quell_draw *, const quell_run *), and throws if that fails. */
    template <class F> void operator()(F &&function)
    {
        call(slot_, [&] { return function(&draw_, &run_); });
    }

  private:
    static running *self(void *user) noexcept { return static_cast<running *>(user); }

    static int progress(void *user, const quell_progress *at) noexcept
    {
        return guarded(&self(user)->slot_, UINT64_MAX, self(user)->how_.progress, *at);
    }

    static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                       const float *x) noexcept
    {
        return guarded(&self(user)->slot_, told->first, self(user)->how_.observe, transition, *s,
                       *told, span<const float>(x, told->rows * told->dim));
    }

    static int parallel(void *user, size_t workers, void (*body)(void *, size_t),
                        void *data) noexcept
    {
        const std::function<void(size_t)> one = [=](size_t i) { body(data, i); };
        return guarded(&self(user)->slot_, UINT64_MAX, self(user)->how_.parallel, workers, one);
    }

    const run &how_;
    std::vector<quell_condition> conditions_, negative_conditions_;
    quell_draw draw_;
    quell_run run_;
    slot slot_;
};

} // namespace detail
} // namespace quell
#endif
