/* SPDX-License-Identifier: MIT */
/* The conditions of a rank's part of a run. */
#ifndef QUELL_MPI_RANK_CONDITIONS_H
#define QUELL_MPI_RANK_CONDITIONS_H

#include "mpi/rank_part.h"

/* Collective: checks the conditions of the part's draw. Conditions with the same values for all
 * samples must be the same on all ranks. */
quell_status quell_part_conditions(const struct quell_group *group, const struct quell_part *part);

#endif
