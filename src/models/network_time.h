/* SPDX-License-Identifier: MIT */
/* What a description says about a program's time input and the scale of its data. */
#ifndef QUELL_MODELS_NETWORK_TIME_H
#define QUELL_MODELS_NETWORK_TIME_H

#include "denoisers/parametrization.h"
#include "models/document.h"

/* Reads the fields `time` and `sigma_data` into the parametrization, whose time is then to be freed
 * (quell_time_form_free), after a failure too. */
quell_status quell_model_read_time(const struct quell_document *document,
                                   struct quell_parametrization *parametrization);

#endif
