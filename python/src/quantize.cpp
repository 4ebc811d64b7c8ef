/* SPDX-License-Identifier: MIT */
#include "calls.hpp"
#include <tuple>

using guidance_values =
    std::tuple<double, double, double, std::vector<double>, std::vector<double>, double>;

static quell::guidance guidance_of(const guidance_values &given)
{
    quell::guidance how;
    std::tie(how.weight, how.low, how.high, how.times, how.weights, how.rescale) = given;
    return how;
}

static py::dict report_of(const quell_quantize_report &report)
{
    py::dict all;
    all["quantized"] = report.quantized, all["share"] = report.share;
    all["moved"] = report.moved, all["deviation"] = report.deviation;
    all["wasserstein"] = report.wasserstein, all["floor"] = report.floor;
    all["seconds"] = report.seconds, all["runs"] = report.runs;
    all["bytes_before"] = report.bytes_before, all["bytes_after"] = report.bytes_after;
    return all;
}

static py::dict instruction_of(const quell::quantized_instruction &one)
{
    py::dict all;
    all["number"] = one.number, all["kind"] = one.kind, all["weights"] = one.weights;
    all["multiply_adds"] = one.multiply_adds, all["quantized"] = one.quantized;
    all["tried"] = one.tried, all["moves"] = one.moves, all["why"] = one.why;
    return all;
}

/* Returns a pair: the report, and a list of the instructions, as dictionaries. */
static py::tuple quantize(const std::string &name, const std::string &out, double bound,
                          const std::string &sampler, const std::string &schedule,
                          const std::optional<quell::sampler_options> &sampling,
                          const std::optional<guidance_values> &guidance,
                          const quell::denoiser *guide, size_t count, uint64_t seed, size_t threads,
                          const std::string &isa, py::object progress,
                          std::optional<classes_array> classes, const condition_list &conditions,
                          std::optional<classes_array> negative_classes,
                          const condition_list &negative_conditions, bool part)
{
    settings how{seed,
                 0,
                 threads,
                 0,
                 isa,
                 std::move(classes),
                 std::move(progress),
                 py::none(),
                 conditions,
                 std::move(negative_classes),
                 negative_conditions,
                 {},
                 {},
                 part};
    quell::quantize_options options;
    options.bound = bound, options.sampler = sampler, options.schedule = schedule;
    options.sampling = sampling, options.guide = guide, options.count = count;
    if (guidance) options.guidance = guidance_of(*guidance);
    quell::quantized made{};
    call run(how);
    run([&](const quell::draw &draw, const quell::run &run) {
        options.what = draw, options.how = run;
        made = quell::quantize(name, out, options);
    });
    py::list each;
    for (const quell::quantized_instruction &one : made.instructions)
        each.append(instruction_of(one));
    return py::make_tuple(report_of(made.report), each);
}

void bind_quantize(py::module_ &module)
{
    module.def("quantize", quantize, py::arg("name"), py::arg("out"), py::arg("bound"),
               py::arg("sampler"), py::arg("schedule"), py::arg("sampling"),
               py::arg("guidance").none(true), py::arg("guide").none(true), py::arg("count"),
               py::arg("seed"), py::arg("threads"), py::arg("isa"), py::arg("progress"),
               py::arg("classes") = py::none(), py::arg("conditions") = condition_list(),
               py::arg("negative_classes") = py::none(),
               py::arg("negative_conditions") = condition_list(), py::arg("part") = false);
}
