/* SPDX-License-Identifier: MIT */
/* Twins of the stochastic solvers. */
#include "twins.h"

const struct twin_row twins_sde[] = {{0}};
