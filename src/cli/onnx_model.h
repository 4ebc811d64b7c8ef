/* SPDX-License-Identifier: MIT */
/* Models that are .onnx files, where the command was built with ONNX Runtime. */
#ifndef QUELL_CLI_ONNX_MODEL_H
#define QUELL_CLI_ONNX_MODEL_H

#include <quell/model.h>

/* Whether the name is that of such a file. */
int onnx_is(const char *name);

/* QUELL_UNSUPPORTED, with a line that says what is missing, in a build without. */
quell_status onnx_load(quell_model **model, const char *path);

/* The version, or that there is none. */
const char *onnx_about(void);

#ifdef QUELL_ONNX
#define ONNX_EXCEPTION "; of .onnx models: as ONNX Runtime is, not reproducible"
#else
#define ONNX_EXCEPTION ""
#endif

#endif
