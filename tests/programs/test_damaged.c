/* SPDX-License-Identifier: MIT */
/* Files of programs that are damaged or cut short: each loads, and then evaluates, or is refused in
 * one line. Random cases come from a fixed seed; QUELL_LONG has 100 times more. */
#include "arrays.h"
#include "damaged.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "small_program.h"

#include <quell/quell.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/model.h"

static char file[SMALL_PROGRAM_MOST_FILE];

TEST(program_damaged, cut_short)
{
    size_t size = small_program_file(small_program_description, file);
    CHECK(!damaged_bytes(file, size, "whole"), "%s", quell_error_message());
    for (size_t cut = 0; cut < size; cut += 7) {
        char what[32];
        snprintf(what, sizeof what, "cut to %zu", cut);
        CHECK(damaged_bytes(file, cut, what) == QUELL_BAD_MODEL, "%s: it loads", what);
    }
}

/* A bit flipped, a byte of JSON in its place, or a piece moved, in the header. */
static void damage(char *bytes, struct chance *chance)
{
    static const char letters[] = "{}[]\",:0123456789-.eE\\ntf";
    size_t reach = damaged_header(file), length = chance_whole(chance, 1, 24);
    size_t at = chance_whole(chance, 8, reach - 30), from = chance_whole(chance, 8, reach - 30);
    switch (chance_whole(chance, 0, 3)) {
    case 0:
        bytes[at] ^= (char)(1 << chance_whole(chance, 0, 7));
        break;
    case 1:
        bytes[at] = letters[chance_whole(chance, 0, sizeof letters - 2)];
        break;
    case 2: /* a digit, so that most of it stays JSON */
        while (at < reach - 1 && (bytes[at] < '0' || bytes[at] > '9')) at++;
        bytes[at] = (char)('0' + chance_whole(chance, 0, 9));
        break;
    default:
        memmove(bytes + at, bytes + from, length);
    }
}

TEST(program_damaged, bytes)
{
    static char bytes[SMALL_PROGRAM_MOST_FILE];
    struct chance chance = {1};
    size_t size = small_program_file(small_program_description, file), loaded = 0;
    size_t rounds = is_long() ? 400000 : 4000;
    for (size_t round = 0; round < rounds; round++) {
        char what[32];
        snprintf(what, sizeof what, "round %zu", round);
        memcpy(bytes, file, size);
        for (size_t k = chance_whole(&chance, 1, 3); k > 0; k--) damage(bytes, &chance);
        loaded += !damaged_bytes(bytes, size, what);
    }
    CHECK(loaded > rounds / 100, "only %zu of %zu loaded: damage is too coarse", loaded, rounds);
}
