/* SPDX-License-Identifier: MIT */
/* How often a run reads a network's weights. If a run read them more often than necessary, no bit
 * would change, and only this test would notice. Runs choose their tiles, crews and shares
 * themselves, on a machine that seems to have as many processors as the test says. */
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "processors.h"

#include "denoisers/program_denoiser.h"
#include "programs/kind.h"

#include <quell/quell.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STEPS = 2, CLASSES = 4, MOST_THREADS = 8, MOST_COUNT = 9, SIDE = 16, DIM = SIDE * SIDE };

size_t seeming_processors;

/* This function replaces the C library's, by which the library asks for the processors. */

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    CPU_ZERO_S(size, set);
    if (!seeming_processors) return syscall(SYS_sched_getaffinity, process, size, set) < 0 ? -1 : 0;
    for (size_t i = 0; i < seeming_processors; i++) CPU_SET_S(i, size, set);
    return 0;
}

/* What was observed of one instruction: the calls by leaders of crews, each of which is a pass over
 * its weights; the samples that were computed by all workers; and the greatest number of workers of
 * a piece of work. */
static struct seen {
    const struct quell_instruction *of;
    atomic_size_t passes, samples, workers;
} seen;

/* Waits until all threads of a crew have come. A leader does not wait for them: it begins with
 * those that are there, which on a busy machine may be none. With this wait, all of them take part
 * in the next piece of work. */
static void await_crew(struct quell_crew *crew)
{
    for (int i = 0; i < 5000 && atomic_load(&crew->helpers) + 1 < crew->most; i++) usleep(100);
}

static void observe(const struct quell_program *program, const struct quell_instruction *now,
                    const struct quell_room *room, size_t samples, size_t workers)
{
    (void)program;
    if (now != seen.of) return;
    if (!room->worker && !room->helps) {
        atomic_fetch_add(&seen.passes, 1);
        if (room->crew) await_crew(room->crew);
        if (room->workers > atomic_load(&seen.workers)) atomic_store(&seen.workers, room->workers);
    }
    if (workers < 2 || !room->worker) atomic_fetch_add(&seen.samples, samples);
}

/* The first instruction of a kind that samples go through. */
static const struct quell_instruction *first_of(const struct quell_program *program,
                                                const struct quell_kind *kind)
{
    size_t i = 0;
    while (i < program->count &&
           (program->instruction[i].kind != kind ||
            program->value[program->instruction[i].result].stage != QUELL_FROM_SAMPLE))
        i++;
    CHECK(i < program->count, "no instruction of kind %s", kind->name);
    return &program->instruction[i];
}

/* A network that is told a time and a class, with weights at random, each as large as its name
 * says. */
static const char images[] =
    "{'inputs': {'x': [1, 16, 16], 'time': [], 'class': []}, 'instructions': ["
    "{'gather': ['a:5,48', 'class'], 'dim': 0}, {'map': [0, 'time'], 'function': 'mul'}, "
    "{'move': [1], 'form': 'reshape', 'shape': [48, 1, 1]}, "
    "{'conv': ['x', 'b:48,1,3,3'], 'before': [1, 1], 'after': [1, 1]}, "
    "{'map': [3, 2], 'function': 'add'}, "
    "{'norm': [4], 'groups': 8}, {'map': [5], 'function': 'silu'}, "
    "{'conv': [6, 'c:48,48,3,3', 'd:48'], 'before': [1, 1], 'after': [1, 1], 'winograd': 4}, "
    "{'conv': [7, 'e:48,48,3,3'], 'before': [1, 1], 'after': [1, 1]}, "
    "{'map': [8, 2], 'function': 'mul'}, {'map': [9, 4], 'function': 'add'}, "
    "{'conv': [10, 'f:48,48,3,3'], 'before': [1, 1], 'after': [1, 1], 'stride': [2, 2]}, "
    "{'norm': [11], 'groups': 48}, {'nearest': [12], 'factors': [1, 2, 2]}, "
    "{'concat': [13, 10], 'dim': 0}, "
    "{'conv': [14, 'g:48,96,3,3'], 'before': [1, 1], 'after': [1, 1]}, "
    "{'norm': [15], 'groups': 16}, "
    "{'conv': [16, 'h:1,48,3,3'], 'before': [1, 1], 'after': [1, 1]}], 'output': 17}";

/* Each weight is used once in a sample. */
static const char rows[] =
    "{'inputs': {'x': [256], 'time': [], 'class': []}, 'instructions': ["
    "{'gather': ['a:5,512', 'class'], 'dim': 0}, {'map': [0, 'time'], 'function': 'mul'}, "
    "{'linear': ['x', 'b:512,256']}, {'map': [2, 1], 'function': 'add'}, "
    "{'map': [3], 'function': 'silu'}, {'linear': [4, 'c:512,512']}, "
    "{'map': [5, 1], 'function': 'mul'}, {'linear': [6, 'd:256,512']}], 'output': 7}";

static bool find(void *user, const char *name, size_t *index)
{
    *index = (size_t)(*name - 'a');
    if (!strchr(name, ':')) return false;
    ((const char **)user)[*index] = name;
    return true;
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    char *at = (char *)(uintptr_t)((const char **)user)[index] + 1;
    for (shape->rank = 0; *at; shape->rank++) shape->size[shape->rank] = strtoul(at + 1, &at, 10);
    return true;
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    size_t count = quell_elements(shape), in = count / shape->size[0];
    uint64_t state = index + 1;
    (void)user;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = ((float)(state >> 40) * 0x1p-23f - 1) / (float)(in > 64 ? in / 16 : 4);
    }
    return QUELL_OK;
}

static quell_denoiser *network(const char *text)
{
    const char *names[26];
    const struct quell_constants from = {
        .user = names, .count = 26, .find = find, .shape = shape_of, .read = read_at};
    struct quell_parametrization terms = {.output = QUELL_EPS, .precondition = QUELL_PLAIN};
    struct quell_program program;
    quell_denoiser *denoiser;
    char *json = strdup(text);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    MUST(quell_program_load(&program, "test", "denoise", json, &from));
    MUST(quell_denoiser_program(&denoiser, &program, CLASSES, &terms, NULL, 0));
    free(json);
    return denoiser;
}

/* The network, plain and guided by itself, and what is counted of it. */
struct setting {
    quell_denoiser *plain, *guided;
    quell_schedule *schedule;
    const struct quell_program *program;
    int32_t classes[MOST_COUNT];
};

static void set_up(struct setting *at, const char *text, const struct quell_kind *kind)
{
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = 2;
    at->plain = network(text);
    at->program = quell_denoiser_is_program(at->plain);
    at->schedule = must_schedule("vp");
    MUST(quell_denoiser_from_guidance(&at->guided, at->plain, NULL, &guidance));
    for (int32_t i = 0; i < MOST_COUNT; i++) at->classes[i] = i * 3 % CLASSES;
    seen.of = first_of(at->program, kind);
    quell_program_observe = observe;
}

static void tear_down(struct setting *at)
{
    quell_program_observe = NULL;
    seeming_processors = 0;
    quell_denoiser_free(at->plain);
    quell_denoiser_free(at->guided);
    quell_schedule_free(at->schedule);
}

static void draw(const struct setting *at, const quell_denoiser *denoiser, size_t count,
                 size_t threads, float *x)
{
    quell_draw drawn = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    quell_sampler *sampler = must_sampler("ddim", denoiser, at->schedule, STEPS);
    drawn.count = count, drawn.classes = at->classes, run.threads = threads;
    atomic_store(&seen.passes, 0);
    atomic_store(&seen.samples, 0);
    atomic_store(&seen.workers, 0);
    MUST(quell_sample(sampler, &drawn, &run, x));
    quell_sampler_free(sampler);
}

static void check_seen(const char *what, size_t count, size_t threads, size_t passes,
                       size_t samples)
{
    size_t p = atomic_load(&seen.passes), s = atomic_load(&seen.samples);
    CHECK(p == passes, "%s, %zu samples, %zu threads: %zu passes, not %zu", what, count, threads, p,
          passes);
    CHECK(s == samples, "%s, %zu samples, %zu threads: %zu samples computed, not %zu", what, count,
          threads, s, samples);
}

/* On one thread a step is one pass, over the samples with their class and without. */
static void check_one_thread(const char *what, const char *text, const struct quell_kind *kind)
{
    struct setting at;
    float *x = calloc(MOST_COUNT * DIM, sizeof *x);
    set_up(&at, text, kind);
    for (size_t count = 1; count <= at.plain->rows && count <= MOST_COUNT; count++) {
        draw(&at, at.plain, count, 1, x);
        check_seen(what, count, 1, STEPS, STEPS * count);
        draw(&at, at.guided, count, 1, x);
        check_seen(what, count, 1, STEPS, STEPS * 2 * count);
    }
    tear_down(&at);
    free(x);
}

TEST(passes, of_one_thread)
{
    check_one_thread("images", images, &quell_kind_conv);
    check_one_thread("rows", rows, &quell_kind_linear);
}

/* How many workers share a tile, and how many passes its samples take in a step: one, unless the
 * lines of one sample are divided, and the workers do not divide the samples. */
static size_t passes_of(const struct setting *at, size_t tiles, size_t threads, size_t samples)
{
    size_t workers = threads / tiles;
    bool lines = at->program->units && at->program->units % workers == 0;
    if (workers < 2 || !lines || samples % workers == 0 || samples >= 2 * workers) return 1;
    return samples;
}

/* All numbers of threads and of samples, guided: the bits are those of one thread, and nothing is
 * computed twice. Samples have a class of their own, with which each is a group. */
TEST(passes, guided_by_many_threads)
{
    struct setting at;
    float *right = calloc(MOST_COUNT * DIM, sizeof *right),
          *x = calloc(MOST_COUNT * DIM, sizeof *x);
    size_t most = is_emulated() ? 4 : MOST_COUNT, apart = 0, full = 0;
    set_up(&at, images, &quell_kind_conv);
    CHECK(at.program->units >= MOST_THREADS && at.program->units % MOST_THREADS == 0,
          "lines are divided by %zu", at.program->units);
    draw(&at, at.guided, most, 1, right);
    seeming_processors = MOST_THREADS;
    for (size_t threads = 1; threads <= MOST_THREADS; threads++)
        for (size_t count = 1; count <= most; count++) {
            if (!its_turn(count, 3, threads)) continue;
            size_t each = (count + threads - 1) / threads, passes = 0;
            if (each > at.plain->rows) each = at.plain->rows;
            size_t tiles = (count + each - 1) / each;
            for (size_t from = 0; from < count; from += each)
                passes += passes_of(&at, tiles, threads > tiles ? threads : tiles,
                                    2 * (count - from < each ? count - from : each));
            apart += passes > tiles;
            draw(&at, at.guided, count, threads, x);
            full += atomic_load(&seen.workers) >= 4;
            check_seen("images", count, threads, STEPS * passes, STEPS * 2 * count);
            CHECK(!memcmp(x, right, count * DIM * sizeof *x),
                  "%zu samples, %zu threads: other bits", count, threads);
        }
    CHECK(full, "no four workers have shared a sample");
    CHECK(apart, "in no case are samples computed one after the other");
    tear_down(&at);
    free(right);
    free(x);
}
