/* SPDX-License-Identifier: MIT */
/* This file is compiled once for each instruction set for bfloat16 numbers, in the same way as
 * bytes_table.c for bytes. */
#include HALVES_HEADER

#include "kernels/each.inl"
#include "kernels/short_place.inl"
#include "kernels/halves.inl"
#include "kernels/short_dots.inl"

#define JOIN(a, b) a##b
#define TABLE(name) JOIN(quell_halves_, name)
#define TEXT(name) #name
#define NAME(name) TEXT(name)

extern const struct quell_byte_kernels TABLE(BYTES_NAME);

const struct quell_byte_kernels TABLE(BYTES_NAME) = {
    .isa = NAME(BYTES_NAME),
    .group = GROUP,
    .width = sizeof(byte_element),
    .quantise = round_row,
    .quantise_turned = round_turned,
    .pack_row = pack_row,
    .pack_rows = pack_rows,
    .zeros = zeros,
    .dots = byte_dots,
};
