/* SPDX-License-Identifier: MIT */
/* Samples of so many elements that several threads share what is done around the network, too: they
 * scale x, make the mean of the output, draw the noise, make the step and look for what is not
 * finite, each for some of the elements. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"
#include "names.h"
#include "processors.h"
#include "tensor_file.h"

#include <quell/quell.h>

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST 0xad9543a424ac9cbcu /* on every machine */

/* Not a multiple of what workers divide by, nor of the elements that a step takes at a time. */
enum { CHANNELS = 4, LINES = 71, COLUMNS = 70, ELEMENTS = CHANNELS * LINES * COLUMNS };
enum { MOST_COUNT = 2, MOST_FILE = 1 << 18 };

#define SHAPE "[4, 71, 70]"
#define CONV "'before': [1, 1], 'after': [1, 1]}, "

static const char instructions[] =
    "'programs': {'denoise': {'inputs': {'x': " SHAPE ", 'time': []}, 'instructions': ["
    "{'conv': ['x', 'in'], " CONV "{'map': [0, 'time'], 'function': 'add'}, "
    "{'map': [1], 'function': 'tanh'}, {'conv': [2, 'out'], " CONV
    "{'map': [3, 'gain'], 'function': 'mul'}, {'map': [4, 'gain'], 'function': 'mul'}"
    "], 'output': 5}}}";

/* The model of a network with these fields in its description, and `channels` in its output. All
 * gains are 1 but that of element `tall`, which makes every output infinite. */
static quell_model *load(const char *fields, size_t channels, size_t tall)
{
    static struct tensor_writer writer;
    char description[2048], *file = malloc(MOST_FILE);
    quell_model *model = calloc(1, sizeof *model);
    CHECK(file && model, "no memory");
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': " SHAPE ", %s%s", fields, instructions);
    tensor_begin(&writer, description);
    tensor_add(&writer, "in", 4, (size_t[]){32, CHANNELS, 3, 3});
    tensor_add(&writer, "out", 4, (size_t[]){channels, 32, 3, 3});
    float *gain = writer.data + writer.floats;
    tensor_add(&writer, "gain", 3, (size_t[]){channels, LINES, COLUMNS});
    for (size_t i = 0; i < channels * LINES * COLUMNS; i++) gain[i] = i == tall ? FLT_MAX : 1;
    MUST(quell_model_read_memory(model, "large", file, tensor_finish(&writer, file)));
    free(file);
    return model;
}

static quell_sampler *sampler_of(const quell_model *model, const char *name)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler(name, quell_model_denoiser(model), schedule, 3);
    quell_schedule_free(schedule);
    return sampler;
}

static const struct way {
    const char *fields, *sampler;
    size_t channels;
} ways[] = {
    {"'output': 'eps', 'schedule': 'vp', ", "ddim", CHANNELS},
    {"'output': 'x0', 'schedule': 'vp', ", "ddim", CHANNELS},
    {"'output': 'x0', 'schedule': 'vp', ", "ddpm", CHANNELS},
    {"'output': 'x0', 'precondition': 'karras', 'schedule': 'vp', ", "dpmpp_2m_sde", CHANNELS},
    {"'output': 'eps', 'variance': 'learned_range', 'schedule': 'vp', ", "ddpm", 2 * CHANNELS},
};

static void draw(const quell_sampler *sampler, const char *isa, size_t threads, size_t count,
                 float *x)
{
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 3, draw.count = count;
    run.isa = isa, run.threads = threads;
    must_draw(sampler, &draw, &run, x);
}

/* The bits depend neither on the number of threads nor on how many samples each crew of them has.
 * If tests are brief, each way is tried with numbers of its own. An emulated machine tries one
 * number of threads: it divides the work as the machine does that emulates it. */
static void check(const quell_sampler *sampler, const struct way *way)
{
    static float right[MOST_COUNT * ELEMENTS], x[MOST_COUNT * ELEMENTS];
    static const size_t threads[] = {3, 2, 5, 4, 8};
    const size_t turn = (size_t)(way - ways), most = is_emulated() ? 1 : MOST_COUNT;
    draw(sampler, NULL, 1, most, right);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        if (!its_turn(i, is_emulated() ? 5 : 3, turn)) continue;
        for (size_t count = 1; count <= most; count++) {
            draw(sampler, NULL, threads[i], count, x);
            for (size_t e = 0; e < count * ELEMENTS; e++)
                CHECK(!memcmp(&x[e], &right[e], sizeof *x),
                      "%s%s, %zu samples, %zu threads: element %zu is %a, not %a", way->fields,
                      way->sampler, count, threads[i], e, (double)x[e], (double)right[e]);
        }
    }
}

TEST(large_samples, have_the_same_bits)
{
    static float x[ELEMENTS];
    uint64_t found = DIGEST_START;
    seeming_processors = 8;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        quell_model *model = load(ways[i].fields, ways[i].channels, SIZE_MAX);
        quell_sampler *sampler = sampler_of(model, ways[i].sampler);
        check(sampler, &ways[i]);
        draw(sampler, "scalar", 2, 1, x);
        uint64_t one = digest_floats(x, ELEMENTS);
        for (size_t k = 0; isa_name(k); k++) {
            if (!quell_isa_available(isa_name(k)) || !strcmp(isa_name(k), "scalar")) continue;
            draw(sampler, isa_name(k), 2, 1, x);
            CHECK(digest_floats(x, ELEMENTS) == one, "%s%s: other bits by %s", ways[i].fields,
                  ways[i].sampler, isa_name(k));
        }
        found = digest(found, &one, sizeof one);
        quell_sampler_free(sampler);
        quell_model_free(model);
    }
    seeming_processors = 0;
    CHECK(found == DIGEST, "digest 0x%016llx", (unsigned long long)found);
}

/* A value that is not finite is found in every worker's part, and named by its index in the
 * sample. */
TEST(large_samples, are_checked_in_every_part)
{
    static float x[MOST_COUNT * ELEMENTS];
    static const size_t places[] = {0, ELEMENTS / 3, ELEMENTS / 2, ELEMENTS - 1};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 1;
    seeming_processors = 8;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char where[40];
        quell_model *model = load("'output': 'x0', 'schedule': 'vp', ", CHANNELS, places[i]);
        quell_sampler *sampler = sampler_of(model, "ddim");
        snprintf(where, sizeof where, " in element %zu", places[i]);
        for (run.threads = 1; run.threads <= 5; run.threads++) {
            CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_NOT_FINITE, "%zu threads: %s",
                  run.threads, quell_error_message());
            CHECK(strstr(quell_error_message(), where), "%zu threads: '%s' has not '%s'",
                  run.threads, quell_error_message(), where);
        }
        quell_sampler_free(sampler);
        quell_model_free(model);
    }
    seeming_processors = 0;
}
