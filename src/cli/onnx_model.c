/* SPDX-License-Identifier: MIT */
#include "cli/onnx_model.h"
#include "io/ending.h"

#include <stdio.h>
#include <string.h>

int onnx_is(const char *name) { return quell_ending_is(name, ".onnx"); }

#ifdef QUELL_ONNX
#include <fcntl.h>
#include <quell/onnx.h>
#include <unistd.h>

/* In Debian 13, ONNX Runtime prints pages about its own schemas to stderr when it starts, and does
 * not use its logger for that. The command has only one thread at this time, so it can redirect
 * stderr until the model has been loaded. */
quell_status onnx_load(quell_model **model, const char *path)
{
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), nowhere = open("/dev/null", O_WRONLY);
    if (errors >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    quell_status status = quell_model_from_onnx(model, path, NULL);
    if (errors >= 0) dup2(errors, STDERR_FILENO);
    if (errors >= 0) close(errors);
    if (nowhere >= 0) close(nowhere);
    return status;
}

const char *onnx_about(void) { return quell_onnx_runtime(); }
#else
quell_status onnx_load(quell_model **model, const char *path)
{
    char line[512];
    (void)model;
    snprintf(line, sizeof line,
             "%.200s: this quell was built without ONNX Runtime: build it where "
             "libonnxruntime-dev is, or with -Donnx_path=FOLDER",
             path);
    return quell_error_set(QUELL_UNSUPPORTED, line);
}

const char *onnx_about(void) { return "none: built without ONNX Runtime"; }
#endif
