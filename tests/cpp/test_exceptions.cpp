/* SPDX-License-Identifier: MIT */
/* What the caller's functions throw arrives in the call that it was thrown in, the same object, and
 * leaves everything usable. */
#include "check.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace
{

struct mine {
    uint64_t sample;
};

constexpr size_t dim = 2, count = 64;

quell::draw from(uint64_t first)
{
    quell::draw draw;
    draw.first = first;
    return draw;
}

quell::run in_threads()
{
    quell::run run;
    run.threads = 4;
    run.tile = 1;
    return run;
}

quell::sampler sampler_of(const quell::denoiser &denoiser)
{
    quell::sampler_options options;
    options.steps = 4;
    return quell::sampler("ddim", denoiser, quell::schedule("vp"), options);
}

/* Throws at every sample of a run that does not start at 0. */
void throw_elsewhere(const quell_call &call, quell::span<const float> x, quell::span<float> mean)
{
    if (call.first >= 1000) throw mine{call.first};
    halve(call, x, mean);
}

} // namespace

TEST(denoiser_throws_in_many_threads)
{
    auto sampler = sampler_of(quell::denoiser::from_function(dim, throw_elsewhere));
    auto fine = sampler.sample({}, count, in_threads());
    for (int i = 0; i < 20; i++) {
        auto caught = thrown<mine>([&] { sampler.sample(from(1000), count, in_threads()); });
        CHECK(caught.sample >= 1000 && caught.sample < 1000 + count);
    }
    quell::run one = in_threads();
    one.threads = 1;
    CHECK(thrown<mine>([&] { sampler.sample(from(1000), count, one); }).sample == 1000);
    CHECK(same_bits(sampler.sample({}, count, in_threads()), fine));
}

/* Four workers of the host's throw one after the other, that of the lowest sample third. */
TEST(the_lowest_sample_wins)
{
    std::atomic<int> arrived{0};
    auto sampler = sampler_of(quell::denoiser::from_function(
        dim, [&](const quell_call &call, quell::span<const float>, quell::span<float>) {
            arrived++;
            while (arrived < 4) std::this_thread::yield();
            auto wait = call.first == 1000 ? 50 : call.first == 1001 ? 100 : 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(wait));
            throw mine{call.first};
        }));
    quell::run run = in_threads();
    run.parallel = [](size_t workers, const std::function<void(size_t)> &body) {
        std::vector<std::thread> threads;
        for (size_t i = 0; i < workers; i++) threads.emplace_back(body, i);
        for (std::thread &thread : threads) thread.join();
    };
    CHECK(thrown<mine>([&] { sampler.sample(from(1000), 4, run); }).sample == 1000);
    CHECK(arrived == 4);
}

/* Runs that go on at once, on one sampler: each gets its own exception, or none. */
TEST(runs_do_not_mix)
{
    auto sampler = sampler_of(quell::denoiser::from_function(dim, throw_elsewhere));
    auto fine = sampler.sample({}, count, in_threads());
    std::atomic<int> wrong{0};
    auto body = [&](uint64_t own) {
        for (int i = 0; i < 50; i++) {
            try {
                auto x = sampler.sample(from(own), count, in_threads());
                if (own || !same_bits(x, fine)) wrong++;
            } catch (const mine &caught) {
                if (!own || caught.sample / 1000 != own / 1000) wrong++;
            }
        }
    };
    std::vector<std::thread> threads;
    for (uint64_t own = 0; own < 4; own++) threads.emplace_back(body, own * 1000);
    for (std::thread &thread : threads) thread.join();
    CHECK(wrong == 0);
}

TEST(the_same_object)
{
    std::exception_ptr object;
    auto denoiser = quell::denoiser::from_function(
        dim, [&](const quell_call &, quell::span<const float>, quell::span<float>) {
            object = std::make_exception_ptr(std::runtime_error("one"));
            std::rethrow_exception(object);
        });
    auto sampler = sampler_of(denoiser);
    quell::run run;
    run.threads = 1;
    std::exception_ptr caught;
    try {
        sampler.sample({}, 1, run);
    } catch (...) {
        caught = std::current_exception();
    }
    CHECK(caught && caught == object);
}

TEST(watchers_throw)
{
    auto sampler = sampler_of(quell::denoiser::from_function(dim, halve));
    std::vector<float> x(count * dim);
    quell::run run = in_threads();
    run.progress = [](const quell_progress &) { throw mine{1}; };
    CHECK(thrown<mine>([&] { sampler.sample_from({}, x, run); }).sample == 1);
    run.progress = {};
    run.observe = [](size_t transition, const quell::point &s, const quell_call &told,
                     quell::span<const float> rows) {
        CHECK(rows.size() == dim && told.rows == 1 && told.t == s.t);
        if (transition == 2) throw mine{told.first};
    };
    CHECK(thrown<mine>([&] { sampler.sample_from({}, x, run); }).sample < count);
    run.observe = {};
    run.parallel = [](size_t, const std::function<void(size_t)> &) { throw mine{3}; };
    CHECK(thrown<mine>([&] { sampler.sample_from({}, x, run); }).sample == 3);
    run.parallel = [](size_t, const std::function<void(size_t)> &) {};
    auto undone = thrown<quell::error>([&] { sampler.sample_from({}, x, run); });
    CHECK(undone.status() == QUELL_DENOISER_FAILED);
}

TEST(results_as_in_c)
{
    auto returning = [](int result) {
        return quell::denoiser::from_function(dim,
                                              [result](const quell_call &call, auto in, auto out) {
                                                  halve(call, in, out);
                                                  return call.first == 5 ? result : 0;
                                              });
    };
    auto run = in_threads();
    run.threads = 1;
    auto stopped = thrown<quell::error>([&] { sampler_of(returning(1)).sample({}, count, run); });
    CHECK(stopped.status() == QUELL_STOPPED && stopped.sample() == 5u);
    CHECK(std::string(stopped.what()) == quell_error_message());
    CHECK(status_of([&] { sampler_of(returning(-1)).sample({}, count, run); }) ==
          QUELL_DENOISER_FAILED);
    auto fine = sampler_of(returning(0));
    run.progress = [](const quell_progress &at) { return at.total == count * 4 ? 1 : 0; };
    auto early = thrown<quell::error>([&] { fine.sample({}, count, run); });
    CHECK(early.status() == QUELL_STOPPED && !early.sample());
}

/* A std::function that a host passes on may be empty: then nothing is told, or it is refused where
 * one must be given. */
TEST(empty_functions)
{
    auto denoiser = quell::denoiser::from_function(dim, halve);
    auto fine = sampler_of(denoiser);
    quell::schedule schedule("vp");
    std::vector<float> x(dim);
    auto run = in_threads();
    run.progress = std::function<void(const quell_progress &)>();
    CHECK(!run.progress);
    run.progress = static_cast<int (*)(const quell_progress &)>(nullptr);
    run.observe = std::function<int(size_t, const quell::point &, const quell_call &,
                                    quell::span<const float>)>();
    run.parallel = {};
    CHECK(!run.progress && !run.observe);
    fine.sample({}, x, run);
    run.progress = [](const quell_progress &) {};
    CHECK(run.progress);
    quell::request request;
    request.observe = std::function<void(size_t, const quell::point &, const quell_call &,
                                         quell::span<const float>)>();
    quell::queue().submit(fine, {}, x, request).wait();

    auto says = [](auto make) { return std::string(thrown<quell::error>(make).what()); };
    using denoise =
        std::function<void(const quell_call &, quell::span<const float>, quell::span<float>)>;
    using step = std::function<void(quell::transition &, const quell::point &, const quell::point &,
                                    quell::span<float>)>;
    using build = std::function<void(quell::plan &, quell::span<const quell::point>)>;
    CHECK(says([] { quell::denoiser::from_function(dim, denoise()); }) ==
          "denoiser: the function is empty");
    CHECK(says([] { quell::schedule::from_function(std::function<quell::scales(double)>()); }) ==
          "schedule: the function is empty");
    CHECK(says([&] { quell::sampler::from_step(step(), denoiser, schedule); }) ==
          "sampler: the function is empty");
    CHECK(says([&] { quell::sampler::from_builder(build(), denoiser, schedule); }) ==
          "sampler: the function is empty");
}

/* What a function has handled is not what it stops for. */
TEST(stops_after_a_failure)
{
    auto sampler = sampler_of(quell::denoiser::from_function(
        dim, [](const quell_call &, quell::span<const float>, quell::span<float>) {
            try {
                quell::schedule("nope");
            } catch (const quell::error &) {
            }
            return 1;
        }));
    auto stopped = thrown<quell::error>([&] { sampler.sample({}, 1); });
    CHECK(stopped.status() == QUELL_STOPPED);
    CHECK(std::string(stopped.what()) ==
          "run: sample 0, transition 0: the denoiser returned a stop");
}

/* As in C: what is refused in a step ends the run, though the step catches it. */
TEST(steps_cannot_swallow)
{
    auto denoiser = quell::denoiser::from_function(dim, halve);
    quell::schedule schedule("vp");
    std::vector<float> x(dim), many(3 * dim);
    auto says = [&](auto refused) {
        auto step = [&](quell::transition &t, const quell::point &at, const quell::point &,
                        quell::span<float> rows) {
            try {
                refused(t, at, rows);
            } catch (const quell::error &) {
            }
        };
        auto sampler = quell::sampler::from_step(step, denoiser, schedule);
        return std::string(thrown<quell::error>([&] { sampler.sample_from({}, x); }).what());
    };
    CHECK(says([&](auto &t, auto &at, auto rows) { t.denoise(at, rows, many); }) ==
          "transition: out: 6 values, must be 2");
    CHECK(says([&](auto &t, auto &, auto) { t.noise(0, many); }) ==
          "transition: out: 6 values, must be 2");
    CHECK(says([&](auto &t, auto &, auto) { t.scratch(9); }) ==
          "transition: scratch 9: must be 0, 1, 2 or 3");
}

TEST(schedules_and_builders_throw)
{
    auto denoiser = quell::denoiser::from_function(dim, halve);
    bool bad = false;
    auto schedule = quell::schedule::from_function([&bad](double t) {
        if (bad) throw mine{4};
        return quell::scales{1 - 0.9 * t, 0.1 + t};
    });
    quell::sampler sampler("ddim", denoiser, schedule);
    std::vector<float> x(dim);
    bad = true;
    CHECK(thrown<mine>([&] { schedule.at(0.5); }).sample == 4);
    CHECK(thrown<mine>([&] { quell::sampler("ddim", denoiser, schedule); }).sample == 4);
    CHECK(thrown<mine>([&] { sampler.step({}, 1, 0.5, x); }).sample == 4);
    bad = false;
    sampler.step({}, 1, 0.5, x);

    auto throwing = [](quell::plan &, quell::span<const quell::point>) { throw mine{6}; };
    CHECK(thrown<mine>([&] {
              quell::sampler::from_builder(throwing, denoiser, schedule);
          }).sample == 6);
    auto refusing = [](quell::plan &plan, quell::span<const quell::point>) {
        plan.refuse(QUELL_UNSUPPORTED, "not today");
    };
    auto refused =
        thrown<quell::error>([&] { quell::sampler::from_builder(refusing, denoiser, schedule); });
    CHECK(refused.status() == QUELL_UNSUPPORTED);
    CHECK(std::string(refused.what()).find("not today") != std::string::npos);

    auto backwards = [](quell::plan &plan, quell::span<const quell::point> grid) {
        for (size_t i = grid.size() - 1; i > 0; i--) plan.step(grid[i - 1], grid[i]);
    };
    refused =
        thrown<quell::error>([&] { quell::sampler::from_builder(backwards, denoiser, schedule); });
    CHECK(refused.status() == QUELL_BAD_ARGUMENT);
    CHECK(std::string(refused.what()).find("must be from grid[0] to grid[1]") != std::string::npos);
}

/* In a transition, the denoiser's exception is the step's to handle. */
TEST(steps_throw_and_catch)
{
    auto denoiser =
        quell::denoiser::from_function(dim, [](const quell_call &call, quell::span<const float>,
                                               quell::span<float>) { throw mine{call.first}; });
    bool handle = true;
    auto sampler = quell::sampler::from_step(
        [&handle](quell::transition &at, const quell::point &t, const quell::point &,
                  quell::span<float> x) {
            try {
                at.denoise(t, x, at.scratch(0));
            } catch (const mine &caught) {
                if (!handle || caught.sample != at.first()) throw;
            }
            CHECK(at.rows() == 1 && at.dim() == dim && at.index() < 64);
            CHECK(at.at(t.t).alpha == t.alpha);
        },
        denoiser, quell::schedule("vp"));
    std::vector<float> x(count * dim);
    sampler.sample_from({}, x, in_threads());
    handle = false;
    CHECK(thrown<mine>([&] { sampler.sample_from({}, x, in_threads()); }).sample < count);
}

TEST(runs_in_runs)
{
    auto inner = sampler_of(quell::denoiser::from_function(dim, throw_elsewhere));
    auto outer = sampler_of(quell::denoiser::from_function(
        dim, [&inner](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
            auto caught = thrown<mine>([&] { inner.sample(from(1000), 3, in_threads()); });
            CHECK(caught.sample >= 1000);
            if (call.first == 7) throw mine{7};
            halve(call, x, mean);
        }));
    CHECK(thrown<mine>([&] { outer.sample({}, 20, in_threads()); }).sample == 7);
}
