/* SPDX-License-Identifier: MIT */
/* Decoders: their outputs are compared with a computation in double, and have the same bits however
 * they are computed; and what is refused. */
#include "conditioned.h"
#include "described.h"
#include "drawing.h"
#include "harness.h"
#include "isas.h"
#include "models.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 2, WIDTH = 3, SIZE = DIM * WIDTH, COUNT = 7 };

/* E[X | x_t] = x shift; a sample is decoded to y[i][j] = tanh(x[i]) + shift[j] + class. */
#define DENOISE                                                                             \
    "'denoise': {'inputs': {'x': [2], 'class': [], 'shift': [3]}, 'instructions': ["        \
    "{'reduce': ['shift'], 'function': 'sum', 'dims': [0]}, {'map': ['x', 0], 'function': " \
    "'mul'}, {'map': [1, 'class'], 'function': 'mul'}], 'output': 2}"
#define DECODE(shift)                                                                         \
    "'decode': {'inputs': {'x': [2], 'class': [], 'shift': " shift "}, 'instructions': ["     \
    "{'move': ['x'], 'form': 'reshape', 'shape': [2, 1]}, {'map': [0], 'function': 'tanh'}, " \
    "{'map': [1, 'shift'], 'function': 'add'}, {'map': [2, 'class'], 'function': 'add'}], "   \
    "'output': 3}"
#define MODEL(fields, programs)                                                             \
    "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', 'classes': 4, " fields \
    "'programs': {" programs "}}"

static const float x[COUNT * DIM] = {-2, -1, -0.5f, 0, 0.25f, 1, 2, 3, 4, 5, 0.1f, 0.2f, 0.3f, 7};
static const int32_t classes[COUNT] = {0, 1, 2, 3, -1, 1, 0};

static quell_model *read_model(void)
{
    quell_model *model = NULL;
    MUST(described_read(&model, MODEL("", DENOISE ", " DECODE("[3]"))));
    return model;
}

TEST(decode, is_the_twin)
{
    float shifts[COUNT][WIDTH], y[COUNT * SIZE];
    const quell_condition shift = {"shift", shifts[0], COUNT, WIDTH};
    quell_model *model = read_model();
    quell_draw draw = quell_draw_defaults();
    draw.count = COUNT, draw.classes = classes;
    draw.conditions = &shift, draw.condition_count = 1;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < WIDTH; k++) shifts[i][k] = (float)(i * WIDTH + k) / 4;
    CHECK(quell_model_decodes(model) && quell_model_decoded_rank(model) == 2, "its rank");
    CHECK(quell_model_decoded_shape(model)[0] == DIM &&
              quell_model_decoded_shape(model)[1] == WIDTH,
          "its shape");
    MUST(quell_model_decode(model, &draw, NULL, x, y));
    for (size_t i = 0; i < COUNT * SIZE; i++) {
        size_t sample = i / SIZE, row = i / WIDTH % DIM, column = i % WIDTH;
        double class = classes[sample] < 0 ? 4 : classes[sample];
        double right = tanh((double)x[sample * DIM + row]) + (double)shifts[sample][column] + class;
        CHECK(fabs((double)y[i] - right) < 1e-6, "element %zu: %g, not %g", i, (double)y[i], right);
    }
    quell_model_free(model);
}

/* Any threads, a host's own ones, every instruction set, and each sample alone. */
TEST(decode, has_the_same_bits)
{
    static const float ones[WIDTH] = {1, 1, 1};
    const quell_condition shift = {"shift", ones, 0, WIDTH};
    float right[COUNT * SIZE], y[COUNT * SIZE];
    quell_model *model = read_model();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = COUNT, draw.classes = classes;
    draw.conditions = &shift, draw.condition_count = 1;
    run.isa = "scalar", run.threads = 1;
    MUST(quell_model_decode(model, &draw, &run, x, right));
    for (size_t i = 0; isa_name(i); i++) {
        if (!quell_isa_available(isa_name(i))) continue;
        run.isa = isa_name(i), run.threads = 1 + i % 3;
        MUST(quell_model_decode(model, &draw, &run, x, y));
        CHECK(!memcmp(y, right, sizeof y), "%s", run.isa);
    }
    run = quell_run_defaults();
    run.threads = 3, run.parallel = parallel_backwards;
    MUST(quell_model_decode(model, &draw, &run, x, y));
    CHECK(!memcmp(y, right, sizeof y), "a host's own threads");
    for (size_t i = 0; i < COUNT; i++) {
        quell_draw one = draw;
        one.first = i, one.count = 1, one.classes = classes + i;
        MUST(quell_model_decode(model, &one, NULL, x + i * DIM, y));
        CHECK(!memcmp(y, right + i * SIZE, SIZE * sizeof *y), "sample %zu alone", i);
    }
    quell_model_free(model);
}

static void check_refused(const quell_model *model, const quell_draw *draw, const float *in,
                          quell_status expected, const char *said)
{
    float y[COUNT * SIZE];
    quell_status status = quell_model_decode(model, draw, NULL, in, y);
    CHECK(status == expected && strstr(quell_error_message(), said), "status %d, '%s', not '%s'",
          (int)status, quell_error_message(), said);
}

/* What every call refuses of a draw and a run, and arrays that overlap. */
TEST(decode, refused_as_by_other_calls)
{
    float both[SIZE + 1] = {0};
    quell_model *model = NULL;
    MUST(described_read(&model, MODEL("", DENOISE ", " DECODE("[3]"))));
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    run.host = both;
    CHECK(quell_model_decode(model, &draw, &run, x, both) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "host is set, but parallel is NULL"),
          "a host without its parallel-for: %s", quell_error_message());
    run.host = NULL;
    draw.first = UINT64_MAX;
    CHECK(quell_model_decode(model, &draw, &run, x, both) == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "samples have numbers up to"),
          "sample 2^64 - 1: %s", quell_error_message());
    draw.first = 0;
    for (size_t from = 0; from <= 1; from++)
        CHECK(quell_model_decode(model, &draw, &run, both + from, both) == QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), "out overlaps x"),
              "out from %zu before x: %s", from, quell_error_message());
    quell_model_free(model);
}

TEST(decode, refused)
{
    static const float zeros[WIDTH], bad[DIM] = {NAN, 0};
    const quell_condition shift = {"shift", zeros, 0, WIDTH};
    quell_model *model = read_model(), *plain = conditioned_model("");
    quell_draw draw = quell_draw_defaults();
    uint64_t sample = 0;
    check_refused(NULL, &draw, x, QUELL_BAD_ARGUMENT, "the model is NULL");
    check_refused(plain, &draw, x, QUELL_UNSUPPORTED, "the model has no decoder");
    CHECK(!quell_model_decodes(plain) && quell_model_decoded_rank(plain) == 1, "no decoder");
    check_refused(model, &draw, x, QUELL_BAD_ARGUMENT, "condition 'shift' is missing");
    draw.conditions = &shift, draw.condition_count = 1;
    check_refused(model, &draw, NULL, QUELL_BAD_ARGUMENT, "decode: x is NULL");
    CHECK(quell_model_decode(model, &draw, NULL, x, NULL) == QUELL_BAD_ARGUMENT &&
              !strcmp(quell_error_message(), "decode: out is NULL"),
          "'%s'", quell_error_message());
    draw.first = 30;
    check_refused(model, &draw, bad, QUELL_NOT_FINITE, "decode: x[0][0] is nan");
    CHECK(quell_error_sample(&sample, NULL) && sample == 30, "which sample");
    draw.count = 0;
    MUST(quell_model_decode(model, &draw, NULL, NULL, NULL));
    quell_model_free(model);
    quell_model_free(plain);
}

static void check_bad(const char *description, const char *expected)
{
    quell_model *model = NULL;
    quell_status status = described_read(&model, description);
    CHECK(status == QUELL_BAD_MODEL && strstr(quell_error_message(), expected), "'%s', not '%s'",
          quell_error_message(), expected);
}

TEST(decode, bad_programs)
{
    check_bad(MODEL("", DENOISE ", " DECODE("[1]")),
              "its input 'shift' must be a condition of 'denoise', of the same shape");
    check_bad(MODEL("", DENOISE ", 'decode': {'inputs': {'x': [2], 'other': []}, 'instructions': ["
                                "{'map': ['x', 'other'], 'function': 'mul'}], 'output': 0}"),
              "its input 'other' must be a condition of 'denoise'");
    check_bad(MODEL("", DENOISE ", 'decode': {'inputs': {'x': [2]}, 'instructions': [{'reduce': "
                                "['x'], 'function': 'sum', 'dims': [0]}], 'output': 0}"),
              "its output must have 1 to 8 dimensions");
    check_bad(MODEL("'image': true, ",
                    DENOISE ", 'decode': {'inputs': {'x': [2]}, 'instructions': [{'map': ['x'], "
                            "'function': 'neg'}], 'output': 0}"),
              "needs a decoded shape of (height, width)");
}
