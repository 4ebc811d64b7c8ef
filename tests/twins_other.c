/* SPDX-License-Identifier: MIT */
/* Twins of the samplers with corrections, restarts and distilled models. */
#include "twins.h"

const struct twin_row twins_other[] = {{0}};
