/* SPDX-License-Identifier: MIT */
/* What `quell sample` writes: the samples that the library draws, whatever way they are cut into
 * runs and batches, and pictures of them. */
#include "command.h"
#include "effort.h"
#include "harness.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(cli, halves_equal_the_whole)
{
    static const char *const models[] = {
        "sample --quiet --model builtin:grid25 --sampler ddpm --steps 5 --seed 3",
        "sample --quiet --model builtin:clouds --sampler ddim:eta=0.5 --steps 2 --seed 3",
        "sample --quiet --model builtin:shapes --steps 2"};
    static const char *const parts[] = {"--first 90 --count 20 --out whole.npy",
                                        "--first 90 --count 7 --out left.npy --threads 1",
                                        "--first 97 --count 13 --out right.npy --isa scalar"};
    struct command command = command_new();
    char arguments[300];
    for (size_t m = 0; m < by_effort(1, 3, 3); m++) {
        for (size_t p = 0; p < 3; p++) {
            snprintf(arguments, sizeof arguments, "%s %s", models[m], parts[p]);
            command_check(&command, 0, arguments);
        }
        size_t whole_size, left_size, right_size;
        char *whole = scratch_read(&command.work, "whole.npy", &whole_size);
        char *left = scratch_read(&command.work, "left.npy", &left_size);
        char *right = scratch_read(&command.work, "right.npy", &right_size);
        CHECK(left_size + right_size == whole_size + 128, "%s: sizes", models[m]);
        CHECK(!memcmp(whole + 128, left + 128, left_size - 128), "%s: left", models[m]);
        CHECK(!memcmp(whole + left_size, right + 128, right_size - 128), "%s: right", models[m]);
        free(whole);
        free(left);
        free(right);
    }
    command_remove(&command);
}

/* More than a batch of 16 MB, so that the batches are joined by the command itself. */
TEST(cli, batches)
{
    struct command command = command_new();
    command_check(&command, 0,
                  "sample --quiet --model builtin:grid25 --steps 1 --count 2097160 --out a.npy");
    command_check(&command, 0,
                  "sample --quiet --model builtin:grid25 --steps 1 --first 2097150 --count 10 "
                  "--out b.npy --tile 3");
    size_t a_size, b_size;
    char *a = scratch_read(&command.work, "a.npy", &a_size);
    char *b = scratch_read(&command.work, "b.npy", &b_size);
    CHECK(a_size == 128 + 2097160 * 8 && b_size == 128 + 80, "sizes");
    CHECK(!memcmp(a + a_size - 80, b + 128, 80), "the last samples differ");
    free(a);
    free(b);
    command_remove(&command);
}

/* What the library itself draws, and the header that NumPy writes for it. */
TEST(cli, samples_are_the_librarys)
{
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 2), }";
    struct command command = command_new();
    quell_model *model;
    float x[20];
    quell_draw draw = quell_draw_defaults();
    MUST(quell_model_load(&model, "builtin:grid25"));
    quell_schedule *schedule = must_schedule("cosine");
    quell_sampler *sampler = must_sampler("ddim:eta=0.3", quell_model_denoiser(model), schedule, 7);
    draw.count = 10;
    draw.seed = 18446744073709551615u;
    MUST(quell_sample(sampler, &draw, NULL, x));
    command_check(
        &command, 0,
        "sample --model builtin:grid25 --schedule cosine --sampler ddim:eta=0.3 --steps 7 "
        "--count 10 --seed 18446744073709551615 --out x.npy");
    size_t size;
    char *file = scratch_read(&command.work, "x.npy", &size);
    CHECK(size == 128 + sizeof x && !memcmp(file, "\x93NUMPY\1\0\x76\0", 10), "preamble");
    CHECK(!memcmp(file + 10, header, strlen(header)) && file[127] == '\n', "header");
    CHECK(!memcmp(file + 128, x, sizeof x), "samples");
    free(file);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    command_remove(&command);
}

/* Every option of the sampler reaches the library. */
TEST(cli, sampling_options)
{
    struct command command = command_new();
    quell_model *model;
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    const double mean = 0;
    float x[20];
    MUST(quell_model_load(&model, "builtin:grid25"));
    options.steps = 6;
    options.prior_mean = &mean;
    options.start = 0.75;
    options.stop = 0.125;
    options.clamp_low = -1;
    options.clamp_high = 0.5;
    options.grid = "linear:final=zero";
    options.brownian = 1;
    draw.count = 10;
    MUST(quell_sampler_create(&sampler, "ddpm", quell_model_denoiser(model), schedule, &options));
    MUST(quell_sample(sampler, &draw, NULL, x));
    command_check(
        &command, 0,
        "sample --model builtin:grid25 --sampler ddpm --steps 6 --start 0.75 --prior-mean 0 "
        "--stop .125 --clamp-low -1 --clamp-high 0.5 --grid linear:final=zero --brownian "
        "--count 10 --out x.npy");
    size_t size;
    char *file = scratch_read(&command.work, "x.npy", &size);
    CHECK(size == 128 + sizeof x && !memcmp(file + 128, x, sizeof x), "samples");
    free(file);
    quell_sampler_free(sampler);
    options.clamp_low = -(double)INFINITY, options.clamp_high = (double)INFINITY;
    options.threshold = 0.5, options.threshold_max = 1.25;
    MUST(quell_sampler_create(&sampler, "ddpm", quell_model_denoiser(model), schedule, &options));
    MUST(quell_sample(sampler, &draw, NULL, x));
    command_check(
        &command, 0,
        "sample --model builtin:grid25 --sampler ddpm --steps 6 --start 0.75 --prior-mean 0 "
        "--stop .125 --threshold 0.5 --threshold-max 1.25 --grid linear:final=zero "
        "--brownian --count 10 --out x.npy");
    file = scratch_read(&command.work, "x.npy", &size);
    CHECK(size == 128 + sizeof x && !memcmp(file + 128, x, sizeof x), "thresholded samples");
    free(file);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    command_remove(&command);
}

/* A file of x_1 of the given shape: what quell_sample_prior draws for grid25 and seed 5. */
static void write_noise(const struct command *command, const char *name, const char *shape,
                        size_t rows, float scale)
{
    quell_model *model;
    quell_draw draw = quell_draw_defaults();
    float x[100];
    MUST(quell_model_load(&model, "builtin:grid25"));
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), schedule, 4);
    draw.count = rows;
    draw.seed = 5;
    MUST(quell_sample_prior(sampler, &draw, NULL, x));
    for (size_t i = 0; i < 2 * rows; i++) x[i] *= scale;
    command_write_array(command, name, "<f4", shape, x, 2 * rows * sizeof *x);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
}

TEST(cli, from_a_file)
{
    struct command command = command_new();
    write_noise(&command, "x1.npy", "(12, 2)", 12, 1.0f);
    command_check(
        &command, 0,
        "sample --quiet --model builtin:grid25 --sampler ddpm --steps 4 --seed 5 --count 12 "
        "--out plain.npy");
    command_check(&command, 0,
                  "sample --quiet --model builtin:grid25 --sampler ddpm --steps 4 --seed 5 "
                  "--from x1.npy --out from.npy");
    command_same(&command, "plain.npy", "from.npy");
    scratch_write(&command.work, "line.json",
                  "{\"kind\": \"gaussian\", \"dim\": 1, \"variance\": 1}", 0);
    command_refused(&command, 2, "sample --model line.json --from x1.npy --out y.npy", "x1.npy");
    command_refused(&command, 2,
                    "sample --model builtin:grid25 --from x1.npy --count 11 --out y.npy",
                    "12 samples");
    command_refused(&command, 4, "sample --model builtin:grid25 --from no.npy --out y.npy",
                    "no.npy: cannot be read: No such file");
    scratch_write(&command.work, "bad.npy", "not this", 0);
    command_refused(&command, 4, "sample --model builtin:grid25 --from bad.npy --out y.npy",
                    "bad.npy");
    write_noise(&command, "huge.npy", "(12, 2)", 12, 3e38f / 4);
    command_refused(&command, 1, "sample --model builtin:grid25 --from huge.npy --out y.npy",
                    "sample");
    command_remove(&command);
}

static double mean(const struct command *command, const char *name)
{
    size_t size;
    char *file = scratch_read(&command->work, name, &size);
    const float *x = (const void *)(file + 128);
    size_t count = (size - 128) / sizeof *x;
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i];
    free(file);
    return sum / (double)count;
}

static double deviation(const struct command *command, const char *name)
{
    size_t size;
    char *file = scratch_read(&command->work, name, &size);
    const float *x = (const void *)(file + 128);
    size_t count = (size - 128) / sizeof *x;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i], squares += (double)(x[i] * x[i]);
    free(file);
    return sqrt(squares / (double)count - sum * sum / (double)(count * count));
}

/* Samples of N(0, 1) in one run, and in two that follow each other: the second run draws new
 * noise. */
TEST(cli, goes_on)
{
    struct command command = command_new();
    scratch_write(&command.work, "m.json", "{\"kind\": \"gaussian\", \"covariance\": [[1]]}", 0);
    command_check(&command, 0,
                  "sample --quiet --model m.json --sampler ddpm --seed 3 --count 20000 --steps 120 "
                  "--out one.npy");
    command_check(&command, 0,
                  "sample --quiet --model m.json --sampler ddpm --seed 3 --count 20000 --steps 60 "
                  "--stop 0.5 --out half.npy");
    command_check(&command, 0,
                  "sample --quiet --model m.json --sampler ddpm --seed 3 --count 20000 --steps 60 "
                  "--start 0.5 --from half.npy --out two.npy");
    double one = deviation(&command, "one.npy"), two = deviation(&command, "two.npy");
    CHECK(fabs(one / two - 1) < 0.03 && fabs(one - 0.96) < 0.02, "%.4f and %.4f", one, two);
    command_remove(&command);
}

/* Begun in the middle from N(alpha 3, alpha^2 4 + sigma^2), samples of N(3, 4) have its law. */
TEST(cli, begins_in_the_middle)
{
    struct command command = command_new();
    scratch_write(&command.work, "m.json",
                  "{\"kind\": \"gaussian\", \"mean\": [3], \"variance\": 4}", 0);
    static const char *const samplers[] = {"ddpm", "heun"};
    for (int i = 0; i < 2; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "sample --quiet --model m.json --sampler %s --steps 60 --count 20000 --start 0.1 "
                 "--prior-mean 3 --prior-variance 4 --out x.npy",
                 samplers[i]);
        command_check(&command, 0, line);
        double width = deviation(&command, "x.npy"), middle = mean(&command, "x.npy");
        CHECK(fabs(width - 2) < 0.05 && fabs(middle - 3) < 0.06, "%s: mean %.4f, deviation %.4f",
              samplers[i], middle, width);
    }
    command_remove(&command);
}

/* A run along Brownian paths in pieces, of which one alone has the restart, is the whole run: the
 * options are the same for each. (The default grid is even in t.) */
TEST(cli, goes_on_along_paths)
{
    struct command command = command_new();
    scratch_write(&command.work, "m.json", "{\"kind\": \"gaussian\", \"covariance\": [[1]]}", 0);
    const char *run =
        "sample --quiet --model m.json --sampler restart --brownian --seed 3 --count 9 ";
    char line[256];
    snprintf(line, sizeof line, "%s --steps 8 --out whole.npy", run);
    command_check(&command, 0, line);
    snprintf(line, sizeof line, "%s --steps 4 --stop 0.5 --out half.npy", run);
    command_check(&command, 0, line);
    snprintf(line, sizeof line, "%s --steps 4 --start 0.5 --from half.npy --out rest.npy", run);
    command_check(&command, 0, line);
    command_same(&command, "whole.npy", "rest.npy");
    command_remove(&command);
}

/* A model that is stored draws the samples of the one it was made from. */
TEST(cli, model)
{
    struct command command = command_new();
    scratch_write(&command.work, "m.json",
                  "{\"kind\": \"gaussian\", \"covariance\": [[2, 0.5], [0.5, 1]]}", 0);
    command_check(&command, 0, "model --model m.json --out stored.json");
    command_check(&command, 0, "sample --quiet --model m.json --out a.npy");
    command_check(&command, 0, "sample --quiet --model stored.json --out b.npy");
    command_same(&command, "a.npy", "b.npy");
    command_refused(&command, 2, "model --model builtin:shapes --out y.json",
                    "--model builtin:shapes: its kind");
    command_remove(&command);
}

/* Width and height of a PNG stand at fixed places (its specification, 11.2.2). */
static void check_png(const struct command *command, const char *name, unsigned across,
                      unsigned down, unsigned colour)
{
    size_t size;
    unsigned char *file = (unsigned char *)scratch_read(&command->work, name, &size);
    CHECK(file && size > 100 && !memcmp(file, "\x89PNG\r\n\x1a\n", 8), "%s: not a PNG", name);
    CHECK(!memcmp(file + size - 8, "IEND", 4), "%s: cut short", name);
    CHECK(file[18] * 256u + file[19] == across && file[22] * 256u + file[23] == down, "%s: %u x %u",
          name, file[18] * 256u + file[19], file[22] * 256u + file[23]);
    CHECK(file[25] == colour, "%s: colour type %u", name, file[25]);
    free(file);
}

TEST(cli, plots)
{
    struct command command = command_new();
    command_check(&command, 0,
                  "sample --model builtin:grid25 --count 10 "
                  "--plot density.png");
    check_png(&command, "density.png", 800, 800, 2);
    /* 10 images 32 wide in rows of 4: 4 (6 * 32 + 2) + 2 across. */
    command_check(&command, 0,
                  "sample --model builtin:clouds --count 10 --steps 1 --plot images.png");
    check_png(&command, "images.png", 778, 584, 0);
    scratch_write(
        &command.work, "rgb.json",
        "{\"kind\": \"gaussian\", \"shape\": [9, 5, 3], \"image\": true, \"variance\": 1}", 0);
    command_check(&command, 0, "sample --model rgb.json --count 1 --plot rgb.png");
    check_png(&command, "rgb.png", 5 * 88 + 4, 9 * 88 + 4, 2);
    scratch_write(&command.work, "dot.json",
                  "{\"kind\": \"gaussian\", \"mean\": [1, 2], \"variance\": 0}", 0);
    command_check(&command, 0, "sample --model dot.json --count 5 --plot dot.png");
    check_png(&command, "dot.png", 800, 800, 2);
    command_remove(&command);
}
