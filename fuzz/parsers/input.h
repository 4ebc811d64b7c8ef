/* SPDX-License-Identifier: MIT */
/* What the harnesses share: an input as a file, and as lines. */
#ifndef QUELL_FUZZ_INPUT_H
#define QUELL_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file in memory with these bytes; the same one each time. */
const char *input_file(const uint8_t *data, size_t size);

/* The input as lines, cut at '\n' and ended by '\0', and "" for those that are not there. They live
 * until the next call. */
#define INPUT_LINES 8
void input_lines(const uint8_t *data, size_t size, const char *lines[INPUT_LINES]);

/* Returns whether a text has a number so long that what it asks for would take too much time. */
int input_asks_much(const char *text, size_t digits);

#endif
