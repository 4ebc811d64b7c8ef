/* SPDX-License-Identifier: MIT */
/* Conditions in C++: what a function that takes them is told. */
#include "check.hpp"

namespace
{

quell::sampler denoiser_with_factor(std::vector<float> none = {})
{
    quell::function_options options;
    options.conditions = {{"factor", 2, std::move(none)}};
    auto scale = [](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
        const quell_condition &factor = call.conditions[0];
        for (size_t i = 0; i < x.size(); i++)
            mean[i] = x[i] * factor.values[factor.count ? i : i % 2];
    };
    return quell::sampler("ddim", quell::denoiser::from_function(2, scale, options),
                          quell::schedule("rectified"));
}

std::vector<float> scaled(const quell::sampler &sampler, const quell::draw &draw)
{
    const std::vector<float> ones(6, 1);
    std::vector<float> mean(6);
    sampler.denoise(draw, 0.5, ones, mean);
    return mean;
}

} // namespace

TEST(conditions_of_all_and_of_each)
{
    quell::sampler sampler = denoiser_with_factor();
    quell::draw draw;
    draw.conditions = {{"factor", std::vector<float>{2, 3}}};
    CHECK((scaled(sampler, draw) == std::vector<float>{2, 3, 2, 3, 2, 3}));
    draw.conditions = {{"factor", std::vector<float>{2, 3}, 1}};
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    draw.conditions = {{"factor", std::vector<float>{1, 2, 3, 4, 5, 6}, 3}};
    CHECK((scaled(sampler, draw) == std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(conditions_that_are_none)
{
    quell::sampler sampler = denoiser_with_factor({7, 8});
    quell::draw draw;
    draw.conditions = {quell::condition::none("factor")};
    CHECK((scaled(sampler, draw) == std::vector<float>{7, 8, 7, 8, 7, 8}));
    CHECK(status_of([&] { scaled(denoiser_with_factor(), draw); }) == QUELL_BAD_ARGUMENT);
}

TEST(conditions_that_are_refused)
{
    quell::sampler sampler = denoiser_with_factor();
    quell::draw draw;
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    draw.conditions = {{"factor", 1}};
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    draw.conditions = {{"factor", std::vector<float>{1, 2, 3}, 2}};
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    draw.conditions = {{"factors", std::vector<float>{1, 2}}};
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    quell::sampler without = denoiser_with_factor({7, 8});
    for (size_t rows : {size_t{0}, size_t{3}}) {
        draw.conditions = {{"factor", std::vector<float>{}, rows}}; // not filled, by mistake
        CHECK(status_of([&] { scaled(without, draw); }) == QUELL_BAD_ARGUMENT);
    }
}

TEST(conditions_that_are_negative)
{
    quell::function_options options;
    options.conditions = {{"factor"}};
    auto scale = [](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
        for (size_t i = 0; i < x.size(); i++) mean[i] = x[i] * call.conditions[0].values[0];
    };
    quell::guidance how;
    how.weight = 3;
    quell::sampler sampler(
        "ddim",
        quell::denoiser::from_guidance(quell::denoiser::from_function(2, scale, options), how),
        quell::schedule("rectified"));
    quell::draw draw;
    draw.conditions = {{"factor", 5}};
    CHECK(status_of([&] { scaled(sampler, draw); }) == QUELL_BAD_ARGUMENT);
    draw.negative_conditions = {{"factor", 4}};
    CHECK((scaled(sampler, draw) == std::vector<float>(6, 3 * 5 - 2 * 4)));
}

/* A draw has copies of what it is given: values are compared, for all samples of a call. */
TEST(guidance_away_from_what_samples_have)
{
    quell::function_options options;
    options.conditions = {{"factor"}};
    options.classes = 3;
    quell::denoiser plain = quell::denoiser::from_function(2, halve, options);
    quell::sampler sampler("ddim", quell::denoiser::from_guidance(plain),
                           quell::schedule("rectified"));
    quell::queue queue;
    std::vector<float> x(4);
    auto refused = [&](const quell::draw &draw) {
        bool in_call = status_of([&] { sampler.sample(draw, 2); }) == QUELL_BAD_ARGUMENT;
        bool from = status_of([&] { sampler.sample_from(draw, x); }) == QUELL_BAD_ARGUMENT;
        bool step = status_of([&] { sampler.step(draw, 1, 0.5, x); }) == QUELL_BAD_ARGUMENT;
        bool asked = status_of([&] { queue.submit(sampler, draw, x); }) == QUELL_BAD_ARGUMENT;
        return in_call && from && step && asked;
    };
    auto taken = [&](const quell::draw &draw) {
        sampler.sample(draw, 2);
        return queue.submit(sampler, draw, x).wait();
    };
    quell::draw draw;
    draw.classes = draw.negative_classes = {2, 1};
    draw.conditions = draw.negative_conditions = {{"factor", {1, 2}, 2}};
    CHECK(refused(draw));
    draw.part = true;
    CHECK(taken(draw));
    sampler.denoise(draw, 0.5, x, x);
    draw.part = false;
    draw.negative_conditions = {{"factor", {1, 3}, 2}};
    CHECK(taken(draw));
    draw.negative_conditions = draw.conditions;
    draw.negative_classes = {2, 0};
    CHECK(taken(draw));
    draw.negative_classes = draw.classes;
    draw.conditions = draw.negative_conditions = {{"factor", 4}};
    CHECK(refused(draw));
}

TEST(conditions_are_listed)
{
    quell::function_options options;
    options.conditions = {{"energy"}, {"field", 4}};
    auto listed = quell::denoiser::from_function(2, halve, options).conditions();
    CHECK(listed.size() == 2 && listed[0].name == "energy" && listed[1].name == "field");
    CHECK(listed[1].shape == std::vector<size_t>{4});
}
