/* SPDX-License-Identifier: MIT */
/* Networks as programs (docs/programs.md) from a description and a file of tensors. */
#ifndef QUELL_MODELS_NETWORK_PROGRAM_H
#define QUELL_MODELS_NETWORK_PROGRAM_H

#include "denoisers/parametrization.h"
#include "io/safetensors.h"
#include "models/document.h"
#include "models/model.h"

/* Reads the programs that the document has: the model's denoiser and, if it is there, how samples
 * are decoded. */
quell_status quell_model_read_programs(const struct quell_document *document,
                                       struct quell_tensors *tensors,
                                       const struct quell_parametrization *parametrization,
                                       quell_model *model);

/* Reads one program alone, whatever its inputs are. The program must be freed even after a
 * failure. */
quell_status quell_model_read_program(const struct quell_document *document,
                                      struct quell_tensors *tensors, const char *name,
                                      struct quell_program *program);

#endif
