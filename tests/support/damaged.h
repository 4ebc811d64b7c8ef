/* SPDX-License-Identifier: MIT */
/* Files of networks that are damaged, cut short or described wrongly. */
#ifndef QUELL_TESTS_DAMAGED_H
#define QUELL_TESTS_DAMAGED_H

#include <quell/quell.h>

/* What came of loading `what`: a model, which is evaluated once and freed, or a refusal, which must
 * be BAD_MODEL in one line. */
void damaged_verdict(quell_status status, quell_model *model, const char *what);

/* Loads a file in memory, from a copy of just that size, so that the sanitizers see what is read
 * beyond it. Returns what came of it, after the verdict. */
quell_status damaged_bytes(const char *bytes, size_t size, const char *what);

/* The length of what comes before the tensors in a .safetensors file. */
size_t damaged_header(const char *bytes);

#endif
