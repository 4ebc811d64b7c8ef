/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl on Advanced SIMD. */
#include "vec_neon.h"

#include "bytes.h"
#include "halves_round.h"
#include "halves_float.h"

#define BYTES_NAME neon
#define BYTE_ROWS 6
#define BYTE_UNITS 2
