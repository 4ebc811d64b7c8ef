/* SPDX-License-Identifier: MIT */
/* A program computed for samples that are told different things, the time, a class, conditions:
 * what depends on what they are told once for all of those that are told the same, and the rest
 * for all samples in one pass over the weights. */
#ifndef QUELL_DENOISERS_PROGRAM_PASS_H
#define QUELL_DENOISERS_PROGRAM_PASS_H

#include "denoisers/program_told.h"

/* What depends on a point of the schedule alone (quell_denoiser_class.constants): the time that the
 * program gets, and the values of that stage. */
struct quell_program_point {
    struct quell_factors factors;
    float time;
    _Alignas(QUELL_CACHE_LINE) float values[];
};

/* Sets the results of the program, and the learned variances where they are asked for. The
 * evaluations have the scratch memory of the first one, of quell_program_pass_size bytes for the
 * rows of all of them, and its crew, each helper with quell_program_help_size bytes. */
void quell_program_pass(const struct quell_program_denoiser *own, const struct quell_asked *list,
                        size_t count);
size_t quell_program_pass_size(const struct quell_program_denoiser *own, size_t rows);
size_t quell_program_help_size(const struct quell_program_denoiser *own);

#endif
