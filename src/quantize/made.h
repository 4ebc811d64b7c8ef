/* SPDX-License-Identifier: MIT */
/* The result of quantising, as the caller can read it. */
#ifndef QUELL_QUANTIZE_MADE_H
#define QUELL_QUANTIZE_MADE_H

#include "quantize/quantize.h"

/* Copies the result from the state of the work. */
quell_status quell_quantized_make(quell_quantized **made, const struct quell_quantizing *q);

#endif
