/* SPDX-License-Identifier: MIT */
/* How far sweeps and draws go. The native build goes through all that fits in a minute.
 * The other stages of scripts/test are there for other faults: instruction sets, races, memory; the
 * same work costs them up to fifty times as much, so they set QUELL_BRIEF and take a selection,
 * with every test and every kind of case in it. QUELL_LONG asks for what takes minutes. */
#ifndef QUELL_TESTS_EFFORT_H
#define QUELL_TESTS_EFFORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* An empty variable is not set. */
static inline bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

static inline bool is_brief(void) { return is_set("QUELL_BRIEF"); }
static inline bool is_long(void) { return is_set("QUELL_LONG"); }

/* Whether an emulator runs this: meson's name for it. */
static inline bool is_emulated(void) { return getenv("MESON_EXE_WRAPPER") != NULL; }

/* Returns the one of the three numbers that is for brief, ordinary or long tests. */
static inline size_t by_effort(size_t brief, size_t usual, size_t most)
{
    return is_brief() ? brief : is_long() ? most : usual;
}

/* Returns whether to try the case that has these texts, ended by NULL, and this number: one case in
 * `stride`, chosen by a hash of them (FNV-1a), so that a case that is added to a table does not
 * change which of the others are tried. */
static inline bool is_chosen(size_t stride, const char *const *texts, size_t number)
{
    uint64_t hash = 14695981039346656037u;
    for (; *texts; texts++)
        for (const char *at = *texts;; at++) {
            hash = (hash ^ (unsigned char)*at) * 1099511628211u;
            if (!*at) break;
        }
    hash = (hash ^ number) * 1099511628211u;
    return (hash >> 32) % stride == 0;
}

/* Returns whether to try case i: always or, if tests are brief, for one case in `every`, which is
 * another one at each turn. */
static inline bool its_turn(size_t i, size_t every, size_t turn)
{
    return !is_brief() || i % every == turn % every;
}

#endif
