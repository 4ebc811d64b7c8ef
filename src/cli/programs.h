/* SPDX-License-Identifier: MIT */
/* Shows a model's programs (docs/programs.md), for `quell info` and `quell plan`. */
#ifndef QUELL_CLI_PROGRAMS_H
#define QUELL_CLI_PROGRAMS_H

#include <quell/model.h>
#include "base/json_write.h"

/* Print the size and the inputs of each program; nothing for a model without programs. */
void programs_print_facts(const quell_model *model);
void programs_put_facts(struct quell_json_writer *writer, const quell_model *model);

/* Prints a model's programs, one instruction on each line, or all as JSON. Returns an exit code. */
int programs_show(const char *name, int json);

/* Returns the program of a model's denoiser; NULL if it has none. */
struct quell_program;
const struct quell_program *programs_denoise(const quell_model *model);

#endif
