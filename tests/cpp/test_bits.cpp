/* SPDX-License-Identifier: MIT */
/* The samples of the C++ interface are those of the C interface, to the last bit. */
#include "check.hpp"

#include <array>
#include <cmath>

namespace
{

constexpr size_t elements = 3, samples = 200, steps = 6;

/* Draws by C with any denoiser and schedule; frees nothing. */
std::vector<float> by_c(quell_sampler *sampler, uint64_t seed)
{
    std::vector<float> x(samples * elements);
    quell_draw draw = quell_draw_defaults();
    draw.seed = seed;
    draw.count = samples;
    CHECK(!quell_sample(sampler, &draw, nullptr, x.data()));
    return x;
}

struct c_handles {
    quell_denoiser *denoiser = nullptr;
    quell_schedule *schedule = nullptr;
    quell_sampler *sampler = nullptr;
    quell_sampler_options options = quell_sampler_defaults();
    c_handles() { options.steps = steps; }
    c_handles(const c_handles &) = delete;
    c_handles &operator=(const c_handles &) = delete;
    ~c_handles()
    {
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_denoiser_free(denoiser);
    }
};

quell::sampler_options in_steps(size_t n)
{
    quell::sampler_options options;
    options.steps = n;
    return options;
}

quell::draw seeded(uint64_t seed)
{
    quell::draw draw;
    draw.seed = seed;
    return draw;
}

const std::vector<double> weights = {1, 3}, means = {-2, 0, 1, 2, 1, 0}, variances = {0.1, 0.2};

int c_schedule(void *, double t, double *alpha, double *sigma)
{
    *alpha = 1 - 0.99 * t;
    *sigma = 0.01 + t;
    return 0;
}

int c_build(void *, quell_plan *plan, const quell_point *grid, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        quell_register_id x0 = quell_plan_denoise(plan, QUELL_STATE, &grid[i]);
        double r = grid[i + 1].sigma / grid[i].sigma;
        quell_term terms[] = {{r, QUELL_STATE}, {grid[i + 1].alpha - r * grid[i].alpha, x0}};
        quell_noise_term noise[] = {{0.1, quell_plan_noise(plan, 0, &grid[i], &grid[i + 1])}};
        quell_plan_combine(plan, QUELL_STATE, 2, terms, 1, noise);
        quell_plan_release(plan, x0);
        quell_plan_step(plan, &grid[i], &grid[i + 1]);
    }
    return 0;
}

void build(quell::plan &plan, quell::span<const quell::point> grid)
{
    for (size_t i = 0; i + 1 < grid.size(); i++) {
        const quell::point &t = grid[i], &s = grid[i + 1];
        double r = s.sigma / t.sigma;
        auto x0 = plan.denoise(QUELL_STATE, t);
        plan.combine(QUELL_STATE, {{r, QUELL_STATE}, {s.alpha - r * t.alpha, x0}},
                     {{0.1, plan.noise(0, t, s)}});
        plan.release(x0);
        plan.step(t, s);
    }
}

/* The same as a transition, in the arithmetic of the plan: fused multiply-adds in float. */
void take_step(quell::transition &at, const quell::point &t, const quell::point &s,
               quell::span<float> x)
{
    auto mean = at.scratch(0), noise = at.scratch(1);
    at.denoise(t, x, mean);
    at.noise(0, noise);
    double r = s.sigma / t.sigma;
    bool near = r >= 0.5 && r <= 2; /* then the state is added last (mathematics.md) */
    auto a = static_cast<float>(near ? r - 1 : r), b = static_cast<float>(s.alpha - r * t.alpha);
    for (size_t i = 0; i < x.size(); i++) {
        float rest = std::fma(0.1f, noise[i], std::fma(b, mean[i], a * x[i]));
        x[i] = near ? x[i] + rest : rest;
    }
}

} // namespace

TEST(mixture_as_in_c)
{
    c_handles c;
    CHECK(!quell_denoiser_from_mixture(&c.denoiser, 2, elements, weights.data(), means.data(),
                                       variances.data()));
    CHECK(!quell_schedule_create(&c.schedule, "cosine"));
    CHECK(!quell_sampler_create(&c.sampler, "ddim:eta=0.5", c.denoiser, c.schedule, &c.options));

    auto denoiser = quell::denoiser::from_mixture(elements, weights, means, variances);
    quell::sampler sampler("ddim:eta=0.5", denoiser, quell::schedule("cosine"), in_steps(steps));
    auto x = sampler.sample(seeded(7), samples);
    CHECK(same_bits(x, by_c(c.sampler, 7)));
    CHECK(!same_bits(x, by_c(c.sampler, 8)));
    CHECK(sampler.steps() == steps && sampler.dim() == elements && sampler.evaluations() == steps);

    /* By steps, in parts, watched, on the host's threads: all the same. */
    std::vector<float> y(samples * elements);
    sampler.sample(seeded(7), y);
    CHECK(same_bits(y, x));
    sampler.sample_prior(seeded(7), y);
    for (size_t i = 0; i < steps; i++) {
        double n = steps, done = static_cast<double>(i);
        sampler.step(seeded(7), (n - done) / n, (n - done - 1) / n, y);
    }
    CHECK(same_bits(x, y));

    quell::draw later = seeded(7);
    later.first = 50;
    CHECK(same_bits(sampler.sample(later, 100), quell::span<float>(x).subspan(150, 300)));

    size_t bodies = 0;
    quell::run run;
    run.threads = 5;
    run.tile = 3;
    run.isa = "scalar";
    run.parallel = [&](size_t workers, const std::function<void(size_t)> &body) {
        for (size_t i = workers; i-- > 0; bodies++) body(i);
    };
    CHECK(same_bits(sampler.sample(seeded(7), samples, run), x));
    CHECK(bodies == 10);
}

TEST(functions_as_in_c)
{
    c_handles c;
    CHECK(!quell_denoiser_from_function(&c.denoiser, elements, c_halve, nullptr, nullptr));
    CHECK(!quell_schedule_from_function(&c.schedule, c_schedule, nullptr, nullptr));
    CHECK(!quell_sampler_from_builder(&c.sampler, c_build, nullptr, nullptr, c.denoiser, c.schedule,
                                      &c.options));
    auto expected = by_c(c.sampler, 3);

    auto denoiser = quell::denoiser::from_function(elements, halve);
    auto schedule = quell::schedule::from_function(
        [](double t) { return quell::scales{1 - 0.99 * t, 0.01 + t}; });
    auto built = quell::sampler::from_builder(build, denoiser, schedule, in_steps(steps));
    auto stepped = quell::sampler::from_step(take_step, denoiser, schedule, in_steps(steps));
    CHECK(same_bits(built.sample(seeded(3), samples), expected));
    CHECK(same_bits(stepped.sample(seeded(3), samples), expected));
    CHECK(schedule.at(0.5).sigma == 0.51);

    char text[4096];
    quell_sampler_print(c.sampler, text, sizeof text);
    CHECK(built.print() == text);
    CHECK(quell::operation_name(built.operations().front().kind) == "eval");
}

TEST(denoise_and_noise_as_in_c)
{
    auto denoiser = quell::denoiser::from_isotropic(elements, 0.5, {1, 2, 3});
    quell::sampler sampler("ddim", denoiser, quell::schedule("vp"));
    std::vector<float> x = {1, 2, 3, 4, 5, 6}, out(6), expected(6);
    quell_draw draw = quell_draw_defaults();
    draw.count = 2;
    CHECK(!quell_denoise(sampler.get(), &draw, nullptr, 0.5, x.data(), expected.data()));
    sampler.denoise({}, 0.5, x, out);
    CHECK(same_bits(out, expected));
    CHECK(status_of([&] { sampler.denoise({}, 0.5, x, quell::span<float>(out.data(), 3)); }) ==
          QUELL_BAD_ARGUMENT);

    quell::noise(9, QUELL_STREAM(2, 1), 77, 1, out);
    CHECK(!quell_noise(9, QUELL_STREAM(2, 1), 77, 1, 6, expected.data()));
    CHECK(same_bits(out, expected));
    quell::noise_brownian(9, 1, 0.75, 0.5, 77, 1, out);
    CHECK(!quell_noise_brownian(9, 1, 0.75, 0.5, 77, 1, 6, expected.data()));
    CHECK(same_bits(out, expected));
    CHECK(quell::noise_place(0) == 0.5);
    CHECK(quell::noise_key(9, 0.75, 0.5) == quell_noise_key(9, 0.75, 0.5));
}

TEST(other_denoisers)
{
    auto full = quell::denoiser::from_covariance(2, {2, 1, 1, 2});
    auto basis = full.eigenbasis();
    auto eigen = quell::denoiser::from_eigenbasis(basis);
    auto sample = [](const quell::denoiser &denoiser, const char *schedule) {
        return quell::sampler("ddim", denoiser, quell::schedule(schedule)).sample({}, 5);
    };
    CHECK(same_bits(sample(full, "vp"), sample(eigen, "vp")));
    CHECK(basis.values.size() == 2 && !eigen.reproducible() == !full.reproducible());

    auto diagonal = quell::denoiser::from_diagonal({1, 4}, {5, 6});
    auto one = quell::denoiser::from_diagonal_mixture(2, {1}, {5, 6}, {1, 4});
    CHECK(diagonal.dim() == 2 && diagonal.kind() == "diagonal" && one.kind() == "mixture");
    std::array<float, 4> points = {1, 2, 3, 4};
    auto empirical = quell::denoiser::from_points(2, points);
    CHECK(empirical.reproducible() && empirical.classes() == 0);
    CHECK(diagonal.digest() && diagonal.digest() != one.digest());
    quell::schedule vp("vp");
    quell::sampler by_one("ddim", one, vp), by_diagonal("ddim", diagonal, vp);
    CHECK(by_one.digest() && by_one.digest() != by_diagonal.digest());
    CHECK(sample(empirical, "vp").size() == 10);

    auto nothing = [](const quell_call &, quell::span<const float>, quell::span<float>) {
        return 0;
    };
    quell::function_options said;
    said.digest = 7;
    auto other = quell::denoiser::from_function(2, nothing, said);
    CHECK(other.digest() != quell::denoiser::from_function(2, nothing).digest());

    quell::guidance how;
    how.weight = 1;
    CHECK(status_of([&] { quell::denoiser::from_guidance(one, diagonal, how); }) ==
          QUELL_BAD_ARGUMENT); /* the guide has no effect */
    how.times = {0, 1};
    how.weights = {1, 2};
    CHECK(status_of([&] { quell::denoiser::from_guidance(one, diagonal, how); }) ==
          QUELL_BAD_ARGUMENT); /* a weight, and weights */
    how.weight = 2;
    CHECK(sample(quell::denoiser::from_guidance(one, diagonal, how), "vp").size() == 10);
    CHECK(status_of([&] { quell::denoiser::from_guidance(one); }) == QUELL_BAD_ARGUMENT);

    auto betas = quell::schedule::from_betas({0.1, 0.2, 0.3});
    CHECK(betas.at(0).alpha > betas.at(1).alpha);
}

TEST(sampler_options)
{
    auto denoiser = quell::denoiser::from_isotropic(2);
    quell::schedule schedule("vp");
    quell::sampler_options options;
    options.times = {1, 0.7, 0.3, 0};
    options.prior_mean = {1, 2};
    options.prior_variance = {3};
    CHECK(quell::sampler("ddim", denoiser, schedule, options).steps() == 3);
    options.sigmas = options.times;
    CHECK(status_of([&] { quell::sampler("ddim", denoiser, schedule, options); }) ==
          QUELL_BAD_ARGUMENT);
    options = {};
    options.steps = 4;
    options.grid = "karras";
    options.brownian = true;
    options.clamp_low = 0;
    options.clamp_high = 1;
    quell::sampler sampler("dpmpp_2m_sde", denoiser, schedule, options);

    quell_sampler_options c = quell_sampler_defaults();
    c.steps = 4, c.grid = "karras", c.brownian = 1, c.clamp_low = 0, c.clamp_high = 1;
    quell_sampler *made = nullptr;
    CHECK(!quell_sampler_create(&made, "dpmpp_2m_sde", denoiser.get(), schedule.get(), &c));
    std::vector<float> x(10);
    quell_draw draw = quell_draw_defaults();
    draw.count = 5;
    CHECK(!quell_sample(made, &draw, nullptr, x.data()));
    quell::span<const quell::point> grid = sampler.grid();
    CHECK(grid.size() == 5 && grid[0].t == 1 && grid[4].t == 0);
    CHECK(!std::memcmp(grid.data(), quell_sampler_grid(made), 5 * sizeof grid[0]));
    quell_sampler_free(made);
    CHECK(same_bits(sampler.sample({}, 5), x));
    options = {};
    options.threshold = 0.9;
    options.threshold_max = 0.5;
    CHECK(status_of([&] { quell::sampler("ddim", denoiser, schedule, options); }) ==
          QUELL_BAD_ARGUMENT);
}
