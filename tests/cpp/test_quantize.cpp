/* SPDX-License-Identifier: MIT */
/* Quantising: the file and the report are those of C; exceptions of the progress come through. */
#include "check.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unistd.h>

/* A file that is removed again. */
struct scratch_file {
    std::string path = "/tmp/quell-cpp-" + std::to_string(getpid()) + ".safetensors";
    ~scratch_file() { std::remove(path.c_str()); }
    std::string read() const
    {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
};

TEST(quantize_is_that_of_c)
{
    scratch_file file;
    const std::vector<int32_t> classes = {0, 1, 0, 1};
    quell::quantize_options options;
    options.count = classes.size();
    options.what.classes = classes;
    options.what.seed = 3;
    options.guidance = quell::guidance{};
    options.guidance->times = {0, 1};
    options.guidance->weights = {1, 3};
    quell::quantized made = quell::quantize("builtin:rings", file.path, options);
    const std::string own = file.read();

    const double times[] = {0, 1}, strengths[] = {1, 3};
    quell_guidance guidance = quell_guidance_defaults();
    guidance.points = 2, guidance.times = times, guidance.weights = strengths;
    quell_draw draw = quell_draw_defaults();
    draw.count = classes.size(), draw.classes = classes.data(), draw.seed = 3;
    quell_quantize_options c = quell_quantize_defaults();
    c.guidance = &guidance, c.draw = &draw;
    quell_quantized *theirs = nullptr;
    quell::detail::check(quell_quantize(&theirs, "builtin:rings", file.path.c_str(), &c));
    quell_quantize_report report = quell_quantize_report_init();
    quell::detail::check(quell_quantized_report(theirs, &report));
    quell_quantized_free(theirs);
    CHECK(!own.empty() && own == file.read());
    CHECK(made.report.moved == report.moved && made.report.runs == report.runs);
    CHECK(made.instructions.size() == report.instructions && report.quantized > 0);
    CHECK(made.instructions[0].kind == "linear" && !made.instructions[0].weights.empty());
    CHECK(quell::model(file.path).denoiser().dim() == 2);
}

TEST(quantize_throws_what_its_progress_throws)
{
    scratch_file file;
    quell::quantize_options options;
    options.how.progress = [](const quell_progress &) { throw std::runtime_error("enough"); };
    CHECK(std::string(thrown<std::runtime_error>([&] {
                          quell::quantize("builtin:rings", file.path, options);
                      }).what()) == "enough");
    CHECK(file.read().empty());
    CHECK(thrown<quell::error>([&] { quell::quantize("builtin:grid25", file.path); }).status() ==
          QUELL_UNSUPPORTED);
}
