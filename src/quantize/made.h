/* SPDX-License-Identifier: MIT */
/* What a caller learns of a network that was quantised. */
#ifndef QUELL_QUANTIZE_MADE_H
#define QUELL_QUANTIZE_MADE_H

#include "quantize/quantize.h"

/* Copies it from a network at work. */
quell_status quell_quantized_make(quell_quantized **made, const struct quell_quantizing *q);

#endif
