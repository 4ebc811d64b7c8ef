/* SPDX-License-Identifier: MIT */
/* The classes and conditions of the rows of an evaluation by a program: which rows have the same
 * ones, and the values that depend on these alone, which are kept for later evaluations. */
#ifndef QUELL_DENOISERS_PROGRAM_TOLD_H
#define QUELL_DENOISERS_PROGRAM_TOLD_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "denoisers/program_inputs.h"
#include "programs/program.h"

/* A denoiser that runs a program. The numbers are indices of the program's inputs, or
 * program.inputs for an input that the program does not have; condition[i] is that of the
 * denoiser's condition i. */
struct quell_program_denoiser {
    quell_denoiser base;
    struct quell_program program;
    struct quell_parametrization parametrization;
    size_t x, time, class, condition[QUELL_MAX_CONDITIONS];
    struct quell_taken *taken;
};

/* Returns the values of condition i for a row. */
const float *quell_program_condition(const struct quell_evaluation *at, size_t i, size_t row);

/* Moves the rows with the same class and conditions as order[from] to the front of order[from...],
 * and returns the index after them. */
size_t quell_program_gather(const struct quell_program_denoiser *own,
                            const struct quell_evaluation *at, uint32_t *order, size_t from);

/* Returns the values that depend on a row's class and conditions alone. If they are not in
 * at->kept, computes them in `room`, whose inputs must be set for the row. at->kept has
 * quell_program_kept_size bytes, for quell_program_kept_entries rows at a time (0 if no values
 * depend on conditions alone). `again` says that the values of the last call must stay valid too,
 * and those of the calls before it back to one without `again`. */
const float *quell_program_of_conditions(const struct quell_program_denoiser *own,
                                         const struct quell_evaluation *at,
                                         const struct quell_room *room, size_t row, bool again);
size_t quell_program_kept_size(const struct quell_program_denoiser *own, size_t rows);
size_t quell_program_kept_entries(const struct quell_program_denoiser *own, size_t rows);

#endif
