/* SPDX-License-Identifier: MIT */
#include "io/tensor_types.h"
#include "base/half.h"

#include <stdint.h>
#include <string.h>

static void from_float(const unsigned char *at, size_t count, float *out)
{
    memcpy(out, at, count * sizeof *out);
}

static void from_half(const unsigned char *at, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t word;
        memcpy(&word, at + i * sizeof word, sizeof word);
        out[i] = quell_from_half(word);
    }
}

static void from_bfloat(const unsigned char *at, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t word;
        memcpy(&word, at + i * sizeof word, sizeof word);
        out[i] = quell_from_bfloat(word);
    }
}

static void from_byte(const unsigned char *at, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) out[i] = (float)(signed char)at[i];
}

const struct quell_tensor_type quell_tensor_types[QUELL_TENSOR_TYPES] = {
    {"F32", 4, from_float}, {"F16", 2, from_half}, {"BF16", 2, from_bfloat}, {"F64", 8, NULL},
    {"I64", 8, NULL},       {"I32", 4, NULL},      {"I16", 2, NULL},         {"I8", 1, from_byte},
    {"U64", 8, NULL},       {"U32", 4, NULL},      {"U16", 2, NULL},         {"U8", 1, NULL},
    {"BOOL", 1, NULL},      {"F8_E5M2", 1, NULL},  {"F8_E4M3", 1, NULL},
};
