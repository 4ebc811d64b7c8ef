// SPDX-License-Identifier: MIT
#include <quell/quell.hpp>
#include <cstdio>

int main()
try {
    auto denoiser = quell::denoiser::from_mixture(2, {1, 3}, {-2, 0, 2, 1}, {0.1, 0.2});
    quell::sampler sampler("ddim:eta=0.5", denoiser, quell::schedule("vp"));
    quell::draw draw;
    draw.seed = 7;
    std::vector<float> x = sampler.sample(draw, 100000);
    std::printf("the last sample: %.6f %.6f\n", x[199998], x[199999]);
} catch (const quell::error &failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return failed.status();
}
