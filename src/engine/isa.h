/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_ISA_H
#define QUELL_ENGINE_ISA_H

#include <quell/isa.h>
#include "simd/kernels.h"

/* Finds the kernels with that name. NULL stands for the name in QUELL_ISA or, if that is not set,
 * for the widest instruction set that this machine can run. */
quell_status quell_isa_choose(const char *name, const struct quell_kernels **kernels);

#endif
