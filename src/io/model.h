/* SPDX-License-Identifier: MIT */
/* How models are read, by the form they come in: each fills a zeroed model. */
#ifndef QUELL_IO_MODEL_H
#define QUELL_IO_MODEL_H

#include <quell/model.h>

struct quell_description;

/* Gives a model the denoiser that is described, and takes the tables over that are stored. */
quell_status quell_model_describe(quell_model *model, struct quell_description *description);

quell_status quell_model_read_json(quell_model *model, const char *path);

/* An .npy data set of shape (count, shape...), (count,) being (count, 1). */
quell_status quell_model_read_points(quell_model *model, const char *path);

/* Passes on the status of a constructor: what it refused is wrong in the model `path`. */
quell_status quell_model_refused(const char *path, quell_status status);

#endif
