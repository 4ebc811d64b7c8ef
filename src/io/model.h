/* SPDX-License-Identifier: MIT */
/* How models are read, by the form they come in: each fills a zeroed model. */
#ifndef QUELL_IO_MODEL_H
#define QUELL_IO_MODEL_H

#include <quell/model.h>

struct quell_description;
struct quell_document;

/* Gives a model the denoiser that is described, and takes the tables over that are stored. */
quell_status quell_model_describe(quell_model *model, struct quell_description *description);

quell_status quell_model_read_json(quell_model *model, const char *path);
quell_status quell_model_read_document(const struct quell_document *document, quell_model *model);

/* Fills shape and rank from "shape", "dim" or the number of elements `found` (0: not known). */
quell_status quell_model_settle_shape(const struct quell_document *document, quell_model *model,
                                      size_t found, size_t *dim);

/* A network: from a description, which may lie in a file's metadata, and from such a file. */
quell_status quell_model_read_network(const struct quell_document *document, quell_model *model,
                                      struct quell_description *description);
quell_status quell_model_read_tensors(quell_model *model, const char *path);

/* The same for the bytes of such a file; messages call it `name`. */
quell_status quell_model_read_memory(quell_model *model, const char *name, const void *bytes,
                                     size_t length);

/* An .npy data set of shape (count, shape...), (count,) being (count, 1). */
quell_status quell_model_read_points(quell_model *model, const char *path);

/* Passes on the status of a constructor: what it refused is wrong in the model `path`. */
quell_status quell_model_refused(const char *path, quell_status status);

#endif
