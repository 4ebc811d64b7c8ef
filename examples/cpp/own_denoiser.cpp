// SPDX-License-Identifier: MIT
// A lambda as denoiser, progress, and an exception that ends a run.
#include <quell/quell.hpp>
#include <cmath>
#include <cstdio>
#include <stdexcept>

int main()
{
    // E[X | x_t] for X = +level or -level in every element, each with probability 1/2. It is called
    // for a tile of samples at a time, from many threads.
    float level = 1;
    auto denoiser = quell::denoiser::from_function(
        8, [&](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
            if (!(level > 0)) throw std::domain_error("the level is not positive");
            double scale = level * call.alpha / (call.sigma * call.sigma);
            for (size_t i = 0; i < x.size(); i++)
                mean[i] = level * static_cast<float>(std::tanh(scale * x[i]));
        });

    quell::sampler_options options;
    options.steps = 20;
    options.grid = "logsnr";
    quell::sampler sampler("dpmpp_2m", denoiser, quell::schedule("cosine"), options);

    quell::draw draw;
    draw.seed = 7;
    quell::run run;
    run.progress = [](const quell_progress &at) {
        if (at.done == at.total) std::puts("done");
    };
    std::vector<float> x = sampler.sample(draw, 3, run);
    for (size_t i = 0; i < x.size(); i++) std::printf("%+.3f%c", x[i], (i + 1) % 8 ? ' ' : '\n');

    level = -1;
    try {
        sampler.sample(draw, 1000, run);
    } catch (const std::domain_error &thrown) {
        std::printf("ended: %s\n", thrown.what());
    }
}
