/* SPDX-License-Identifier: MIT */
/* What a description says of a program's inputs and its result: the time, what stands for no class,
 * the scale of the data, a learned variance. */
#ifndef QUELL_MODELS_NETWORK_TERMS_H
#define QUELL_MODELS_NETWORK_TERMS_H

#include "denoisers/parametrization.h"
#include "models/document.h"

/* Reads the fields `time`, `no_class`, `sigma_data` and `variance` into the parametrization, whose
 * time the caller frees (quell_time_form_free), even after a failure. */
quell_status quell_model_read_terms(const struct quell_document *document,
                                    struct quell_parametrization *parametrization);

#endif
