/* SPDX-License-Identifier: MIT */
/* A program's description. A tensor's sizes are the digits of its name: 'w43' is [4, 3], and
 * those of 'q43' are whole numbers. What loads is run, if that is little work. */
#include "base/json.h"
#include "input.h"
#include "programs/program.h"

#include <stdlib.h>
#include <string.h>

#define MOST_INDEX 100000
#define MOST_WORK ((uint64_t)1 << 24)

static bool find(void *user, const char *name, size_t *index)
{
    (void)user;
    bool is_whole = *name == 'q';
    *index = 1; /* so that '0' in front is a size as well */
    for (name += *name != '\0'; *name; name++) {
        if (*name < '0' || *name > '9') return false;
        *index = 10 * *index + (size_t)(*name - '0');
        if (*index >= 2 * MOST_INDEX) return false;
    }
    if (is_whole) *index += 2 * MOST_INDEX;
    return true;
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    (void)user;
    size_t digits[8], count = 0;
    index %= 2 * MOST_INDEX;
    for (; index > 1; index /= 10) digits[count++] = index % 10;
    for (shape->rank = 0; count;) shape->size[shape->rank++] = digits[--count];
    return true;
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    (void)user;
    for (size_t i = 0; i < quell_elements(shape); i++)
        out[i] = index < 2 * MOST_INDEX ? (float)((i * 7 + index) % 13) / 13 - 0.5f
                                        : (float)((i * 7 + index) % 255) - 127;
    return QUELL_OK;
}

static uint64_t work_of(const struct quell_program *program)
{
    uint64_t work = 0;
    for (size_t i = 0; i < program->values; i++) work += quell_elements(&program->value[i].shape);
    for (int s = 0; s < QUELL_STAGES; s++) {
        if (program->multiply_adds[s] > MOST_WORK || program->scratch[s] > MOST_WORK)
            return UINT64_MAX;
        work += program->multiply_adds[s] + program->floats[s] + program->scratch[s];
    }
    return work;
}

/* Memory of just that size, for the sanitizers. */
static float *floats(size_t count)
{
    float *memory = calloc(count + !count, sizeof *memory);
    if (!memory) abort();
    return memory;
}

static void run(const struct quell_program *program)
{
    struct quell_room room = {.samples = 1};
    float *inputs[QUELL_MOST_PROGRAM_INPUTS];
    size_t scratch = 0;
    for (size_t i = 0; i < program->inputs; i++)
        room.input[i] = inputs[i] = floats(quell_elements(&program->value[i].shape));
    for (int s = 0; s < QUELL_STAGES; s++) {
        room.at[s] = floats(program->floats[s]);
        if (program->scratch[s] > scratch) scratch = program->scratch[s];
    }
    room.scratch = floats(scratch);
    for (int s = QUELL_FROM_TIME; s < QUELL_STAGES; s++)
        quell_program_run(program, quell_kernels_widest(), (enum quell_stage)s, &room);
    for (size_t i = 0; i < program->inputs; i++) free(inputs[i]);
    for (int s = 0; s < QUELL_STAGES; s++) free(room.at[s]);
    free(room.scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct quell_constants from = {.count = 4 * MOST_INDEX,
                                                .most = MOST_WORK,
                                                .find = find,
                                                .shape = shape_of,
                                                .read = read_at};
    struct quell_program program;
    size_t where;
    char *text = calloc(size + 1, 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    if (strlen(text) == size && !quell_json_check(text, size, &where)) {
        if (!quell_program_load(&program, "input", "denoise", quell_json_root(text), &from) &&
            work_of(&program) <= MOST_WORK)
            run(&program);
        quell_program_free(&program);
    }
    free(text);
    return 0;
}
