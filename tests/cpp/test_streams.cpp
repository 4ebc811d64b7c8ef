/* SPDX-License-Identifier: MIT */
/* Samples of several streams in C++: each is what it is in a draw of its own. */
#include "check.hpp"

namespace
{

const std::vector<uint64_t> seeds = {7, 0, 7, UINT64_MAX}, indices = {0, 5, 1, 9};

quell::sampler some_sampler()
{
    quell::sampler_options options;
    options.steps = 3;
    return quell::sampler("ddpm", quell::denoiser::from_isotropic(3), quell::schedule("vp"),
                          options);
}

} // namespace

TEST(streams_of_each)
{
    quell::sampler sampler = some_sampler();
    quell::draw draw;
    draw.seeds = seeds;
    draw.indices = indices;
    std::vector<float> x = sampler.sample(draw, 4);
    for (size_t i = 0; i < 4; i++) {
        quell::draw alone;
        alone.seed = seeds[i];
        alone.first = indices[i];
        CHECK(same_bits(sampler.sample(alone, 1), {x.data() + 3 * i, 3}));
    }
}

TEST(streams_that_a_function_sees)
{
    bool seen = true;
    auto look = [&](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
        for (size_t r = 0; r < call.rows; r++)
            seen &= call.seeds[r] == seeds[call.first + r] &&
                    call.indices[r] == indices[call.first + r];
        for (size_t i = 0; i < x.size(); i++) mean[i] = x[i] / 2;
    };
    quell::function_options options;
    options.whole_batch = true;
    quell::sampler sampler("ddim", quell::denoiser::from_function(2, look, options),
                           quell::schedule("vp"));
    quell::draw draw;
    draw.seeds = seeds;
    draw.indices = indices;
    sampler.sample(draw, 4);
    CHECK(seen);
}

TEST(streams_that_are_refused)
{
    quell::sampler sampler = some_sampler();
    quell::draw draw;
    draw.seeds = seeds;
    CHECK(status_of([&] { sampler.sample(draw, 3); }) == QUELL_BAD_ARGUMENT);
    draw.seed = 4;
    CHECK(status_of([&] { sampler.sample(draw, 4); }) == QUELL_BAD_ARGUMENT);
    draw = {};
    draw.indices = indices;
    draw.first = 4;
    CHECK(status_of([&] { sampler.sample(draw, 4); }) == QUELL_BAD_ARGUMENT);
}
