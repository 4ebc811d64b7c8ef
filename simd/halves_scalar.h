/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl in plain C. */
#include "vec_scalar.h"

#include "bytes.h"
#include "halves_round.h"
#include "halves_float.h"

#define BYTES_NAME scalar
#define BYTE_ROWS 4
#define BYTE_UNITS 4
