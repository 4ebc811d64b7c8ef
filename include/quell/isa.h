/* SPDX-License-Identifier: MIT */
/* Instruction sets. The samples have the same bits on all of them; only the speed differs. */
#ifndef QUELL_ISA_H
#define QUELL_ISA_H

#include <stddef.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The i-th instruction set this build has kernels for ("scalar", "avx2", "avx512", "neon"), from
 * the narrowest to the widest; NULL when i is past the end. Thread-safe. */
QUELL_API const char *quell_isa_name(size_t i);

/* 1 if this machine and its operating system can run the kernels of that name, else 0. */
QUELL_API int quell_isa_available(const char *name);

/* The name that a run uses when its `isa` is NULL: the environment variable QUELL_ISA if it is
 * set, else the widest that is available. QUELL_NOT_FOUND for an unknown name in QUELL_ISA,
 * QUELL_UNSUPPORTED for one that this machine cannot run. Thread-safe. */
QUELL_API quell_status quell_isa_default(const char **name);

#ifdef __cplusplus
}
#endif
#endif
