/* SPDX-License-Identifier: MIT */
/* This file is compiled once for each instruction set for bytes, in the same way as table.c for
 * floats. */
#include BYTES_HEADER

#include "bytes.h"

#include "kernels/each.inl"
#include "kernels/short_place.inl"
#include "kernels/bytes.inl"
#include "kernels/short_dots.inl"

#define JOIN(a, b) a##b
#define TABLE(name) JOIN(quell_bytes_, name)
#define TEXT(name) #name
#define NAME(name) TEXT(name)

extern const struct quell_byte_kernels TABLE(BYTES_NAME);

const struct quell_byte_kernels TABLE(BYTES_NAME) = {
    .isa = NAME(BYTES_NAME),
    .group = QUELL_GROUP,
    .width = sizeof(byte_element),
    .greatest = greatest,
    .quantise = quantise,
    .quantise_turned = quantise_turned,
    .shares = shares,
    .greatest_columns = greatest_columns,
    .pack_row = pack_row,
    .pack_rows = pack_rows,
    .zeros = zeros,
    .dots = byte_dots,
};
