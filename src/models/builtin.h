/* SPDX-License-Identifier: MIT */
/* The models that are part of the library. Each function fills a zeroed model. */
#ifndef QUELL_MODELS_BUILTIN_H
#define QUELL_MODELS_BUILTIN_H

#include <quell/model.h>

/* Loads the model of that name (without "builtin:"). */
quell_status quell_builtin_load(quell_model *model, const char *name);

/* Returns the name of the i-th model, "builtin:NAME", and sets one line on it; NULL past the
 * end. */
const char *quell_builtin_name(size_t i);
const char *quell_builtin_summary(size_t i);

/* The .safetensors file of "builtin:NAME"; NULL for a model that is computed. */
const void *quell_builtin_file(const char *name, size_t *length);

quell_status quell_builtin_clouds(quell_model *model);
quell_status quell_builtin_shapes(quell_model *model);
quell_status quell_builtin_glyphs(quell_model *model);
quell_status quell_builtin_rings(quell_model *model);
quell_status quell_builtin_showers(quell_model *model);

#endif
