/* SPDX-License-Identifier: MIT */
/* Networks by ONNX Runtime against the same denoisers in C. */
#include "networks.h"

#include <fenv.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 3000

static float exact[COUNT * 6], drawn[COUNT * 6];

static void same(size_t values, double tolerance)
{
    for (size_t i = 0; i < values; i++)
        CHECK(fabs((double)drawn[i] - (double)exact[i]) <= tolerance * (1 + fabs((double)exact[i])),
              "value %zu: %.9g, not %.9g", i, (double)drawn[i], (double)exact[i]);
}

static void draw_gaussian(const char *name, int whole_batch, size_t threads, size_t count)
{
    quell_denoiser *denoiser = NULL;
    quell_onnx_options options = quell_onnx_defaults();
    options.whole_batch = whole_batch;
    options.threads = options.whole_batch ? threads : 0;
    CHECK(!quell_denoiser_from_onnx(&denoiser, network_path(name).text, &options), "%s",
          quell_error_message());
    CHECK(quell_denoiser_dim(denoiser) == 2 && !quell_denoiser_reproducible(denoiser),
          "dim or reproducible");
    memset(drawn, 0, sizeof drawn);
    CHECK(!network_draw(denoiser, "vp", threads, count, drawn), "%s", quell_error_message());
    quell_denoiser_free(denoiser);
}

/* The exact samples of N((1, -2), I / 4). */
static void expect_gaussian(size_t count)
{
    const double mean[] = {1, -2};
    quell_denoiser *denoiser = NULL;
    CHECK(!quell_denoiser_from_isotropic(&denoiser, 2, mean, 0.25), "%s", quell_error_message());
    CHECK(!network_draw(denoiser, "vp", 1, count, exact), "%s", quell_error_message());
    quell_denoiser_free(denoiser);
}

TEST(onnx, gaussian)
{
    expect_gaussian(COUNT);
    for (int whole_batch = 0; whole_batch < 2; whole_batch++)
        for (size_t threads = 1; threads <= 4; threads += 3) {
            draw_gaussian("gaussian.onnx", whole_batch, threads, COUNT);
            same(2 * COUNT, 2e-5);
        }
}

TEST(onnx, batch_of_one)
{
    expect_gaussian(100);
    draw_gaussian("one.onnx", 0, 2, 100);
    same(200, 2e-5);
}

/* The first input of the network need not be x. */
TEST(onnx, time_before_x)
{
    expect_gaussian(100);
    draw_gaussian("turned.onnx", 0, 2, 100);
    same(200, 2e-5);
}

/* Two inputs that may both be the time: nothing is guessed. */
TEST(onnx, inputs_without_names)
{
    quell_denoiser *denoiser = NULL;
    quell_onnx_options options = quell_onnx_defaults();
    struct network_path path = network_path("unnamed.onnx");
    CHECK(quell_denoiser_from_onnx(&denoiser, path.text, &options) == QUELL_BAD_MODEL, "guessed");
    CHECK(strstr(quell_error_message(), "'p' and 'q' may both be the time") &&
              strstr(quell_error_message(), "option time"),
          "%s", quell_error_message());
    options.label = "q";
    CHECK(!quell_denoiser_from_onnx(&denoiser, path.text, &options), "%s", quell_error_message());
    quell_denoiser_free(denoiser);
    options.label = NULL, options.time = "p";
    CHECK(!quell_denoiser_from_onnx(&denoiser, path.text, &options), "%s", quell_error_message());
    quell_denoiser_free(denoiser);
}

/* steps.onnx in C. */
static int steps(void *user, const quell_call *call, const float *input, float *output)
{
    float value = (float)llrint(call->t * *(const double *)user) + 0.25f;
    (void)input;
    for (size_t i = 0; i < call->rows * call->dim; i++) output[i] = value;
    return 0;
}

static void check_steps(double given, double scale)
{
    quell_denoiser *twin = NULL;
    quell_model *model = NULL;
    quell_onnx_options options = quell_onnx_defaults();
    options.class_label = 1;
    options.time_scale = given;
    CHECK(!quell_model_from_onnx(&model, network_path("steps.onnx").text, &options), "%s",
          quell_error_message());
    CHECK(quell_model_rank(model) == 3 && quell_model_shape(model)[0] == 1 &&
              quell_model_shape(model)[1] == 2 && quell_model_shape(model)[2] == 3,
          "its shape");
    CHECK(!strcmp(quell_model_schedule(model), "rectified"), "its schedule is '%s'",
          quell_model_schedule(model));
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    CHECK(!quell_denoiser_from_function(&twin, 6, steps, &scale, NULL), "%s",
          quell_error_message());
    CHECK(!network_draw(denoiser, "rectified", 2, 50, drawn), "%s", quell_error_message());
    CHECK(!network_draw(twin, "rectified", 2, 50, exact), "%s", quell_error_message());
    quell_denoiser_free(twin);
    quell_model_free(model);
    same(300, 1e-6);
}

TEST(onnx, integer_time_and_label)
{
    check_steps(0, 999);
    check_steps(1000, 1000);
}

/* Each row's own label, and that of no class; steps.onnx adds a quarter of it. */
TEST(onnx, classes)
{
    static int32_t classes[1100];
    static float x[6 * 1100], mean[6 * 1100];
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    quell_onnx_options options = quell_onnx_defaults();
    options.classes = 2; /* and no class is 2 */
    CHECK(!quell_denoiser_from_onnx(&denoiser, network_path("steps.onnx").text, &options) &&
              quell_denoiser_classes(denoiser) == 2 &&
              !quell_schedule_create(&schedule, "rectified") &&
              !quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL),
          "%s", quell_error_message());
    for (int i = 0; i < 1100; i++) classes[i] = i % 3 - 1;
    draw.count = 1100, run.threads = 2, draw.classes = classes, run.tile = 1100;
    CHECK(!quell_denoise(sampler, &draw, &run, 0.5, x, mean), "%s", quell_error_message());
    for (int i = 0; i < 6 * 1100; i++) {
        int label = classes[i / 6] < 0 ? 2 : classes[i / 6];
        double expected = (double)llrint(0.5 * 999) + 0.25 * label;
        CHECK(fabs((double)mean[i] - expected) < 1e-3, "value %d: %g, not %g", i, (double)mean[i],
              expected);
    }
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    options.classes = 3;
    CHECK(quell_denoiser_from_onnx(&denoiser, network_path("gaussian.onnx").text, &options) ==
              QUELL_BAD_MODEL,
          "classes without a label");
}

/* Signals, processors and the floating-point environment are the host's. */
TEST(onnx, leaves_the_host_alone)
{
    sigset_t before, after;
    cpu_set_t processors, processors_after;
    memset(&before, 0, sizeof before); /* the kernel writes less than all of it */
    memset(&after, 0, sizeof after);
    sigprocmask(SIG_SETMASK, NULL, &before);
    sched_getaffinity(0, sizeof processors, &processors);
    fesetround(FE_UPWARD);
    draw_gaussian("gaussian.onnx", 1, 2, 50);
    int rounding = fegetround();
    fesetround(FE_TONEAREST);
    sigprocmask(SIG_SETMASK, NULL, &after);
    sched_getaffinity(0, sizeof processors_after, &processors_after);
    volatile float smallest = 1e-40f;
    CHECK(rounding == FE_UPWARD, "the rounding mode has changed");
    CHECK(smallest / 2 > 0, "denormal numbers are flushed");
    CHECK(!memcmp(&before, &after, sizeof before), "the signal mask has changed");
    CHECK(CPU_EQUAL(&processors, &processors_after), "the affinity has changed");
}

/* A child of fork() has no threads of the session's: it hears so, does not wait for them, and may
 * open the file itself. */
TEST(onnx, after_fork)
{
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_onnx_options options = quell_onnx_defaults();
    options.whole_batch = 1, options.threads = 3;
    draw.count = 100;
    CHECK(!quell_denoiser_from_onnx(&denoiser, network_path("gaussian.onnx").text, &options), "%s",
          quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL), "%s",
          quell_error_message());
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    CHECK(!quell_sample_from(sampler, &draw, NULL, drawn), "%s", quell_error_message());
    int status = 0;
    pid_t child = fork();
    if (!child) {
        alarm(20);
        if (quell_sample_from(sampler, &draw, NULL, drawn) != QUELL_DENOISER_FAILED) _exit(1);
        if (!strstr(quell_error_message(), "fork()")) _exit(2);
        quell_sampler_free(sampler);
        if (quell_denoiser_from_onnx(&denoiser, network_path("gaussian.onnx").text, &options))
            _exit(3);
        _exit(network_draw(denoiser, "vp", 1, 100, drawn) ? 4 : 0);
    }
    waitpid(child, &status, 0);
    CHECK(!status, "the child: %d", status);
    quell_sampler_free(sampler);
}
