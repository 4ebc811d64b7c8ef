/* SPDX-License-Identifier: MIT */
#ifndef QUELL_CLI_PLAN_JSON_H
#define QUELL_CLI_PLAN_JSON_H

#include <quell/sampler.h>

/* Prints a sampler's plan as one JSON object on stdout; returns an exit code. */
int plan_json(const quell_sampler *sampler);

#endif
