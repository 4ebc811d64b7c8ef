/* SPDX-License-Identifier: MIT */
#include "cli/onnx.h"

#include <stdio.h>
#include <string.h>

int onnx_is(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && !strcmp(name + length - 5, ".onnx");
}

#ifdef QUELL_ONNX
#include <quell/onnx.h>

quell_status onnx_load(quell_model *model, const char *path)
{
    return quell_onnx_load(model, path, NULL);
}

const char *onnx_about(void) { return quell_onnx_runtime(); }
#else
quell_status onnx_load(quell_model *model, const char *path)
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
