/* SPDX-License-Identifier: MIT */
/* Files of programs that are damaged or cut short: each loads, and then evaluates, or is refused in
 * one line. Random cases come from a fixed seed; QUELL_LONG has 100 times more. */
#include "arrays.h"
#include "damaged.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "small_program.h"
#include "tensor_file.h"

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

/* A small file with quantised instructions, whose weights are the last tensors. */
static size_t quantised_file(void)
{
    static const char header[] =
        "{'__metadata__': {'quell': '{~kind~: ~network~, ~version~: 1, ~shape~: [2, 3, 4], "
        "~output~: ~eps~, ~schedule~: ~vp~, ~time~: ~t~, ~programs~: {~denoise~: {~inputs~: {~x~: "
        "[2, 3, 4], ~time~: []}, ~instructions~: [{~conv_int8~: [~x~, ~k~, ~s~], ~before~: [1, 1], "
        "~after~: [1, 1]}, {~linear_int8~: [0, ~w~, ~t~]}, {~map~: [1, ~time~], ~function~: "
        "~mul~}], ~output~: 2}}}'}, 's': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}, "
        "'t': {'dtype': 'F32', 'shape': [4], 'data_offsets': [8, 24]}, 'k': {'dtype': 'I8', "
        "'shape': "
        "[2, 2, 3, 3], 'data_offsets': [24, 60]}, 'w': {'dtype': 'I8', 'shape': [4, 4], "
        "'data_offsets': [60, 76]}}";
    static char text[2 * sizeof header];
    float scale[6] = {0.01f, 0.02f, 0.03f, 0.04f, 0.05f, 0.06f};
    char data[76], *to = text;
    for (const char *at = header; *at; at++) {
        if (*at == '~') *to++ = '\\';
        *to++ = *at == '\'' || *at == '~' ? '"' : *at;
    }
    *to = '\0';
    memcpy(data, scale, sizeof scale);
    for (size_t i = sizeof scale; i < sizeof data; i++) data[i] = (char)(3 * (int)i - 120);
    return tensor_file(file, text, data, sizeof data);
}

TEST(program_damaged, quantised)
{
    static char bytes[SMALL_PROGRAM_MOST_FILE];
    struct chance chance = {2};
    size_t size = quantised_file(), loaded = 0, rounds = is_long() ? 100000 : 1500;
    CHECK(!damaged_bytes(file, size, "whole"), "%s", quell_error_message());
    for (size_t round = 0; round < rounds; round++) {
        char what[32];
        snprintf(what, sizeof what, "quantised, %zu", round);
        memcpy(bytes, file, size);
        for (size_t k = chance_whole(&chance, 1, 3); k > 0; k--) damage(bytes, &chance);
        loaded += !damaged_bytes(bytes, size, what);
    }
    CHECK(loaded > rounds / 100, "only %zu of %zu loaded: damage is too coarse", loaded, rounds);
    memcpy(bytes, file, size);
    bytes[size - 1] = (char)-128;
    CHECK(damaged_bytes(bytes, size, "-128") == QUELL_BAD_MODEL, "a weight of -128 is taken");
    CHECK(strstr(quell_error_message(), "element 15 of its weights is -128"), "%s",
          quell_error_message());
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
