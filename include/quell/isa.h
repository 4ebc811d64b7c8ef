/* SPDX-License-Identifier: MIT */
/* Instruction sets. The samples have the same bits on all of them; only the speed differs. */
#ifndef QUELL_ISA_H
#define QUELL_ISA_H

#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns 1 if this machine and its operating system can run the kernels of that name ("scalar",
 * "avx2", "avx512", "neon"), else 0. quell_list(QUELL_LIST_ISAS, ...) has all that this build
 * contains. Thread-safe. */
QUELL_API int quell_isa_available(const char *name);

/* Writes the name of the instruction set that a run uses when its `isa` is NULL: the value of the
 * environment variable QUELL_ISA if that is set, else the widest that this machine can run. The
 * name is a static string. Fails with QUELL_NOT_FOUND for an unknown name in QUELL_ISA and with
 * QUELL_UNSUPPORTED for one that this machine cannot run. Thread-safe. */
QUELL_API quell_status quell_isa_default(const char **name);

#ifdef __cplusplus
}
#endif
#endif
