/* SPDX-License-Identifier: MIT */
/* What is wrong with a file, or goes wrong in a run, is a status and a line. */
#include "command.h"
#include "networks.h"

#include <string.h>

static void refused(const char *path, const quell_onnx_options *options, quell_status expected,
                    const char *reason)
{
    quell_denoiser *denoiser = NULL;
    quell_status status = quell_denoiser_from_onnx(&denoiser, path, options);
    CHECK(status == expected, "%s: %s, not %s", path, quell_status_name(status),
          quell_status_name(expected));
    CHECK(!denoiser && strstr(quell_error_message(), reason), "%s: says %s", path,
          quell_error_message());
}

TEST(onnx_refused, files)
{
    quell_onnx_options options = quell_onnx_defaults();
    const size_t shape[] = {3};
    refused("/no/such.onnx", NULL, QUELL_IO_FAILED, "No such file");
    refused(network_path("half.onnx").text, NULL, QUELL_BAD_MODEL, "must be float32");
    refused(network_path("batch.onnx").text, NULL, QUELL_BAD_MODEL, "batch of 4");
    refused(network_path("sizes.onnx").text, NULL, QUELL_BAD_MODEL, "is dynamic");
    refused(network_path("word.onnx").text, NULL, QUELL_BAD_MODEL, "output is 'noise'");
    options.rank = 1;
    options.shape = shape;
    refused(network_path("gaussian.onnx").text, &options, QUELL_BAD_MODEL, "must be 3");
    options.shape = NULL;
    refused(network_path("gaussian.onnx").text, &options, QUELL_BAD_ARGUMENT, "rank");
    options = quell_onnx_defaults();
    options.size = 0;
    refused(network_path("gaussian.onnx").text, &options, QUELL_BAD_ARGUMENT,
            "start from quell_onnx_defaults()");
    options = quell_onnx_defaults();
    options.time = "when";
    refused(network_path("gaussian.onnx").text, &options, QUELL_BAD_MODEL, "no input 'when'");
}

/* A file that is cut anywhere is refused, or may by chance still be a network. It never ends the
 * process. */
TEST(onnx_refused, damaged)
{
    struct scratch scratch = scratch_new(), files = {""};
    size_t size = 0, lost = 0;
    char *bytes = scratch_read(&files, network_path("gaussian.onnx").text, &size);
    CHECK(bytes && size > 100, "gaussian.onnx");
    for (size_t cut = 0; cut < size; cut += 7) {
        quell_denoiser *denoiser = NULL;
        const char *path_name = "cut.onnx";
        struct scratch_path path = scratch_write(&scratch, path_name, bytes, cut ? cut : 1);
        quell_status status = quell_denoiser_from_onnx(&denoiser, path.text, NULL);
        CHECK(!status || status == QUELL_BAD_MODEL, "cut at %zu: %s", cut,
              quell_status_name(status));
        lost += status != QUELL_OK;
        quell_denoiser_free(denoiser);
    }
    CHECK(lost > size / 14, "only %zu were refused", lost);
    free(bytes);
    scratch_remove(&scratch);
}

static void fails(const char *name, int64_t label, quell_status expected, const char *reason)
{
    static float x[600];
    quell_denoiser *denoiser = NULL;
    quell_onnx_options options = quell_onnx_defaults();
    options.class_label = label;
    CHECK(!quell_denoiser_from_onnx(&denoiser, network_path(name).text, &options), "%s",
          quell_error_message());
    quell_status status = network_draw(denoiser, "rectified", 2, 100, x);
    CHECK(status == expected && strstr(quell_error_message(), reason), "%s: %s, %s", name,
          quell_status_name(status), quell_error_message());
    quell_denoiser_free(denoiser);
}

TEST(onnx_refused, runs)
{
    fails("steps.onnx", 3, QUELL_DENOISER_FAILED, "out of data bounds");
    fails("nan.onnx", 0, QUELL_NOT_FINITE, "the denoiser (function) returned nan");
}

TEST(onnx_refused, command)
{
    char arguments[800];
    struct command command = command_new();
    snprintf(arguments, sizeof arguments, "sample --quiet --model %s --steps 3 --out x.npy",
             network_path("sizes.onnx").text);
    command_refused(&command, 3, arguments, "is dynamic");
    snprintf(arguments, sizeof arguments, "sample --quiet --model %s --steps 3 --out x.npy",
             network_path("steps.onnx").text);
    command_check(&command, 0, arguments);
    command_check(&command, 0, "info");
    char *output = command_output(&command);
    CHECK(strstr(output, "ONNX Runtime is, not reproducible"), "info says %s", output);
    free(output);
    command_remove(&command);
}
