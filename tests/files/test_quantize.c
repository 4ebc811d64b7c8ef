/* SPDX-License-Identifier: MIT */
/* quell_quantize: what it reports is what samples show, whatever runs them; what cannot have whole
 * weights stays as it is and is named; and what it refuses. The command's own test has more. */
#include "harness.h"
#include "models.h"
#include "quantizing.h"
#include "scratch.h"

#include <math.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a progress function has heard. */
struct heard {
    size_t calls;
    uint64_t last, total;
    int falls, stop;
};

static int hear(void *user, const quell_progress *at)
{
    struct heard *heard = user;
    heard->falls += at->done < heard->last || at->done > at->total;
    heard->calls++, heard->last = at->done, heard->total = at->total;
    return heard->stop;
}

static void check_instructions(const quell_quantized *made, const quell_quantize_report *report)
{
    quell_quantize_instruction one = quell_quantize_instruction_init();
    size_t quantized = 0;
    double all = 0, chosen = 0;
    for (size_t i = 0; i < report->instructions; i++) {
        MUST(quell_quantized_instruction(made, i, &one));
        quantized += (size_t)one.quantized;
        all += (double)one.multiply_adds;
        if (one.quantized) chosen += (double)one.multiply_adds;
        CHECK(!one.quantized == (one.why != NULL), "%zu: quantized and why do not fit", i);
        CHECK(one.tried ? one.moves > 0 : !one.quantized, "%zu moved by %g", i, one.moves);
        CHECK(!strcmp(one.kind, "linear") && strlen(one.weights) > 6, "%zu is a %s of '%s'", i,
              one.kind, one.weights);
    }
    CHECK(quell_quantized_instruction(made, report->instructions, &one) == QUELL_NOT_FOUND,
          "there is one more");
    CHECK(quantized == report->quantized && fabs(report->share - chosen / all) < 1e-12,
          "%zu quantised, a share of %g", quantized, report->share);
}

TEST(quantize_library, moves_samples_as_it_says)
{
    struct scratch scratch = scratch_new();
    struct scratch_path path = scratch_path(&scratch, "q.safetensors");
    struct settings s;
    struct heard heard = {0};
    float x[COUNT * DIM], y[COUNT * DIM];
    quell_quantized *made = NULL;
    quell_quantize_report report = quell_quantize_report_init();
    settings_of(&s);
    s.run.progress = hear, s.run.progress_user = &heard;
    MUST(quell_quantize(&made, "builtin:rings", path.text, &s.options));
    MUST(quell_quantized_report(made, &report));
    draw("builtin:rings", &s, x);
    draw(path.text, &s, y);
    CHECK(report.moved > 0 && report.moved <= 0.03, "moved by %g", report.moved);
    CHECK(fabs(distance(x, y) - report.moved) < 1e-6, "moved by %g, not %g", distance(x, y),
          report.moved);
    CHECK(heard.calls && !heard.falls && heard.total > report.runs * STEPS,
          "%zu calls, %d of them wrong", heard.calls, heard.falls);
    CHECK(report.bytes_after < report.bytes_before && report.seconds > 0, "the report is empty");
    check_instructions(made, &report);
    quell_quantized_free(made);
    scratch_remove(&scratch);
}

/* Nothing of a run shows in the file, nor whether its seed is one or a list. */
TEST(quantize_library, the_file_depends_on_no_run)
{
    struct scratch scratch = scratch_new();
    struct settings s;
    uint64_t seeds[COUNT], indices[COUNT];
    char *file[3];
    size_t size[3];
    for (size_t i = 0; i < 3; i++) {
        settings_of(&s);
        if (i == 1) s.run.threads = 1, s.run.isa = "scalar", s.run.tile = 1;
        for (size_t k = 0; k < COUNT; k++) indices[k] = k, seeds[k] = 3;
        if (i == 2) s.draw.seeds = seeds, s.draw.indices = indices, s.draw.seed = 0;
        s.options.bound = 0.006;
        MUST(quell_quantize(NULL, "builtin:rings", scratch_path(&scratch, "q.safetensors").text,
                            &s.options));
        file[i] = scratch_read(&scratch, "q.safetensors", &size[i]);
    }
    CHECK(size[0] == size[1] && !memcmp(file[0], file[1], size[0]), "the run shows");
    CHECK(size[0] == size[2] && !memcmp(file[0], file[2], size[0]), "a list of the seed shows");
    for (size_t i = 0; i < 3; i++) free(file[i]);
    scratch_remove(&scratch);
}

/* Writes a network of two instructions, whose weights a[first] and b[second] have these shapes. */
static struct scratch_path write_pair(const struct scratch *scratch, const char *program,
                                      const char *a, size_t first, const char *b, size_t second)
{
    static char header[2000];
    size_t floats = first + second, length;
    length = (size_t)snprintf(
        header, sizeof header,
        "{\"__metadata__\":{\"quell\":\"{\\\"kind\\\": \\\"network\\\", \\\"version\\\": 1, "
        "\\\"output\\\": \\\"x0\\\", \\\"schedule\\\": \\\"vp\\\", %s}\"},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%zu]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}}",
        program, a, 4 * first, b, 4 * first, 4 * floats);
    char *file = calloc(8 + length + 4 * floats, 1);
    for (size_t i = 0; i < 8; i++) file[i] = (char)(length >> 8 * i);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < floats; i++) {
        float value = (float)sin((double)i) / 64;
        memcpy(file + 8 + length + 4 * i, &value, 4);
    }
    struct scratch_path path =
        scratch_write(scratch, "n.safetensors", file, 8 + length + 4 * floats);
    free(file);
    return path;
}

/* The first of two instructions stays as it is, for a reason with these words. */
static void check_first_stays(const struct scratch *scratch, struct scratch_path path,
                              const char *words)
{
    struct scratch_path out = scratch_path(scratch, "q.safetensors");
    quell_sampler_options sampling = quell_sampler_defaults();
    quell_quantize_options options = quell_quantize_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_quantize_instruction one = quell_quantize_instruction_init();
    quell_quantized *made = NULL;
    quell_model *model = NULL;
    sampling.steps = 2;
    options.draw = &draw, options.sampling = &sampling, options.bound = 10;
    MUST(quell_quantize(&made, path.text, out.text, &options));
    MUST(quell_quantized_instruction(made, 0, &one));
    CHECK(!one.quantized && strstr(one.why, words), "%s stays because it %s", one.weights,
          one.why ? one.why : "does not");
    CHECK(!strcmp(one.weights, "a"), "its weights are '%s'", one.weights);
    MUST(quell_quantized_instruction(made, 1, &one));
    CHECK(one.quantized, "%s stays because it %s", one.weights, one.why);
    MUST(quell_model_load(&model, out.text));
    quell_model_free(model);
    quell_quantized_free(made);
}

/* 131072 products of bytes fit an int32, one more may not. */
TEST(quantize_library, long_sums_stay)
{
    struct scratch scratch = scratch_new();
    check_first_stays(
        &scratch,
        write_pair(&scratch,
                   "\\\"shape\\\": [131073], \\\"programs\\\": {\\\"denoise\\\": {\\\"inputs\\\": "
                   "{\\\"x\\\": [131073]}, \\\"instructions\\\": [{\\\"linear\\\": [\\\"x\\\", "
                   "\\\"a\\\"]}, {\\\"linear\\\": [0, \\\"b\\\"]}], \\\"output\\\": 1}}",
                   "[1,131073]", 131073, "[131073,1]", 131073),
        "sums that are too long");
    scratch_remove(&scratch);
}

/* A convolution of bytes copies what its windows see, and these see too much: that is found when
 * the network is read. */
TEST(quantize_library, far_windows_stay)
{
    struct scratch scratch = scratch_new();
    check_first_stays(
        &scratch,
        write_pair(&scratch,
                   "\\\"shape\\\": [1, 4100], \\\"programs\\\": {\\\"denoise\\\": {\\\"inputs\\\": "
                   "{\\\"x\\\": [1, 4100]}, \\\"instructions\\\": [{\\\"conv\\\": [\\\"x\\\", "
                   "\\\"a\\\"], \\\"dilation\\\": [10000000], \\\"before\\\": [10000000], "
                   "\\\"after\\\": [10000000]}, {\\\"conv\\\": [0, \\\"b\\\"], \\\"before\\\": "
                   "[1], \\\"after\\\": [1]}], \\\"output\\\": 1}}",
                   "[2,1,3]", 6, "[1,2,3]", 6),
        "windows that reach too far");
    scratch_remove(&scratch);
}

/* An attention has no weights; it is tried and named like the others, and keeps its attributes. */
TEST(quantize_library, attention)
{
    struct scratch scratch = scratch_new();
    struct scratch_path out = scratch_path(&scratch, "q.safetensors");
    struct scratch_path path = write_pair(
        &scratch,
        "\\\"shape\\\": [64, 16], \\\"programs\\\": {\\\"denoise\\\": {\\\"inputs\\\": "
        "{\\\"x\\\": [64, 16]}, \\\"instructions\\\": [{\\\"linear\\\": [\\\"x\\\", \\\"a\\\"]}, "
        "{\\\"attention\\\": [0, \\\"x\\\", 0], \\\"causal\\\": true, \\\"scale\\\": 2}, "
        "{\\\"linear\\\": [1, \\\"b\\\"]}], \\\"output\\\": 2}}",
        "[16,16]", 256, "[16,16]", 256);
    quell_sampler_options sampling = quell_sampler_defaults();
    quell_quantize_options options = quell_quantize_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_quantize_instruction one = quell_quantize_instruction_init();
    quell_quantized *made = NULL;
    size_t size;
    sampling.steps = 2;
    options.draw = &draw, options.sampling = &sampling, options.bound = 10;
    MUST(quell_quantize(&made, path.text, out.text, &options));
    MUST(quell_quantized_instruction(made, 1, &one));
    CHECK(!strcmp(one.kind, "attention") && !*one.weights, "it is a %s", one.kind);
    CHECK(one.quantized && one.moves > 0, "it moved by %g", one.moves);
    char *file = scratch_read(&scratch, "q.safetensors", &size);
    char *text = file + 8;
    CHECK(strstr(text, "{\\\"attention_int8\\\": [0, \\\"x\\\", 0], \\\"causal\\\": true"),
          "the description is %.900s", text);
    free(file);
    quell_quantized_free(made);
    scratch_remove(&scratch);
}

static void check_refused(const struct scratch *scratch, const char *model,
                          const quell_quantize_options *options, quell_status wanted,
                          const char *words)
{
    quell_quantized *made = NULL;
    struct scratch_path out = scratch_path(scratch, "q.safetensors");
    quell_status status = quell_quantize(&made, model, out.text, options);
    CHECK(status == wanted && !made, "status %d, must be %d: %s", status, wanted,
          quell_error_message());
    CHECK(strstr(quell_error_message(), words), "'%s' does not say '%s'", quell_error_message(),
          words);
    CHECK(scratch_count(scratch, ".") == 0, "a file was written");
}

static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                   const float *x)
{
    (void)user, (void)transition, (void)s, (void)told, (void)x;
    return 0;
}

/* A sampler that chooses its own steps is not told how many. */
TEST(quantize_library, own_steps)
{
    struct scratch scratch = scratch_new();
    quell_quantize_options options = quell_quantize_defaults();
    quell_draw draw = quell_draw_defaults();
    options.sampler = "dpm_adaptive:order=2,rtol=0.5", options.draw = &draw, options.bound = 10;
    MUST(quell_quantize(NULL, "builtin:rings", scratch_path(&scratch, "q.safetensors").text,
                        &options));
    scratch_remove(&scratch);
}

TEST(quantize_library, refused)
{
    struct scratch scratch = scratch_new();
    struct heard heard = {.stop = 1};
    struct settings s;
    settings_of(&s);
    s.options.bound = 11;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT,
                  "bound is 11, must be from 1e-06 to 10");
    s.options.bound = 1e-6;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT, "take a higher bound");
    settings_of(&s);
    s.draw.count = 0;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT, "draw.count is 0");
    settings_of(&s);
    s.run.observe = observe;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT, "cannot be observed");
    settings_of(&s);
    s.run.progress = hear, s.run.progress_user = &heard;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_STOPPED, "");
    settings_of(&s);
    s.options.size = 3;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT,
                  "start from quell_quantize_defaults()");
    settings_of(&s);
    check_refused(&scratch, "builtin:grid25", NULL, QUELL_UNSUPPORTED, "is no network");
    check_refused(&scratch, "builtin:nothing", NULL, QUELL_NOT_FOUND, "nothing");
    check_refused(&scratch, NULL, NULL, QUELL_BAD_ARGUMENT, "the model is NULL");
    quell_model *model = NULL;
    MUST(quell_model_load(&model, "builtin:rings"));
    s.options.guide = quell_model_denoiser(model);
    s.options.guidance = NULL;
    check_refused(&scratch, "builtin:rings", &s.options, QUELL_BAD_ARGUMENT, "no guidance");
    quell_model_free(model);
    static const char *const names[] = {"q.json", "q", ".safetensors", "q.safetensors.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(quell_quantize(NULL, "builtin:rings", names[i], NULL) == QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), "must be a name that ends with .safetensors"),
              "%s: %s", names[i], quell_error_message());
    quell_quantize_report report = quell_quantize_report_init();
    CHECK(quell_quantized_report(NULL, &report) == QUELL_BAD_ARGUMENT, "NULL has a report");
    scratch_remove(&scratch);
}
