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

/* A model: opaque. It never changes once created, and any number of threads may use it. */
typedef struct quell_model quell_model;

/* Loads a model: "builtin:NAME", a .json description (docs/models.md), a .safetensors file of a
 * trained network (docs/networks.md), or an .npy data set of shape (count, dim...), float32 or
 * float64, for the empirical denoiser. The file is not trusted: anything wrong in it is
 * QUELL_BAD_MODEL, and quell_error_message() names file, field and remedy. QUELL_NOT_FOUND for an
 * unknown built-in, QUELL_IO_FAILED for a file that cannot be read. The caller frees it with
 * quell_model_free. Thread-safe. */
QUELL_API quell_status quell_model_load(quell_model **model, const char *name);

/* Creates a model from a denoiser, which it holds. shape[rank], 1 <= rank <= QUELL_MAX_RANK, has
 * dim as its product; schedule is the spec that quell_model_schedule is to give, or NULL.
 * QUELL_BAD_ARGUMENT where they are not so. Thread-safe. */
QUELL_API quell_status quell_model_from_denoiser(quell_model **model,
                                                 const quell_denoiser *denoiser, size_t rank,
                                                 const size_t *shape, const char *schedule);

/* Writes the description of a loaded Gaussian or mixture model as JSON that loads to the same bits;
 * a covariance is stored as its eigenbasis. The file appears under its name only when complete.
 * QUELL_UNSUPPORTED for other models, QUELL_IO_FAILED if it cannot be written. Thread-safe. */
QUELL_API quell_status quell_model_save(const quell_model *model, const char *path);

/* The model's denoiser, which lasts as long as the model or a sampler that holds it; NULL for NULL.
 */
QUELL_API const quell_denoiser *quell_model_denoiser(const quell_model *model);

/* The shape of one sample: shape[rank], for as long as the model is there; its product is the
 * denoiser's dim. NULL and 0 for NULL. */
QUELL_API size_t quell_model_rank(const quell_model *model);
QUELL_API const size_t *quell_model_shape(const quell_model *model);

/* 1 if a sample is an image, of shape (height, width) or (height, width, channels), with values in
 * [-1, 1]; else 0. */
QUELL_API int quell_model_image(const quell_model *model);

/* The spec of the schedule that the model asks for, for as long as it is there; "" for the caller's
 * choice. */
QUELL_API const char *quell_model_schedule(const quell_model *model);

/* Gives up a model; NULL is allowed. Samplers that were made with its denoiser go on. */
QUELL_API void quell_model_free(quell_model *model);

#ifdef __cplusplus
}
#endif
#endif
