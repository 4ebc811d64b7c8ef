/* SPDX-License-Identifier: MIT */
/* Models by name: a denoiser with the shape and the schedule that go with it. */
#ifndef QUELL_MODEL_H
#define QUELL_MODEL_H

#include <stddef.h>
#include <quell/denoiser.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The greatest number of sizes in a shape. */
#define QUELL_MAX_RANK 8

/* A loaded model.
 *
 * denoiser: freed with the model; samplers made of it hold it.
 * rank, shape: shape[0..rank) is the shape of one sample; its product is the denoiser's dim.
 * image: 1 if a sample is an image, shape (height, width) or (height, width, channels), with
 *   values in [-1, 1].
 * schedule: the spec of the schedule the model asks for, or "" for the caller's choice.
 * description: what quell_model_save stores; NULL in a model that was not loaded. */
typedef struct quell_model {
    quell_denoiser *denoiser;
    size_t rank;
    size_t shape[QUELL_MAX_RANK];
    int image;
    char schedule[128];
    struct quell_description *description;
} quell_model;

/* Loads a model: "builtin:NAME", a .json description (docs/models.md), a .safetensors file of a
 * trained network (docs/networks.md), or an .npy data set of shape (count, dim...), float32 or
 * float64, for the empirical denoiser. The file is not trusted: anything wrong in it is
 * QUELL_BAD_MODEL, and quell_error_message() names file, field and remedy. QUELL_NOT_FOUND for an
 * unknown built-in, QUELL_IO_FAILED for a file that cannot be read. The caller frees it with
 * quell_model_free. Thread-safe. */
QUELL_API quell_status quell_model_load(quell_model *model, const char *name);

/* Writes the description of a loaded Gaussian or mixture model as JSON that loads to the same bits;
 * a covariance is stored as its eigenbasis. The file appears under its name only when complete.
 * QUELL_UNSUPPORTED for other models, QUELL_IO_FAILED if it cannot be written. Thread-safe. */
QUELL_API quell_status quell_model_save(const quell_model *model, const char *path);

/* Frees what quell_model_load made; a zeroed model and NULL are allowed. */
QUELL_API void quell_model_free(quell_model *model);

#ifdef __cplusplus
}
#endif
#endif
