/* SPDX-License-Identifier: MIT */
/* Runs a program for samples with different times, classes and conditions. What depends on these
 * alone is computed once for all samples with the same ones. The rest is computed for all samples
 * in one pass over the weights. */
#ifndef QUELL_DENOISERS_PROGRAM_PASS_H
#define QUELL_DENOISERS_PROGRAM_PASS_H

#include "denoisers/program_told.h"

/* What depends on a point of the schedule alone (quell_denoiser_class.constants): the time that the
 * program gets, and the values of the stage that depends on it. */
struct quell_program_point {
    struct quell_factors factors;
    float time;
    _Alignas(QUELL_CACHE_LINE) float values[];
};

/* Writes the results of the program, and the learned variances if the evaluations ask for them. All
 * evaluations use the scratch memory of the first one, quell_program_pass_size bytes for the rows
 * of all of them, and its crew, with quell_program_help_size bytes for each helper. */
void quell_program_pass(const struct quell_program_denoiser *own, const struct quell_asked *list,
                        size_t count);
size_t quell_program_pass_size(const struct quell_program_denoiser *own, size_t rows);
size_t quell_program_help_size(const struct quell_program_denoiser *own);

#endif
