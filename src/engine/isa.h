/* SPDX-License-Identifier: MIT */
#ifndef QUELL_ENGINE_ISA_H
#define QUELL_ENGINE_ISA_H

#include <quell/isa.h>
#include "simd/kernels.h"

/* The kernels of that name. NULL means the name in QUELL_ISA or, without it, the widest
 * available. */
quell_status quell_isa_choose(const char *name, const struct quell_kernels **kernels);

#endif
