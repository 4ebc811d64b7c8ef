/* SPDX-License-Identifier: MIT */
#include "arrays.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/program.h"

uint32_t chance_bits(struct chance *chance)
{
    chance->state = chance->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance->state >> 33);
}

double chance_real(struct chance *chance)
{
    return (double)(float)((double)chance_bits(chance) * 0x1p-30 - 1);
}

size_t chance_whole(struct chance *chance, size_t least, size_t most)
{
    return least + chance_bits(chance) % (most - least + 1);
}

struct array array_new(size_t rank, const size_t *size)
{
    struct array array = {.rank = rank, .count = 1};
    for (size_t d = 0; d < rank; d++) array.count *= array.size[d] = size[d];
    array.at = calloc(array.count, sizeof *array.at);
    CHECK(array.at, "no memory for %zu numbers", array.count);
    return array;
}

struct array array_random(struct chance *chance, size_t rank, const size_t *size)
{
    struct array array = array_new(rank, size);
    for (size_t i = 0; i < array.count; i++) array.at[i] = chance_real(chance);
    return array;
}

struct array array_of_any_shape(struct chance *chance, size_t least, size_t most)
{
    size_t size[MOST_RANK], rank = chance_whole(chance, least, most);
    for (size_t d = 0; d < rank; d++)
        size[d] = chance_whole(chance, 0, 3) ? chance_whole(chance, 1, 5) : 1;
    if (rank && !chance_whole(chance, 0, 9)) size[chance_whole(chance, 0, rank - 1)] = 257;
    for (size_t d = 0; d < rank && rank > 3; d++)
        if (size[d] == 257) size[d] = 17;
    return array_random(chance, rank, size);
}

void array_free(struct array *array) { free(array->at); }

void array_split(const struct array *array, size_t i, long *index)
{
    for (size_t d = array->rank; d-- > 0; i /= array->size[d])
        index[d] = (long)(i % array->size[d]);
}

size_t array_flat(const struct array *array, const long *index)
{
    size_t flat = 0;
    for (size_t d = 0; d < array->rank; d++) flat = flat * array->size[d] + (size_t)index[d];
    return flat;
}

/* The tensors of the "file": the arrays that are constants. */
struct tensors {
    size_t count;
    const struct array *arrays;
    unsigned constants;
};

static bool find(void *user, const char *name, size_t *index)
{
    const struct tensors *tensors = user;
    *index = (size_t)(*name - 'a');
    return *index < tensors->count && !name[1] && (tensors->constants >> *index & 1);
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    const struct array *array = &((const struct tensors *)user)->arrays[index];
    shape->rank = array->rank;
    memcpy(shape->size, array->size, sizeof array->size);
    return true;
}

static void to_floats(const struct array *array, float *out)
{
    for (size_t i = 0; i < array->count; i++) out[i] = (float)array->at[i];
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    (void)shape;
    to_floats(&((const struct tensors *)user)->arrays[index], out);
    return QUELL_OK;
}

/* The description of a program of one instruction. */
static void describe(char text[2048], const char *instruction, const struct tensors *tensors)
{
    size_t used = (size_t)snprintf(text, 2048, "{'inputs': {");
    const char *before = "";
    for (size_t i = 0; i < tensors->count; i++) {
        if (tensors->constants >> i & 1) continue;
        used += (size_t)snprintf(text + used, 2048 - used, "%s'%c': [", before, (char)('a' + i));
        before = ", ";
        for (size_t d = 0; d < tensors->arrays[i].rank; d++)
            used += (size_t)snprintf(text + used, 2048 - used, "%s%zu", d ? ", " : "",
                                     tensors->arrays[i].size[d]);
        used += (size_t)snprintf(text + used, 2048 - used, "]");
    }
    snprintf(text + used, 2048 - used, "}, 'instructions': [%s], 'output': 0}", instruction);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
}

/* Memory for all that a run needs. */
static float *floats(size_t count)
{
    float *memory = calloc(count + 16, sizeof *memory);
    CHECK(memory, "no memory for %zu floats", count);
    return memory;
}

struct array run_instruction(const char *instruction, size_t count, const struct array *arrays,
                             unsigned constants)
{
    struct tensors tensors = {count, arrays, constants};
    const struct quell_constants from = {&tensors, count, 0, find, shape_of, read_at};
    struct quell_program program;
    struct quell_room room = {.samples = 1};
    char text[2048];
    float *inputs[MOST_ARRAYS] = {0};
    describe(text, instruction, &tensors);
    quell_status status = quell_program_load(&program, "test", "denoise", text, &from);
    CHECK(!status, "%s: %s", instruction, quell_error_message());
    for (size_t i = 0; i < program.inputs; i++) {
        const struct array *array = &arrays[*program.value[i].name - 'a'];
        inputs[i] = floats(array->count);
        to_floats(array, inputs[i]);
        room.input[i] = inputs[i];
    }
    size_t scratch = 0;
    for (int s = 0; s < QUELL_STAGES; s++) {
        room.at[s] = floats(program.floats[s]);
        if (program.scratch[s] > scratch) scratch = program.scratch[s];
    }
    room.scratch = floats(scratch);
    for (int s = QUELL_FROM_TIME; s < QUELL_STAGES; s++)
        quell_program_run(&program, quell_kernels_widest(), (enum quell_stage)s, &room);
    const struct quell_shape *shape = &program.value[program.output].shape;
    struct array out = array_new(shape->rank, shape->size);
    const float *got = quell_value_at(&program, &room, program.output);
    for (size_t i = 0; i < out.count; i++) out.at[i] = (double)got[i];
    for (size_t i = 0; i < program.inputs; i++) free(inputs[i]);
    for (int s = 0; s < QUELL_STAGES; s++) free(room.at[s]);
    free(room.scratch);
    quell_program_free(&program);
    return out;
}

void check_instruction(const char *instruction, size_t count, const struct array *arrays,
                       unsigned constants, const struct array *right, double bound)
{
    struct array got = run_instruction(instruction, count, arrays, constants);
    double largest = 0;
    CHECK(got.rank == right->rank, "%s: rank %zu, not %zu", instruction, got.rank, right->rank);
    for (size_t d = 0; d < got.rank; d++)
        CHECK(got.size[d] == right->size[d], "%s: size %zu is %zu, not %zu", instruction, d,
              got.size[d], right->size[d]);
    for (size_t i = 0; i < got.count; i++) largest = fmax(largest, fabs(right->at[i]));
    for (size_t i = 0; i < got.count; i++)
        CHECK(fabs(got.at[i] - right->at[i]) <= bound * largest ||
                  (isnan(got.at[i]) && isnan(right->at[i])),
              "%s: element %zu is %.9g, not %.9g (largest %g)", instruction, i, got.at[i],
              right->at[i], largest);
    array_free(&got);
}
