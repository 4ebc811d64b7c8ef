/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl on AVX2. */
#include "vec_avx2.h"

#include "bytes.h"
#include "halves_round.h"
#include "halves_float.h"

#define BYTES_NAME avx2
#define BYTE_ROWS 4
#define BYTE_UNITS 2
