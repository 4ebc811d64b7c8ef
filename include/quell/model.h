/* SPDX-License-Identifier: MIT */
/* Models by name: a denoiser with the shape and the schedule that go with it. */
#ifndef QUELL_MODEL_H
#define QUELL_MODEL_H

#include <stddef.h>
#include <quell/denoiser.h>
#include <quell/run.h>
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
 * float64, for the empirical denoiser. The file is not trusted: if anything in it is wrong, this
 * fails with QUELL_BAD_MODEL, and quell_error_message() names the file, the field and what would be
 * right. Fails with QUELL_NOT_FOUND for an unknown built-in, and with QUELL_IO_FAILED for a file
 * that cannot be read. The caller frees the model with quell_model_free. Thread-safe. */
QUELL_API quell_status quell_model_load(quell_model **model, const char *name);

/* Does the same in a precision of the weights: NULL or "stored" for what the file has, or "bf16"
 * for a network whose linear maps and convolutions shall have weights of 16 bits: each weight is
 * rounded to the nearest bfloat16 number (docs/networks.md, "Precision"). They take half of the
 * memory, and one sample is drawn in about half of the time where that is spent on reading them.
 * Samples are the same bits on every machine, but others than those of the stored weights.
 * "bf16_products" rounds the other side of products as well: a processor that multiplies such
 * numbers then takes half of the time for most of them, with the same bits on every machine. Fails
 * also with QUELL_NOT_FOUND for another precision, and with QUELL_UNSUPPORTED for a model that is
 * no network, or that has no such weights. Thread-safe. */
QUELL_API quell_status quell_model_load_as(quell_model **model, const char *name,
                                           const char *precision);

/* Creates a model from a denoiser, which it holds. The product of shape[rank],
 * 1 <= rank <= QUELL_MAX_RANK, must be the denoiser's dim. `schedule` is the spec of its schedule,
 * such as "vp", which quell_model_schedule then returns, or NULL: it asks for none. Fails with
 * QUELL_NOT_FOUND for an unknown schedule, and with QUELL_BAD_ARGUMENT for another shape.
 * Thread-safe. */
QUELL_API quell_status quell_model_from_denoiser(quell_model **model,
                                                 const quell_denoiser *denoiser, size_t rank,
                                                 const size_t *shape, const char *schedule);

/* Writes the description of a loaded Gaussian or mixture model as JSON that loads to the same bits.
 * A covariance is stored as its eigenbasis. The file appears under its name only when it is
 * complete. Fails with QUELL_UNSUPPORTED for any other model, and with QUELL_IO_FAILED if the file
 * cannot be written. Thread-safe. */
QUELL_API quell_status quell_model_save(const quell_model *model, const char *path);

/* Returns the model's denoiser. It lasts as long as the model, or longer if a sampler holds it.
 * NULL for NULL. Thread-safe. */
QUELL_API const quell_denoiser *quell_model_denoiser(const quell_model *model);

/* Return the shape of one sample, shape[rank], whose product is the denoiser's dim. It is valid as
 * long as the model. 0 and NULL for NULL. Thread-safe. */
QUELL_API size_t quell_model_rank(const quell_model *model);
QUELL_API const size_t *quell_model_shape(const quell_model *model);

/* Returns 1 if a sample, after decoding where the model has a decoder, is an image of shape
 * (height, width) or (height, width, channels) with values in [-1, 1], else 0. Thread-safe. */
QUELL_API int quell_model_image(const quell_model *model);

/* Returns 1 if the model has a decoder, else 0. The samples of such a model are latents, and the
 * decoder makes the images or fields of them. Thread-safe. */
QUELL_API int quell_model_decodes(const quell_model *model);

/* Return the shape of what quell_model_decode makes of a sample; that of a sample, if the model has
 * no decoder. Valid as long as the model. 0 and NULL for NULL. Thread-safe. */
QUELL_API size_t quell_model_decoded_rank(const quell_model *model);
QUELL_API const size_t *quell_model_decoded_shape(const quell_model *model);

/* Decodes samples of the model, x[count][dim], as `draw` has drawn them, and writes them to
 * out[count][product of the decoded shape], which must not overlap x. A decoder that takes classes
 * or conditions is given those of the draw; negative classes and conditions have no effect. `draw`
 * and `run` may be NULL for the defaults; run->progress counts decoded samples. Fails with
 * QUELL_UNSUPPORTED if the model has no decoder, and like quell_sample. Thread-safe. */
QUELL_API quell_status quell_model_decode(const quell_model *model, const quell_draw *draw,
                                          const quell_run *run, const float *x, float *out);

/* Returns the spec of the schedule that the model asks for, or "" if it asks for none. It is valid
 * as long as the model. Thread-safe. */
QUELL_API const char *quell_model_schedule(const quell_model *model);

/* Frees a model; NULL is allowed. Samplers that were made with its denoiser are not affected. */
QUELL_API void quell_model_free(quell_model *model);

#ifdef __cplusplus
}
#endif
#endif
