/* SPDX-License-Identifier: MIT */
/* Models that are .onnx files, if the command was built with ONNX Runtime. */
#ifndef QUELL_CLI_ONNX_MODEL_H
#define QUELL_CLI_ONNX_MODEL_H

#include <built_with.h>
#include <quell/model.h>

/* Returns whether the name is that of an .onnx file. */
int onnx_is(const char *name);

/* Loads such a model. A build without ONNX Runtime returns QUELL_UNSUPPORTED, with a message that
 * says so. */
quell_status onnx_load(quell_model **model, const char *path);

/* Returns the version of ONNX Runtime, or says that there is none. */
const char *onnx_about(void);

#ifdef QUELL_ONNX
#define ONNX_EXCEPTION "; of .onnx models: as ONNX Runtime is, not reproducible"
#else
#define ONNX_EXCEPTION ""
#endif

#endif
