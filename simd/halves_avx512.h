/* SPDX-License-Identifier: MIT */
/* The verbs of halves.inl on AVX-512 without products of bfloat16 numbers. */
#include "vec_avx512.h"

#include "bytes.h"
#include "halves_round.h"
#include "halves_float.h"

#define BYTES_NAME avx512
#define BYTE_ROWS 12
#define BYTE_UNITS 2
