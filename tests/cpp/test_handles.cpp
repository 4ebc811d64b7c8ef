/* SPDX-License-Identifier: MIT */
/* Handles: moves, lifetimes, errors, models, names and spans. */
#include "check.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <type_traits>
#if __cplusplus >= 202002L
#include <span>
#endif

template <class T>
constexpr bool moves_only =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;
static_assert(moves_only<quell::denoiser> && moves_only<quell::schedule> &&
              moves_only<quell::sampler> && moves_only<quell::model>);

/* A function that can only be moved, and that tells when it is gone. */
struct counted {
    std::unique_ptr<int> own = std::make_unique<int>(1);
    int *gone;
    explicit counted(int *gone_) : gone(gone_) {}
    counted(counted &&) = default;
    ~counted() { *gone += own != nullptr; }
    void operator()(const quell_call &call, quell::span<const float> x, quell::span<float> mean)
    {
        halve(call, x, mean);
    }
    quell::scales operator()(double t) { return {1 - 0.9 * t, 0.1 + t}; }
    void operator()(quell::transition &, const quell::point &, const quell::point &,
                    quell::span<float>)
    {
    }
};

TEST(functions_live_as_long_as_they_are_held)
{
    int denoisers = 0, schedules = 0, stepped = 0;
    {
        auto make = [&] {
            auto denoiser = quell::denoiser::from_function(2, counted(&denoisers));
            auto schedule = quell::schedule::from_function(counted(&schedules));
            return quell::sampler::from_step(counted(&stepped), denoiser, schedule);
        };
        quell::sampler sampler = make(), other = std::move(sampler);
        CHECK(denoisers == 0 && schedules == 0 && stepped == 0);
        std::vector<float> x(2);
        other.step({}, 1, 0.5, x);
        sampler = std::move(other);
        sampler.sample_from({}, x);
        CHECK(denoisers == 0 && schedules == 0 && stepped == 0);
        sampler = make();
        CHECK(denoisers == 1 && schedules == 1 && stepped == 1);
    }
    CHECK(denoisers == 2 && schedules == 2 && stepped == 2);

    quell::function_options options;
    options.output = "nonsense";
    CHECK(status_of([&] { quell::denoiser::from_function(2, counted(&denoisers), options); }) ==
          QUELL_BAD_ARGUMENT);
    CHECK(denoisers == 3);
}

TEST(errors)
{
    auto unknown = thrown<quell::error>([] { quell::schedule("nonsense"); });
    CHECK(unknown.status() == QUELL_NOT_FOUND && !unknown.sample() && !unknown.transition());
    CHECK(std::string(unknown.what()) == quell_error_message());
    CHECK(std::string(unknown.what()).find("nonsense") != std::string::npos);
    CHECK(quell::status_name(QUELL_NOT_FOUND) == "QUELL_NOT_FOUND");
    CHECK(quell::status_text(QUELL_NO_MEMORY) == "out of memory");

    auto lengths = [](auto call) { return status_of(call) == QUELL_BAD_ARGUMENT; };
    using quell::denoiser;
    CHECK(lengths([] { denoiser::from_isotropic(2, 1, {1, 2, 3}); }));
    CHECK(lengths([] { denoiser::from_covariance(2, {1, 0, 1}); }));
    CHECK(lengths([] { denoiser::from_mixture(2, {1, 1}, {0, 0, 1}, {1, 1}); }));
    CHECK(lengths([] { denoiser::from_diagonal_mixture(2, {1}, {0, 0}, {1}); }));
    CHECK(lengths([] { denoiser::from_points(2, {1, 2, 3}); }));
    CHECK(lengths([] { denoiser::from_points(0, {1, 2, 3}); }));

    quell::sampler sampler("ddim", denoiser::from_isotropic(2), quell::schedule("vp"));
    std::vector<float> odd(5), x(4);
    CHECK(lengths([&] { sampler.sample_from({}, odd); }));
    const int32_t classes[] = {0, 0, 0};
    quell::draw draw;
    draw.classes = classes;
    CHECK(lengths([&] { sampler.sample_from(draw, x); }));
    quell::run run;
    run.isa = "nonsense";
    CHECK(status_of([&] { sampler.sample_from({}, x, run); }) == QUELL_NOT_FOUND);

    x[3] = std::numeric_limits<float>::quiet_NaN();
    draw = {};
    draw.first = 30;
    auto infinite = thrown<quell::error>([&] { sampler.sample_from(draw, x); });
    CHECK(infinite.status() == QUELL_NOT_FINITE);
    CHECK(infinite.sample() == 31u && infinite.transition() == 0u);
}

/* No samples are samples, too; sizes that wrap around are none. */
TEST(empty_and_wrapped)
{
    using quell::denoiser;
    quell::sampler sampler("ddpm", denoiser::from_isotropic(2), quell::schedule("vp"));
    CHECK(sampler.sample({}, 0).empty());
    std::vector<float> none, some(4);
    sampler.sample_prior({}, none);
    sampler.sample_from({}, none);
    sampler.step({}, 1, 0.5, none);
    sampler.denoise({}, 0.5, none, none);
    quell::noise(7, QUELL_STREAM_INIT, 0, 0, none);

    auto refused = [](auto call) { return status_of(call) == QUELL_BAD_ARGUMENT; };
    const size_t most = std::numeric_limits<size_t>::max();
    CHECK(refused([&] { sampler.sample({}, most / 2 + 1); }));
    CHECK(refused([&] { sampler.denoise({}, 2, none, none); }));
    CHECK(refused([&] { sampler.denoise({}, 0.5, some, none); }));
    try {
        sampler.denoise({}, 0.5, {some.data(), 1}, some);
        CHECK(false); /* one value of two */
    } catch (const quell::error &caught) {
        CHECK(std::string(caught.what()).find("x: 1 value, must be a multiple of 2") !=
              std::string::npos);
    }
    CHECK(refused([&] { sampler.denoise({}, 0.5, {some.data(), 2}, {some.data() + 1, 2}); }));
    CHECK(refused([&] { denoiser::from_mixture(most / 2 + 1, {1, 1}, {}, {1, 1}); }));
    CHECK(refused([&] { denoiser::from_diagonal_mixture(most / 2 + 1, {1, 1}, {}, {}); }));
    CHECK(refused([&] { denoiser::from_covariance(size_t(1) << 32, {}); }));
    CHECK(refused([&] { denoiser::from_isotropic(most); }));
    quell::run run;
    run.threads = most; /* -1 */
    CHECK(refused([&] { sampler.sample_from({}, some, run); }));
    quell::draw draw;
    draw.first = most;
    CHECK(refused([&] { sampler.sample_from(draw, some); }));
    quell::sampler_options options;
    options.steps = most;
    CHECK(refused([&] {
        quell::sampler("ddpm", denoiser::from_isotropic(2), quell::schedule("vp"), options);
    }));
}

TEST(models)
{
    const std::string file = "cpp_model" + std::to_string(__cplusplus) + ".json";
    quell::model loaded("builtin:glyphs"), glyphs = std::move(loaded);
    CHECK(glyphs.image() && glyphs.shape().size() == 2 && glyphs.denoiser().classes() == 62);
    CHECK(glyphs.denoiser().dim() == glyphs.shape()[0] * glyphs.shape()[1]);
    std::unique_ptr<quell::sampler> sampler;
    {
        quell::model grid("builtin:grid25");
        grid.save(file);
        quell::schedule schedule(grid.schedule().empty() ? "vp" : grid.schedule());
        sampler = std::make_unique<quell::sampler>("ddim", grid.denoiser(), schedule);
        quell::model again(file);
        quell::sampler other("ddim", again.denoiser(), schedule);
        CHECK(same_bits(sampler->sample({}, 9), other.sample({}, 9)));
    }
    std::remove(file.c_str());
    CHECK(sampler->sample({}, 9).size() == 18); /* the model is gone */
    const std::vector<size_t> shape = {2, 1};
    auto plane = quell::denoiser::from_isotropic(2, 1.0);
    auto made = quell::model::from_denoiser(plane, shape, "cosine");
    CHECK(made.schedule() == "cosine" && made.shape().size() == 2 && made.denoiser().dim() == 2);
    CHECK(quell::model::from_denoiser(plane, shape).schedule().empty());
    CHECK(status_of([&] { quell::model::from_denoiser(plane, shape, "vpp"); }) == QUELL_NOT_FOUND);
    CHECK(status_of([] { quell::model("builtin:nonsense"); }) == QUELL_NOT_FOUND);
    CHECK(quell::model("builtin:glyphs", "bf16").denoiser().digest() !=
          quell::model("builtin:glyphs", "stored").denoiser().digest());
    CHECK(status_of([] { quell::model("builtin:grid25", "bf16"); }) == QUELL_UNSUPPORTED);
    CHECK(status_of([&] { glyphs.save(file); }) == QUELL_UNSUPPORTED);
}

/* What a temporary returns lasts as long as it is used: a copy, or what holds the model. */
TEST(temporaries)
{
    size_t size = 1, decoded = 1, times = 0;
    for (size_t extent : quell::model("builtin:glyphs").shape()) size *= extent;
    for (size_t extent : quell::model("builtin:glyphs").decoded_shape()) decoded *= extent;
    CHECK(size == 28 * 28 && decoded == size);
    auto plane = quell::denoiser::from_isotropic(2, 1.0);
    quell::schedule schedule("vp");
    quell::sampler named("ddim", plane, schedule);
    for (const quell::point &at : quell::sampler("ddim", plane, schedule).grid())
        CHECK(at.t == named.grid()[times++].t);
    CHECK(times == named.steps() + 1);
    const quell::denoiser &kept = quell::model("builtin:rings").denoiser();
    quell::denoiser other = quell::model("builtin:glyphs").denoiser();
    CHECK(other.classes() == 62 && other.dim() == size);
    other = quell::model("builtin:rings").denoiser();
    quell::draw draw;
    draw.classes = {0, 1};
    CHECK(same_bits(quell::sampler("ddim", kept, schedule).sample(draw, 2),
                    quell::sampler("ddim", other, schedule).sample(draw, 2)));
    using shape = quell::values<size_t>;
    using view = quell::span<const size_t>;
    static_assert(std::is_constructible_v<view, shape &> && !std::is_constructible_v<view, shape>);
}

TEST(lists)
{
    auto has = [](const auto &list, std::string_view name) {
        return std::any_of(list.begin(), list.end(),
                           [&](const auto &one) { return one.name == name; });
    };
    CHECK(has(quell::schedules(), "vp") && has(quell::grids(), "karras"));
    CHECK(has(quell::samplers(), "unipc") && has(quell::models(), "builtin:grid25"));
    for (const auto &one : quell::samplers())
        if (one.name == "heun") CHECK(one.order == 2 && !one.summary.empty());
    CHECK(quell::isas().at(0) == "scalar");
    CHECK(quell::isa_available("scalar") && !quell::isa_available("nonsense") &&
          !quell::isa_available({"scalar\0x", 8}));
    CHECK(!quell::isa_default().empty() && quell::version() == quell_version());
}

/* What a call with these arguments throws says. */
template <class F> static bool throws(F &&function, const std::string &says)
{
    const std::string what = thrown<quell::error>(function).what();
    if (what != says) throw failure{what + ", not: " + says};
    return true;
}

/* Of a number of values the message says what it must be, in what the caller wrote. */
TEST(numbers_of_values)
{
    using quell::denoiser;
    quell::schedule vp("vp");
    denoiser pair = denoiser::from_isotropic(2), single = denoiser::from_isotropic(1);
    quell::sampler sampler("ddim", pair, vp);
    std::vector<float> three(3), four(4);
    CHECK(throws([] { denoiser::from_points(2, {1, 2, 3}); },
                 "empirical: points: 3 values, must be a multiple of dim, 2"));
    CHECK(throws([&] { quell::queue().submit(sampler, {}, three); },
                 "queue: x: 3 values, must be a multiple of 2"));
    quell::draw draw;
    draw.conditions = {{"energy", {50, 60}, 3}};
    CHECK(throws([&] { sampler.sample(draw, four); },
                 "draw: condition 'energy': 2 values, must be a multiple of its count, 3"));
    quell::sampler_options options;
    options.times = {1};
    CHECK(throws([&] { quell::sampler("ddim", pair, vp, options); },
                 "sampler: times: 1 value, must be 2 or more"));
    options = {};
    options.prior_mean = {1, 2, 3};
    CHECK(throws([&] { quell::sampler("ddim", pair, vp, options); },
                 "sampler: prior_mean: 3 values, must be 1 or 2"));
    CHECK(throws([] { quell::schedule::from_betas({}); },
                 "schedule: needs a table of 2 betas or more, and has 0"));
    quell::guidance how;
    how.weights = {1, 2};
    quell::model rings("builtin:rings");
    CHECK(throws([&] { denoiser::from_guidance(rings.denoiser(), how); },
                 "guidance: weights has 2 values, but times has none: each weight needs its time"));
    how.times = {0};
    CHECK(
        throws([&] { denoiser::from_guidance(rings.denoiser(), how); },
               "guidance: weights has 2 values, must have one for each of the times, which has 1"));
    CHECK(throws([&] { quell::model::from_denoiser(pair, {}); },
                 "model: its rank is 0, must be 1 to 8"));
    for (const denoiser *of : {&pair, &single}) {
        quell::sampler many("ddim", *of, vp);
        CHECK(throws([&] { many.sample({}, static_cast<size_t>(-1)); },
                     "sampler: more samples than memory can hold"));
    }
    quell::sampler other = std::move(sampler);
    CHECK(throws([&] { sampler.sample({}, four); }, "run: the sampler is NULL"));
}

TEST(spans)
{
    std::vector<float> values = {1, 2, 3};
    float array[] = {4, 5};
    quell::span<float> span = values, part = array;
    quell::span<const float> read = span;
    CHECK(span.size() == 3 && read.data() == values.data() && part[1] == 5);
    CHECK(quell::span<float>().empty() && *span.subspan(1, 2).begin() == 2);
    static_assert(!std::is_constructible_v<quell::span<float>, const std::vector<float> &>);
    static_assert(!std::is_constructible_v<quell::span<float>, std::vector<double> &>);
#if __cplusplus >= 202002L
    std::span<float> theirs = span;
    quell::span<const float> ours = theirs;
    CHECK(theirs.data() == values.data() && ours.size() == 3);
    quell::draw draw{.seed = 7};
    quell::run run{.threads = 1};
    CHECK(draw.seed == 7 && run.threads == 1 && !run.progress);
#endif
}
