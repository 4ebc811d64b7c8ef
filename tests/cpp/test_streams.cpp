/* SPDX-License-Identifier: MIT */
/* Samples of several streams in C++: each is what it is in a draw of its own. */
#include "check.hpp"
#include <array>

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

/* A draw owns what it is given: braces, vectors that a function returns and arrays that change
 * before the draw would otherwise leave it with other numbers, and no compiler says so. */
TEST(streams_of_what_is_gone)
{
    quell::sampler sampler = some_sampler();
    quell::draw kept;
    kept.seeds = seeds;
    kept.indices = indices;
    const std::vector<float> x = sampler.sample(kept, 4);

    auto in_braces = [](quell::draw &draw) { draw.seeds = {7, 0, 7, UINT64_MAX}; };
    auto made = [] { return std::vector<uint64_t>{0, 5, 1, 9}; };
    quell::draw draw;
    in_braces(draw);
    draw.indices = made();
    CHECK(same_bits(sampler.sample(draw, 4), x));

    std::vector<uint64_t> once = seeds;
    uint64_t array[] = {0, 5, 1, 9};
    draw.seeds = once;
    draw.indices = array;
    once.assign(1000, 3);
    array[0] = 17;
    CHECK(same_bits(sampler.sample(draw, 4), x));

    draw.seeds = {};
    draw.indices = quell::span<const uint64_t>(indices);
    CHECK(draw.seeds.empty() && draw.indices.size() == 4 && draw.indices[3] == 9);
    quell::draw copy = draw;
    draw = {};
    CHECK(copy.indices.data() != draw.indices.data() && *copy.indices.begin() == 0);
}

/* Classes, a view of others' classes, and what converts with a loss, which no compiler takes. */
TEST(classes_of_what_is_gone)
{
    quell::model glyphs("builtin:glyphs");
    quell::sampler_options options;
    options.steps = 2;
    quell::sampler sampler("ddim", glyphs.denoiser(), quell::schedule("rectified"), options);
    const std::array<int32_t, 2> classes = {0, 30};
    quell::draw kept, draw;
    kept.classes = classes;
    draw.classes = {0, 30};
    std::vector<char>(1000, 'x');
    CHECK(same_bits(sampler.sample(kept, 2), sampler.sample(draw, 2)));
    using ints = quell::values<int32_t>;
    static_assert(std::is_assignable_v<ints &, std::vector<int32_t>>);
    static_assert(std::is_assignable_v<ints &, quell::span<int32_t>>);
    static_assert(!std::is_assignable_v<ints &, std::vector<int64_t>>);
    static_assert(!std::is_assignable_v<ints &, int32_t>);
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
