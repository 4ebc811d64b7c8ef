/* SPDX-License-Identifier: MIT */
/* Networks that a description alone makes, without tensors; it is a text with ' for ". */
#ifndef QUELL_TESTS_DESCRIBED_H
#define QUELL_TESTS_DESCRIBED_H

#include <quell/quell.h>

/* The model of a description; refused, *model is NULL. */
quell_status described_read(quell_model **model, const char *description);

/* The same of a network of samples of two elements, with these fields besides kind, version and
 * shape: each has a comma behind it. programs: "'programs': {...}}", which ends the description. */
quell_status described_network(quell_model **model, const char *fields, const char *programs);

#endif
