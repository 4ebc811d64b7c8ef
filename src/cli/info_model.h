/* SPDX-License-Identifier: MIT */
/* Describes a model, for `quell info --model`. */
#ifndef QUELL_CLI_INFO_MODEL_H
#define QUELL_CLI_INFO_MODEL_H

/* Returns an exit code. */
int info_model(const char *name, int json);

#endif
