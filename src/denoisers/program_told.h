/* SPDX-License-Identifier: MIT */
/* What a program is told of its rows, a class and conditions: which rows are told the same, and
 * what was computed of that alone, which is kept for the evaluations to come. */
#ifndef QUELL_DENOISERS_PROGRAM_TOLD_H
#define QUELL_DENOISERS_PROGRAM_TOLD_H

#include "denoisers/denoiser.h"
#include "denoisers/parametrization.h"
#include "denoisers/program_inputs.h"
#include "programs/program.h"

/* The indices of the program's inputs; program.inputs for an input that it does not have.
 * condition: those of the denoiser's conditions. */
struct quell_program_denoiser {
    quell_denoiser base;
    struct quell_program program;
    struct quell_parametrization parametrization;
    size_t x, time, class, condition[QUELL_MAX_CONDITIONS];
    struct quell_taken *taken;
};

/* Returns condition i of a row. */
const float *quell_program_condition(const struct quell_evaluation *at, size_t i, size_t row);

/* Moves the rows that are told the same as order[from] to the front of the rows from there on, and
 * returns where they end. */
size_t quell_program_gather(const struct quell_program_denoiser *own,
                            const struct quell_evaluation *at, uint32_t *order, size_t from);

/* Returns what depends on a row's class and conditions alone, and computes it, in a room that is
 * told them, if it is not kept in at->kept, of quell_program_kept_size bytes. That is for so
 * many entries (0: nothing depends on them alone), and so many are there at a time. again: those
 * of the last call must stay, too, and of the calls before it that said so. */
const float *quell_program_of_conditions(const struct quell_program_denoiser *own,
                                         const struct quell_evaluation *at,
                                         const struct quell_room *room, size_t row, bool again);
size_t quell_program_kept_size(const struct quell_program_denoiser *own, size_t rows);
size_t quell_program_kept_entries(const struct quell_program_denoiser *own, size_t rows);

#endif
