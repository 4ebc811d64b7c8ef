/* SPDX-License-Identifier: MIT */
/* One sample of a network that is large enough for several threads to compute it together. */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"
#include "names.h"
#include "tensor_file.h"

#include <quell/quell.h>

#include <stdlib.h>
#include <string.h>

#define DIGEST 0xaf1154c5e00e3a96u /* on every machine */

enum { ELEMENTS = 3 * 16 * 16, MOST_FILE = 1 << 19 };

static const char description[] =
    "{'kind': 'network', 'version': 1, 'shape': [3, 16, 16], 'output': 'eps', 'schedule': 'vp', "
    "'programs': {'denoise': {'inputs': {'x': [3, 16, 16], 'time': []}, 'instructions': ["
    "{'conv': ['x', 'in', 'bias'], 'before': [1, 1], 'after': [1, 1]}, "            /* 0 */
    "{'map': [0, 'time'], 'function': 'add'}, "                                     /* 1 */
    "{'norm': [1], 'groups': 8}, "                                                  /* 2 */
    "{'map': [2], 'function': 'silu'}, "                                            /* 3 */
    "{'conv': [3, 'wide', 'bias'], 'before': [1, 1], 'after': [1, 1]}, "            /* 4 */
    "{'map': [1, 4], 'function': 'add'}, "                                          /* 5 */
    "{'move': [5], 'form': 'reshape', 'shape': [64, 256]}, "                        /* 6 */
    "{'move': [6], 'form': 'permute', 'order': [1, 0]}, "                           /* 7 */
    "{'norm': [7], 'dims': [1]}, "                                                  /* 8 */
    "{'linear': [8, 'q']}, {'linear': [8, 'k']}, {'linear': [8, 'v']}, "            /* 9, 10, 11 */
    "{'attention': [9, 10, 11]}, "                                                  /* 12 */
    "{'move': [12], 'form': 'permute', 'order': [1, 0]}, "                          /* 13 */
    "{'move': [13], 'form': 'reshape', 'shape': [64, 16, 16]}, "                    /* 14 */
    "{'map': [5, 14], 'function': 'add'}, "                                         /* 15 */
    "{'conv': [15, 'half'], 'before': [1, 1], 'after': [1, 1], 'stride': [2, 2]}, " /* 16 */
    "{'nearest': [16], 'factors': [1, 2, 2]}, "                                     /* 17 */
    "{'concat': [15, 17], 'dim': 0}, "                                              /* 18 */
    "{'conv': [18, 'out'], 'before': [1, 1], 'after': [1, 1]}], 'output': 19}, "
    "'decode': {'inputs': {'x': [3, 16, 16]}, 'instructions': ["
    "{'conv': ['x', 'in', 'bias'], 'before': [1, 1], 'after': [1, 1]}, " /* 0 */
    "{'norm': [0], 'groups': 8}, "                                       /* 1 */
    "{'map': [1], 'function': 'silu'}, "                                 /* 2 */
    "{'conv': [2, 'wide', 'bias'], 'before': [1, 1], 'after': [1, 1]}, " /* 3 */
    "{'pool': [3], 'function': 'mean', 'window': [2, 2]}, "              /* 4 */
    "{'interpolate': [4], 'sizes': [16, 16]}, "                          /* 5 */
    "{'map': [3, 5], 'function': 'add'}, "                               /* 6 */
    "{'softmax': [6], 'dim': 0}, "                                       /* 7 */
    "{'reduce': [7], 'function': 'max', 'dims': [1, 2], 'keep': true}, " /* 8 */
    "{'map': [6, 8], 'function': 'mul'}, "                               /* 9 */
    "{'conv_transpose': [9, 'up'], 'stride': [2, 2], 'before': [1, 1], 'after': [1, 1]}"
    "], 'output': 10}}}";

static const struct tensor {
    const char *name;
    size_t rank, shape[4];
} tensors[] = {
    {"in", 4, {64, 3, 3, 3}},    {"bias", 1, {64}},         {"wide", 4, {64, 64, 3, 3}},
    {"q", 2, {64, 64}},          {"k", 2, {64, 64}},        {"v", 2, {64, 64}},
    {"half", 4, {24, 64, 3, 3}}, {"out", 4, {3, 88, 3, 3}}, {"up", 4, {64, 32, 4, 4}},
};

static quell_model *load(void)
{
    static struct tensor_writer writer;
    char *file = malloc(MOST_FILE);
    quell_model *model = calloc(1, sizeof *model);
    CHECK(file && model, "no memory");
    tensor_begin(&writer, description);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        tensor_add(&writer, tensors[i].name, tensors[i].rank, tensors[i].shape);
    MUST(quell_model_read_memory(model, "crews", file, tensor_finish(&writer, file)));
    free(file);
    return model;
}

static quell_sampler *sampler_of(const quell_model *model)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddpm", quell_model_denoiser(model), schedule, 1);
    quell_schedule_free(schedule);
    return sampler;
}

static void check(const quell_sampler *sampler, const char *isa, size_t threads, size_t count)
{
    static float x[3 * ELEMENTS];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 3, draw.count = count;
    run.isa = isa, run.threads = threads;
    must_draw(sampler, &draw, &run, x);
    uint64_t digest = digest_floats(x, ELEMENTS);
    CHECK(digest == DIGEST, "%zu samples, %zu threads, %s: digest 0x%016llx", count, threads,
          isa ? isa : "widest", (unsigned long long)digest);
}

TEST(program_crews, have_the_same_bits)
{
    static const size_t threads[] = {1, 2, 3, 8};
    quell_model *model = load();
    quell_sampler *sampler = sampler_of(model);
    for (size_t i = 0; isa_name(i); i++)
        if (quell_isa_available(isa_name(i))) check(sampler, isa_name(i), 2, 1);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        if (is_emulated() && threads[i] != 3) continue;
        for (size_t count = 1; count <= 3; count++)
            if (its_turn(count, 2, i)) check(sampler, NULL, threads[i], count);
    }
    quell_sampler_free(sampler);
    quell_model_free(model);
}

/* A decoder too: fewer samples than threads, and more. */
TEST(program_crews, decode_with_the_same_bits)
{
    enum { DECODED = 32 * 32 * 32 };
    static const size_t threads[] = {2, 3, 8};
    static float x[3 * ELEMENTS], right[3 * DECODED], y[3 * DECODED];
    quell_model *model = load();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    for (size_t i = 0; i < 3 * ELEMENTS; i++) x[i] = (float)(i % 37) / 16 - 1;
    draw.count = 3, run.threads = 1;
    MUST(quell_model_decode(model, &draw, &run, x, right));
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (draw.count = 1; draw.count <= 3; draw.count++) {
            if (!its_turn(draw.count, 2, i)) continue;
            run.threads = threads[i];
            MUST(quell_model_decode(model, &draw, &run, x, y));
            CHECK(!memcmp(y, right, (size_t)draw.count * DECODED * sizeof *y),
                  "%zu samples, %zu threads", (size_t)draw.count, threads[i]);
        }
    run.isa = "scalar", draw.count = 1;
    MUST(quell_model_decode(model, &draw, &run, x, y));
    CHECK(!memcmp(y, right, DECODED * sizeof *y), "plain C");
    quell_model_free(model);
}

static int stop(void *user, const quell_progress *progress)
{
    (void)user, (void)progress;
    return 1;
}

static int fail(void *user, size_t transition, const quell_point *s, const quell_call *told,
                const float *x)
{
    (void)user, (void)transition, (void)s, (void)told, (void)x;
    return -1;
}

/* In a run that is stopped or fails, no worker is left waiting. */
TEST(program_crews, stop)
{
    static float x[ELEMENTS];
    quell_model *model = load();
    quell_sampler *sampler = sampler_of(model);
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    run.threads = 4, run.progress = stop;
    CHECK(quell_sample(sampler, &draw, &run, x) == QUELL_STOPPED, "it did not stop");
    run.progress = NULL, run.observe = fail;
    CHECK(quell_sample(sampler, &draw, &run, x), "it did not fail");
    run.observe = NULL;
    MUST(quell_sample(sampler, &draw, &run, x));
    quell_sampler_free(sampler);
    quell_model_free(model);
}
