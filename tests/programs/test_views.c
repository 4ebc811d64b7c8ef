/* SPDX-License-Identifier: MIT */
/* Operands that are read where they lie: attention, or a norm, after moves gives the bits that it
 * gives of what the moves make, and the moves are left out where nobody reads their copies. */
#include "arrays.h"
#include "effort.h"
#include "harness.h"

#include "programs/kind.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TEXT = 2000, MOST_SAMPLES = 3 };

/* Instructions before the heads are taken out, of which the last is read by the moves of each part;
 * these, of which the first one has ? for what it reads, and the others ! for the one before; and
 * what is done with the parts. copies: moves that are run. */
static const struct form {
    const char *name, *before, *part[3], *after;
    size_t counts[2], copies; /* instructions of `before`, and of a part */
} forms[] = {
    {"packed",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 3, 2, 16]}, {'move': "
     "[1], 'form': 'permute', 'order': [1, 2, 0, 3]}",
     {"{'move': [?], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 1}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 1, 'stop': 2}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 2, 'stop': 3}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}"},
     "{'attention': [Q, K, V]}",
     {3, 2},
     0},
    {"side by side",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 2, 3, 16]}",
     {"{'move': [?], 'form': 'slice', 'dim': 2, 'start': 0, 'stop': 1}, {'move': [!], 'form': "
      "'reshape', 'shape': [21, 2, 16]}, {'move': [!], 'form': 'permute', 'order': [1, 0, 2]}",
      "{'move': [?], 'form': 'slice', 'dim': 2, 'start': 1, 'stop': 2}, {'move': [!], 'form': "
      "'reshape', 'shape': [21, 2, 16]}, {'move': [!], 'form': 'permute', 'order': [1, 0, 2]}",
      "{'move': [?], 'form': 'slice', 'dim': 2, 'start': 2, 'stop': 3}, {'move': [!], 'form': "
      "'reshape', 'shape': [21, 2, 16]}, {'move': [!], 'form': 'permute', 'order': [1, 0, 2]}"},
     "{'attention': [Q, K, V], 'causal': true}",
     {2, 3},
     0},
    {"rows left out",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 6, 16]}",
     {"{'move': [?], 'form': 'slice', 'dim': 0, 'start': 2, 'stop': 20, 'step': 3}, {'move': [!], "
      "'form': 'permute', 'order': [1, 0, 2]}",
      "{'move': [?], 'form': 'slice', 'dim': 1, 'start': 1, 'stop': 3}, {'move': [!], 'form': "
      "'permute', 'order': [1, 0, 2]}",
      "{'move': [?], 'form': 'slice', 'dim': 1, 'start': 4, 'stop': 6}, {'move': [!], 'form': "
      "'permute', 'order': [1, 0, 2]}"},
     "{'attention': [Q, K, V]}",
     {2, 2},
     0},
    /* Elements of a row that do not follow one another are copied. */
    {"turned",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 16, 6]}",
     {"{'move': [?], 'form': 'permute', 'order': [2, 0, 1]}, {'move': [!], 'form': 'slice', 'dim': "
      "0, 'start': 0, 'stop': 2}",
      "{'move': [?], 'form': 'permute', 'order': [2, 0, 1]}, {'move': [!], 'form': 'slice', 'dim': "
      "0, 'start': 2, 'stop': 4}",
      "{'move': [?], 'form': 'permute', 'order': [2, 0, 1]}, {'move': [!], 'form': 'slice', 'dim': "
      "0, 'start': 4, 'stop': 6}"},
     "{'attention': [Q, K, V]}",
     {2, 2},
     3},
    {"norms",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 3, 2, 16]}, {'move': "
     "[1], 'form': 'permute', 'order': [1, 2, 0, 3]}",
     {"{'move': [?], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 1}, {'norm': [!], 'dims': [3], "
      "'centred': false}, {'move': [!], 'form': 'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 1, 'stop': 2}, {'norm': [!], 'dims': "
      "[2, 3]}, {'move': [!], 'form': 'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 2, 'stop': 3}, {'norm': [!], 'dims': "
      "[3]}, {'move': [!], 'form': 'reshape', 'shape': [2, 21, 16]}"},
     "{'attention': [Q, K, V]}",
     {3, 3},
     1}, /* sets of several rows are a part of what the permutation makes */
    {"bytes",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 3, 2, 16]}, {'move': "
     "[1], 'form': 'permute', 'order': [1, 2, 0, 3]}",
     {"{'move': [?], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 1}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 1, 'stop': 2}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 2, 'stop': 3}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}"},
     "{'attention_int8': [Q, K, V]}",
     {3, 2},
     0},
    {"halves",
     "{'linear': ['x', 'b']}, {'move': [0], 'form': 'reshape', 'shape': [21, 3, 2, 16]}, {'move': "
     "[1], 'form': 'permute', 'order': [1, 2, 0, 3]}",
     {"{'move': [?], 'form': 'slice', 'dim': 0, 'start': 0, 'stop': 1}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 1, 'stop': 2}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}",
      "{'move': [?], 'form': 'slice', 'dim': 0, 'start': 2, 'stop': 3}, {'move': [!], 'form': "
      "'reshape', 'shape': [2, 21, 16]}"},
     "{'attention_bf16': [Q, K, V]}",
     {3, 2},
     0},
};

static atomic_size_t copies;

static void observe(const struct quell_program *program, const struct quell_instruction *now,
                    const struct quell_room *room, size_t samples, size_t workers)
{
    (void)program, (void)samples, (void)workers;
    if (now->kind == &quell_kind_move && !room->worker) atomic_fetch_add(&copies, 1);
}

/* Adds the instructions of a part, whose first one has the number `number`. */
static size_t add_part(const struct form *form, size_t k, size_t number, char *text, size_t used)
{
    size_t first = number;
    for (const char *at = form->part[k]; *at; at++) {
        if (*at == '?')
            used += (size_t)sprintf(text + used, "%zu", form->counts[0] - 1);
        else if (*at == '!')
            used += (size_t)sprintf(text + used, "%zu", number++);
        else
            text[used++] = *at;
    }
    CHECK(number + 1 == first + form->counts[1], "%s: part %zu", form->name, k);
    text[used] = 0;
    return used;
}

/* Adds what is done with the parts, by these names. */
static void add_after(const struct form *form, char name[3][8], char *text, size_t used)
{
    for (const char *at = form->after; *at; at++)
        if (*at >= 'Q' || *at == 'K')
            used += (size_t)sprintf(text + used, "%s",
                                    *at == 'Q'   ? name[0]
                                    : *at == 'K' ? name[1]
                                    : *at == 'V' ? name[2]
                                                 : (char[2]){*at, 0});
        else
            text[used++] = *at;
    text[used] = 0;
}

/* A part alone, which is then copied, as it is the result. */
static struct array part_of(const struct form *form, size_t k, const struct many *many)
{
    char text[MOST_TEXT];
    struct many alone = *many;
    size_t used = (size_t)sprintf(text, "%s, ", form->before);
    add_part(form, k, form->counts[0], text, used);
    alone.instructions = text;
    alone.output = form->counts[0] + form->counts[1] - 1;
    alone.samples = alone.workers = 1;
    alone.count = strstr(text, "'c'") ? 3 : 2;
    return run_program(&alone);
}

/* What is made of copies of the parts of a sample. */
static struct array made_of_copies(const struct form *form, const struct many *many, size_t sample)
{
    char text[MOST_TEXT], names[3][8] = {"'x'", "'b'", "'c'"};
    struct array part[3];
    struct many one = *many;
    one.x = &many->x[sample];
    for (size_t k = 0; k < 3; k++) part[k] = part_of(form, k, &one);
    add_after(form, names, text, 0);
    struct array right = run_program(&(struct many){.instructions = text,
                                                    .count = 3,
                                                    .arrays = part,
                                                    .x = &part[0],
                                                    .samples = 1,
                                                    .workers = 1,
                                                    .kernels = many->kernels});
    for (size_t k = 0; k < 3; k++) array_free(&part[k]);
    return right;
}

static void check_form(const struct form *form, const struct quell_kernels *kernels)
{
    static const size_t size[3][4] = {{21, 24}, {96, 24}, {16}}, rank[3] = {2, 2, 1};
    char text[MOST_TEXT], names[3][8];
    struct chance chance = {11};
    struct array arrays[3], x[MOST_SAMPLES];
    size_t used = (size_t)sprintf(text, "%s, ", form->before), number = form->counts[0];
    for (size_t i = 0; i < 3; i++) arrays[i] = array_random(&chance, rank[i], size[i]);
    for (size_t i = 0; i < MOST_SAMPLES; i++) x[i] = array_random(&chance, rank[0], size[0]);
    for (size_t k = 0; k < 3; k++, number += form->counts[1]) {
        used = add_part(form, k, number, text, used);
        used += (size_t)sprintf(text + used, ", ");
        snprintf(names[k], sizeof names[k], "%zu", number + form->counts[1] - 1);
    }
    add_after(form, names, text, used);
    struct many many = {.instructions = text,
                        .output = number,
                        .count = strstr(text, "'c'") ? 3 : 2,
                        .arrays = arrays,
                        .constants = ~1u,
                        .x = x,
                        .kernels = kernels};
    for (many.samples = 1; many.samples <= MOST_SAMPLES; many.samples += 2)
        for (many.workers = 1; many.workers <= 4; many.workers++) {
            if (!its_turn(many.workers, 2, many.samples / 2)) continue;
            atomic_store(&copies, 0);
            quell_program_observe = observe;
            struct array got = run_program(&many);
            quell_program_observe = NULL;
            CHECK(atomic_load(&copies) == form->copies * many.samples,
                  "%s: %zu copies of %zu samples", form->name, atomic_load(&copies), many.samples);
            size_t each = got.count / many.samples;
            for (size_t s = 0; s < many.samples; s++) {
                struct array right = made_of_copies(form, &many, s);
                for (size_t i = 0; i < each; i++)
                    CHECK(got.at[s * each + i] == right.at[i],
                          "%s, %s, %zu workers: element %zu of sample %zu is %a, not %a",
                          form->name, kernels->isa, many.workers, i, s, got.at[s * each + i],
                          right.at[i]);
                array_free(&right);
            }
            array_free(&got);
        }
    for (size_t i = 0; i < 3; i++) array_free(&arrays[i]);
    for (size_t i = 0; i < MOST_SAMPLES; i++) array_free(&x[i]);
}

TEST(views, have_the_bits_of_copies)
{
    const struct quell_kernels *kernels;
    for (size_t k = 0; (kernels = quell_kernels_at(k)); k++)
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
            if (quell_kernels_available(kernels)) check_form(&forms[i], kernels);
}

/* After a copy has been read for the last time its memory is used for something else, while a norm
 * still reads the original. */
static void spoil(const struct quell_program *program, const struct quell_instruction *now,
                  const struct quell_room *room, size_t samples, size_t workers)
{
    (void)samples, (void)workers;
    if (now->kind != &quell_kind_norm || room->worker) return;
    CHECK(quell_view_of(now, 0), "the norm has no view");
    float *copy = (float *)(uintptr_t)quell_value_at(program, room, now->operand[0]);
    size_t count = quell_elements(&program->value[now->operand[0]].shape);
    for (size_t i = 0; i < count; i++) copy[i] = NAN;
}

/* A slice that is copied for its mean, and read by a norm where it lies, which must not be divided
 * as the copy is: by then another value may have the copy's place. After a map, the norm reads the
 * map's result. */
TEST(views, copies_for_others_are_not_read)
{
    static const char in_place[] =
        "{'linear': ['x', 'b']}, {'move': [0], 'form': 'slice', 'dim': 1, 'start': 0, 'stop': 64},"
        "{'reduce': [1], 'function': 'mean', 'dims': [0]}, {'linear': [2, 'c']},"
        "{'norm': [1], 'dims': [1]}, {'map': [4, 3], 'function': 'add'}";
    static const char after_map[] =
        "{'linear': ['x', 'b']}, {'move': [0], 'form': 'slice', 'dim': 1, 'start': 0, 'stop': 64},"
        "{'reduce': [1], 'function': 'mean', 'dims': [0]}, {'linear': [2, 'c']},"
        "{'map': [1, [1.0]], 'function': 'mul'}, {'norm': [4], 'dims': [1]},"
        "{'map': [5, 3], 'function': 'add'}";
    static const size_t size[3][4] = {{512, 64}, {128, 64}, {64, 64}};
    struct chance chance = {12};
    struct array arrays[3];
    for (size_t i = 0; i < 3; i++) arrays[i] = array_random(&chance, 2, size[i]);
    struct many many = {.count = 3,
                        .arrays = arrays,
                        .constants = ~1u,
                        .x = &arrays[0],
                        .samples = 1,
                        .kernels = quell_kernels_at(0)};
    for (many.workers = 1; many.workers <= 3; many.workers++) {
        many.instructions = after_map, many.output = 6;
        struct array right = run_program(&many);
        many.instructions = in_place, many.output = 5;
        quell_program_observe = spoil;
        struct array got = run_program(&many);
        quell_program_observe = NULL;
        for (size_t i = 0; i < got.count; i++)
            CHECK(got.at[i] == right.at[i], "%zu workers: element %zu is %a, not %a", many.workers,
                  i, got.at[i], right.at[i]);
        array_free(&got);
        array_free(&right);
    }
    for (size_t i = 0; i < 3; i++) array_free(&arrays[i]);
}
