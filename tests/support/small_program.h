/* SPDX-License-Identifier: MIT */
/* A small network as a program, with an instruction of every kind, and its file. */
#ifndef QUELL_TESTS_SMALL_PROGRAM_H
#define QUELL_TESTS_SMALL_PROGRAM_H

#include <stddef.h>

#define SMALL_PROGRAM_DIM 32
#define SMALL_PROGRAM_CLASSES 3
#define SMALL_PROGRAM_MOST_FILE ((size_t)1 << 16)

/* The description of the model, with ' for ". */
extern const char small_program_description[];

/* Writes the .safetensors file, with a description in it unless it is NULL, to
 * file[SMALL_PROGRAM_MOST_FILE]; returns its size. */
size_t small_program_file(const char *description, char *file);

#endif
