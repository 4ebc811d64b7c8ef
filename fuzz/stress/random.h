/* SPDX-License-Identifier: MIT */
/* Numbers that repeat with the seed (splitmix64). */
#ifndef QUELL_STRESS_RANDOM_H
#define QUELL_STRESS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t next_word(uint64_t *state)
{
    uint64_t word = *state += 0x9E3779B97F4A7C15u;
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9u;
    word = (word ^ word >> 27) * 0x94D049BB133111EBu;
    return word ^ word >> 31;
}

/* One of 0..count-1. */
static inline size_t pick(uint64_t *state, size_t count) { return next_word(state) % count; }

#endif
