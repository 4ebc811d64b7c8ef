/* SPDX-License-Identifier: MIT */
/* The field 'conditions' of a description: what stands for none of each condition. */
#ifndef QUELL_MODELS_NETWORK_CONDITIONS_H
#define QUELL_MODELS_NETWORK_CONDITIONS_H

#include "denoisers/conditions.h"
#include "io/safetensors.h"
#include "models/document.h"

/* Fills in `none` and `same` of taken[count]. */
quell_status quell_conditions_read(const struct quell_document *document,
                                   struct quell_tensors *tensors, struct quell_taken *taken,
                                   size_t count);

#endif
