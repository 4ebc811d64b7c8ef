/* SPDX-License-Identifier: MIT */
/* A program from a file, without a denoiser around it. An exporter compares it with the network
 * that it was made from, for any inputs. */
#ifndef QUELL_MODELS_PROGRAM_FILE_H
#define QUELL_MODELS_PROGRAM_FILE_H

#include <stddef.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct quell_program_file;

/* Opens the program of that name in a .safetensors file. */
quell_status quell_program_file_open(struct quell_program_file **file, const char *path,
                                     const char *name);
void quell_program_file_free(struct quell_program_file *file);

/* The i-th input's name; NULL past the last one. */
const char *quell_program_file_input(const struct quell_program_file *file, size_t i);

/* The shape of the i-th input or, past the last one, of the output: returns the rank. */
size_t quell_program_file_shape(const struct quell_program_file *file, size_t i,
                                const size_t **shape);

/* Computes out[elements of the output] from the inputs, which are in their order, on the calling
 * thread. The result has the same bits as in a run. */
quell_status quell_program_file_run(const struct quell_program_file *file,
                                    const float *const *inputs, float *out);

#ifdef __cplusplus
}
#endif

#endif
