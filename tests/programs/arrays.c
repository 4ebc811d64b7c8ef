/* SPDX-License-Identifier: MIT */
#include "arrays.h"
#include "harness.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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
    char first; /* the name of the first array */
};

static char name_of(const struct tensors *tensors, size_t i)
{
    return i ? (char)('a' + i) : tensors->first;
}

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

/* The description of a program of some instructions. */
static void describe(char text[4096], const char *instructions, size_t output,
                     const struct tensors *tensors)
{
    size_t used = (size_t)snprintf(text, 4096, "{'inputs': {");
    const char *before = "";
    for (size_t i = 0; i < tensors->count; i++) {
        if (tensors->constants >> i & 1 || !tensors->arrays[i].at) continue;
        used +=
            (size_t)snprintf(text + used, 4096 - used, "%s'%c': [", before, name_of(tensors, i));
        before = ", ";
        for (size_t d = 0; d < tensors->arrays[i].rank; d++)
            used += (size_t)snprintf(text + used, 4096 - used, "%s%zu", d ? ", " : "",
                                     tensors->arrays[i].size[d]);
        used += (size_t)snprintf(text + used, 4096 - used, "]");
    }
    snprintf(text + used, 4096 - used, "}, 'instructions': [%s], 'output': %zu}", instructions,
             output);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
}

/* Memory for all that a run needs. */
static float *floats(size_t count)
{
    float *memory = quell_new(count + 16, sizeof *memory);
    CHECK(memory, "no memory for %zu floats", count);
    return memory;
}

/* A program at work, by a crew. */
struct work {
    const struct quell_program *program;
    const struct quell_kernels *kernels;
    const struct quell_room *room;
    struct quell_crew crew;
    float *scratch[MOST_WORKERS];
    struct quell_told_row row[MOST_ROWS_TOLD];
    uint32_t *row_of;
    size_t rows;
    bool large;
};

/* What depends on what some samples are told alone. */
static void run_told(const struct work *work, struct quell_room room, size_t row)
{
    const struct quell_told_row *told = &work->row[row];
    memcpy(room.input, told->input, sizeof room.input);
    for (int s = QUELL_FROM_TIME; s < QUELL_FROM_TIME_AND_CONDITIONS; s++) {
        room.at[s] = (float *)(uintptr_t)told->at[s];
        quell_program_run(work->program, work->kernels, (enum quell_stage)s, &room);
    }
}

static void run_stages(void *data, size_t worker, size_t workers)
{
    struct work *work = data;
    struct quell_room room = *work->room;
    room.worker = worker, room.workers = workers, room.crew = &work->crew;
    room.share_all = !work->large;
    room.scratch = work->scratch[worker];
    for (size_t row = 0; row < work->rows; row++) run_told(work, room, row);
    room.rows = work->rows;
    for (int s = work->rows ? QUELL_FROM_TIME_AND_CONDITIONS : QUELL_FROM_TIME; s < QUELL_STAGES;
         s++) {
        room.row_of = s == QUELL_FROM_SAMPLE && work->rows ? work->row_of : NULL;
        quell_program_run(work->program, work->kernels, (enum quell_stage)s, &room);
    }
}

static void *help(void *data)
{
    quell_crew_help(&((struct work *)data)->crew);
    return NULL;
}

/* Runs a program by so many workers, all of which are there. */
static void run_crew(struct work *work, size_t workers)
{
    pthread_t thread[MOST_WORKERS];
    quell_crew_begin(&work->crew, workers, 100000);
    CHECK(quell_crew_lead(&work->crew, true), "the first to come does not lead");
    for (size_t i = 1; i < workers; i++)
        CHECK(!pthread_create(&thread[i], NULL, help, work), "no thread");
    while (atomic_load(&work->crew.helpers) + 1 < workers) sched_yield();
    quell_crew_work(&work->crew, run_stages, work);
    quell_crew_end(&work->crew);
    for (size_t i = 1; i < workers; i++) pthread_join(thread[i], NULL);
}

/* Memory for what the rows are told and what is computed of it. */
static void take_rows(struct work *work, const struct many *many, float *const *inputs)
{
    const struct quell_program *program = work->program;
    work->rows = many->row_of ? many->row_count : 0;
    work->row_of = quell_new(many->samples + 1, sizeof *work->row_of);
    for (size_t i = 0; i < many->samples && work->rows; i++)
        work->row_of[i] = (uint32_t)many->row_of[i];
    for (size_t row = 0; row < work->rows; row++) {
        for (size_t i = 0; i < program->inputs; i++) {
            size_t k = (size_t)(*program->value[i].name - 'b');
            float *to = inputs[i];
            if (k < ROWS_TOLD)
                to_floats(&many->rows[k][row], to = floats(many->rows[k][row].count));
            work->row[row].input[i] = to;
        }
        for (int s = 0; s < QUELL_FROM_TIME_AND_CONDITIONS; s++)
            work->row[row].at[s] = floats(program->floats[s]);
    }
}

static void free_rows(struct work *work)
{
    for (size_t row = 0; row < work->rows; row++) {
        for (size_t i = 0; i < work->program->inputs; i++)
            if ((size_t)(*work->program->value[i].name - 'b') < ROWS_TOLD)
                free((void *)(uintptr_t)work->row[row].input[i]);
        for (int s = 0; s < QUELL_FROM_TIME_AND_CONDITIONS; s++)
            free((void *)(uintptr_t)work->row[row].at[s]);
    }
    free(work->row_of);
}

struct array run_program(const struct many *many)
{
    struct tensors tensors = {many->count, many->arrays, many->constants, many->x ? 'x' : 'a'};
    const struct quell_constants from = {&tensors, many->count,   0,           find, shape_of,
                                         read_at,  many->rounded, many->halves};
    struct quell_program program;
    size_t samples = many->x ? many->samples : 1, workers = many->workers ? many->workers : 1;
    struct quell_room room = {.samples = samples, .lookout = many->lookout};
    struct work work = {.program = &program, .kernels = many->kernels, .room = &room};
    char text[4096];
    float *inputs[MOST_ARRAYS] = {0};
    work.large = many->large;
    if (!work.kernels) work.kernels = quell_kernels_widest();
    describe(text, many->instructions, many->output, &tensors);
    quell_status status = quell_program_load(&program, "test", "denoise", text, &from);
    CHECK(!status, "%s: %s", many->instructions, quell_error_message());
    for (size_t i = 0; i < program.inputs; i++) {
        char name = *program.value[i].name;
        const struct array *array = &many->arrays[name == 'x' ? 0 : name - 'a'];
        size_t each = array->count, copies = name == 'x' ? samples : 1;
        inputs[i] = floats(each * copies);
        for (size_t k = 0; k < copies; k++)
            to_floats(name == 'x' ? &many->x[k] : array, inputs[i] + k * each);
        room.input[i] = inputs[i];
    }
    size_t scratch = 0;
    for (int s = 0; s < QUELL_STAGES; s++) {
        size_t copies = s == QUELL_FROM_SAMPLE ? samples : 1;
        if (s == QUELL_FROM_TIME_AND_CONDITIONS && many->row_of) copies = many->row_count;
        room.at[s] = floats(program.floats[s] * copies);
        if (program.scratch[s] > scratch) scratch = program.scratch[s];
    }
    for (size_t i = 0; i < workers; i++) work.scratch[i] = floats(scratch);
    take_rows(&work, many, inputs);
    room.row = work.row;
    run_crew(&work, workers);
    const struct quell_shape *shape = &program.value[program.output].shape;
    size_t size[MOST_RANK], rank = shape->rank;
    memcpy(size, shape->size, sizeof size);
    if (many->x) {
        memmove(size + 1, size, rank * sizeof *size);
        size[0] = samples;
        rank++;
    }
    struct array out = array_new(rank, size);
    size_t each = out.count / samples;
    room.rows = work.rows;
    if (work.rows) room.row_of = work.row_of;
    for (room.sample = 0; room.sample < samples; room.sample++) {
        const float *got = quell_value_at(&program, &room, program.output);
        for (size_t i = 0; i < each; i++) out.at[room.sample * each + i] = (double)got[i];
    }
    for (size_t i = 0; i < program.inputs; i++) free(inputs[i]);
    for (int s = 0; s < QUELL_STAGES; s++) free(room.at[s]);
    for (size_t i = 0; i < workers; i++) free(work.scratch[i]);
    free_rows(&work);
    quell_program_free(&program);
    return out;
}

struct array run_instruction(const char *instruction, size_t count, const struct array *arrays,
                             unsigned constants)
{
    return run_program(&(struct many){
        .instructions = instruction, .count = count, .arrays = arrays, .constants = constants});
}

/* Several workers give the same bits. */
static void check_workers(const char *instruction, size_t count, const struct array *arrays,
                          unsigned constants, const struct array *right)
{
    static size_t turn;
    static const size_t workers[] = {2, 3, MOST_WORKERS};
    struct many many = {.instructions = instruction,
                        .count = count,
                        .arrays = arrays,
                        .constants = constants,
                        .workers = workers[turn++ % 3]};
    struct array got = run_program(&many);
    for (size_t i = 0; i < got.count; i++)
        CHECK(got.at[i] == right->at[i] || (isnan(got.at[i]) && isnan(right->at[i])),
              "%s: element %zu is %a by %zu workers, and %a by one", instruction, i, got.at[i],
              many.workers, right->at[i]);
    array_free(&got);
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
    check_workers(instruction, count, arrays, constants, &got);
    array_free(&got);
}
