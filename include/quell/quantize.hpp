/* SPDX-License-Identifier: MIT */
/* Quantising: makes whole numbers of eight bits of a network's weights, and says what is lost. */
#ifndef QUELL_QUANTIZE_HPP
#define QUELL_QUANTIZE_HPP

#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <quell/denoiser.hpp>
#include <quell/guidance.hpp>
#include <quell/quantize.h>
#include <quell/run.hpp>
#include <quell/sampler.hpp>

namespace quell
{

/* How a network is quantised, and on which samples (quell_quantize_options).
 *
 * bound: how far the samples may move, in units of the deviation of their elements.
 * sampler: the sampler; schedule: the spec of the schedule, "": the model's own, or else "vp".
 * sampling: the sampler's options; without, 20 steps, or a sampler's own.
 * guidance, guide: how the network is guided, and by which denoiser; NULL: by itself.
 * count, what: how many samples, and which.
 * how: how they are drawn; its progress is that of all runs. */
struct quantize_options {
    double bound = 0.05;
    std::string sampler = "dpmpp_2m";
    std::string schedule = {};
    std::optional<sampler_options> sampling = {};
    std::optional<quell::guidance> guidance = {};
    const denoiser *guide = nullptr;
    size_t count = 8;
    draw what = {};
    run how = {};
};

/* A linear map, a convolution or an attention of the network (quell_quantize_instruction). why: ""
 * if it is quantised. */
struct quantized_instruction {
    size_t number;
    std::string kind;
    std::string weights;
    uint64_t multiply_adds;
    bool quantized;
    bool tried;
    double moves;
    std::string why;
};

/* What came of it: the numbers (quell_quantize_report), and each instruction. */
struct quantized {
    quell_quantize_report report;
    std::vector<quantized_instruction> instructions;
};

namespace detail
{

inline quantized quantized_of(const quell_quantized *made)
{
    quantized all{quell_quantize_report_init(), {}};
    quell_quantize_instruction one = quell_quantize_instruction_init();
    check(quell_quantized_report(made, &all.report));
    for (size_t i = 0; i < all.report.instructions; i++) {
        check(quell_quantized_instruction(made, i, &one));
        all.instructions.push_back({one.number, one.kind, one.weights, one.multiply_adds,
                                    one.quantized != 0, one.tried != 0, one.moves,
                                    one.why ? one.why : ""});
    }
    return all;
}

} // namespace detail

/* Quantises the linear maps, convolutions and attentions of the network `model`, a file or one that
 * is built in, and writes it to the file `out` (quell_quantize). */
inline quantized quantize(const std::string &model, const std::string &out,
                          const quantize_options &options = {})
{
    struct free {
        void operator()(quell_quantized *old) const noexcept { quell_quantized_free(old); }
    };
    quell_quantized *made = nullptr;
    quell_quantize_options c = quell_quantize_defaults();
    detail::c_options sampling(options.sampling.value_or(sampler_options{}));
    const quell::guidance led = options.guidance.value_or(quell::guidance{});
    const quell_guidance guidance = detail::c_guidance(led);
    c.bound = options.bound;
    c.sampler = detail::text("quantize: sampler", options.sampler);
    if (!options.schedule.empty())
        c.schedule = detail::text("quantize: schedule", options.schedule);
    if (options.sampling) c.sampling = sampling.get();
    if (options.guidance) c.guidance = &guidance;
    if (options.guide) c.guide = options.guide->get();
    detail::running(options.what, options.how, 1, options.count)([&](auto *draw, auto *run) {
        c.draw = draw;
        c.run = run;
        return quell_quantize(&made, detail::text("quantize: model", model),
                              detail::text("quantize: out", out), &c);
    });
    std::unique_ptr<quell_quantized, free> own(made);
    return detail::quantized_of(own.get());
}

} // namespace quell
#endif
