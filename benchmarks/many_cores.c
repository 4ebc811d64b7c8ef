/* SPDX-License-Identifier: MIT */
/* What one sample of a network takes on many cores (docs/many-cores.md), from what the engine
 * really does: each number of workers runs the network, with threads for all of them, and counts
 * how often they meet and what each of them computes, and reads of the weights, between two
 * meetings.
 *
 *     many_cores TEXT|FILE [WORKERS ...]
 *
 * TEXT: a part of the name of one of the made networks; FILE: a model file (.safetensors). One
 * worker is timed, instruction by instruction; and two, to compare. */
#include "counting.h"
#include "made_networks.h"
#include "two_cores.h"
#include "base/memory.h"
#include "denoisers/program_denoiser.h"
#include "programs/divide.h"

#include <quell/quell.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_WORKERS = 255, TURNS = 7 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* What a worker did of an instruction, and how often all had met before. */
struct share {
    struct counted did;
    unsigned phase;
    bool ran;
};

/* A worker: what it is at, since when, and what it had counted by then. */
struct worker {
    _Alignas(QUELL_CACHE_LINE) struct share *share; /* [instructions] */
    size_t at;
    double since, *seconds; /* [instructions], or NULL */
    struct counted then;
};

/* A network at work. */
struct bench {
    const struct quell_program *program;
    const struct quell_kernels *kernels;
    struct quell_room room;
    float *scratch[MOST_WORKERS];
    struct worker worker[MOST_WORKERS];
    struct quell_crew crew;
    unsigned first_phase;
};

static struct bench bench;

static double work_of(const struct counted *did)
{
    return did->products + 16 * did->elements; /* an element takes about as long as 16 of them */
}

/* What the worker was at has ended. */
static void end(struct worker *worker)
{
    if (worker->at == SIZE_MAX) return;
    struct counted *did = &worker->share[worker->at].did;
    if (worker->seconds) {
        double seconds = now() - worker->since, *least = &worker->seconds[worker->at];
        if (*least == 0 || seconds < *least) *least = seconds;
    }
    did->products = counted.products - worker->then.products;
    did->elements = counted.elements - worker->then.elements;
    did->right = counted.right - worker->then.right;
    worker->at = SIZE_MAX;
}

static void observe(const struct quell_program *program,
                    const struct quell_instruction *instruction, const struct quell_room *room,
                    size_t samples, size_t workers)
{
    struct worker *worker = &bench.worker[room->worker];
    (void)samples, (void)workers;
    if (!worker->share) return;
    end(worker);
    worker->at = (size_t)(instruction - program->instruction);
    worker->share[worker->at].ran = true;
    worker->share[worker->at].phase = atomic_load(&bench.crew.phase) - bench.first_phase;
    worker->then = counted;
    worker->since = now();
}

static void run_samples(void *data, size_t number, size_t workers)
{
    struct quell_room room = bench.room;
    (void)data;
    room.worker = number;
    room.workers = workers;
    room.crew = &bench.crew;
    room.scratch = bench.scratch[number];
    quell_program_run(bench.program, bench.kernels, QUELL_FROM_SAMPLE, &room);
    end(&bench.worker[number]);
}

static void *help(void *data)
{
    (void)data;
    quell_crew_help(&bench.crew);
    return NULL;
}

static void fail(const char *message)
{
    fprintf(stderr, "many_cores: %s\n", message);
    exit(1);
}

static float *floats(size_t count)
{
    float *memory = quell_new(count + 1, sizeof *memory);
    if (!memory) fail("no memory");
    return memory;
}

/* Takes memory and computes what does not depend on the sample. */
static void begin(const struct quell_program *program)
{
    size_t scratch = 0;
    bench.program = program;
    bench.kernels = counting_kernels();
    bench.room.samples = 1;
    for (size_t i = 0; i < program->inputs; i++) {
        size_t count = quell_elements(&program->value[i].shape);
        float *input = floats(count);
        for (size_t k = 0; k < count && count > 1; k++) input[k] = (float)(k * 7 % 19) / 19;
        bench.room.input[i] = input;
    }
    for (int s = 0; s < QUELL_STAGES; s++) {
        bench.room.at[s] = floats(program->floats[s]);
        if (program->scratch[s] > scratch) scratch = program->scratch[s];
    }
    for (size_t i = 0; i < MOST_WORKERS; i++) bench.scratch[i] = floats(scratch);
    bench.room.scratch = bench.scratch[0];
    for (int s = QUELL_FROM_TIME; s < QUELL_FROM_SAMPLE; s++)
        quell_program_run(program, bench.kernels, (enum quell_stage)s, &bench.room);
    quell_program_observe = observe;
}

/* Runs a sample by so many workers, `turns` times; returns the least time of a turn. counts: what
 * each of them did the last time; seconds: of each instruction, if it is to be timed. Sets how
 * often they met. */
static double run(size_t workers, size_t turns, struct share **counts, double *seconds,
                  unsigned *meetings)
{
    pthread_t thread[MOST_WORKERS];
    double least = 0;
    memset(&bench.crew, 0, sizeof bench.crew);
    quell_crew_begin(&bench.crew, workers, 200000);
    if (!quell_crew_lead(&bench.crew, true)) fail("does not lead");
    for (size_t i = 1; i < workers; i++)
        if (pthread_create(&thread[i], NULL, help, NULL)) fail("no thread");
    while (atomic_load(&bench.crew.helpers) + 1 < workers) sched_yield();
    for (size_t i = 0; i < workers; i++)
        bench.worker[i] = (struct worker){.share = counts ? counts[i] : NULL, .at = SIZE_MAX};
    bench.worker[0].seconds = seconds;
    for (size_t i = 0; i < turns; i++) {
        bench.crew.alone = bench.crew.longer = 0; /* all of them, however busy the machine is */
        bench.first_phase = atomic_load(&bench.crew.phase);
        double start = now();
        quell_crew_work(&bench.crew, run_samples, NULL);
        double took = now() - start;
        *meetings = atomic_load(&bench.crew.phase) - bench.first_phase;
        if (!i || took < least) least = took;
    }
    quell_crew_end(&bench.crew);
    for (size_t i = 1; i < workers; i++) pthread_join(thread[i], NULL);
    return least;
}

/* Bytes of an instruction's weights, and of what it reads that another worker may have written. */
static double weights_of(const struct quell_instruction *now)
{
    if (!quell_has_packed(now)) return 0;
    return (double)now->kind->packing->floats(bench.program, now) * (now->narrow ? 2 : 4);
}

static double read_of_others(const struct quell_instruction *now, size_t workers)
{
    const struct quell_division *by = quell_division_for(bench.program, now, workers);
    double bytes = 0;
    for (size_t k = 0; k < now->operands; k++) {
        const struct quell_value *root =
            &bench.program->value[bench.program->value[quell_value_read(now, k)].root];
        if (root->stage != QUELL_FROM_SAMPLE || (by && now->own >> k & 1)) continue;
        bytes += 4 * (double)quell_elements(&root->shape);
    }
    return bytes * (double)(workers - 1) / (double)workers;
}

/* The machine: seconds of a meeting of two, and of a byte of weights, and of one that another core
 * has written. */
struct machine {
    double meeting, weight, crossing;
};

/* What so many workers take, by the model: in each stretch between two meetings as long as the one
 * who takes longest, whose share of an instruction is that of what was counted. */
struct prediction {
    double computing, crossing, meeting, alone;
    double read; /* bytes of weights, by all workers together */
};

static struct prediction predict(size_t workers, struct share **one, struct share **many,
                                 const double *seconds, unsigned meetings,
                                 const struct machine *machine)
{
    size_t count = bench.program->count;
    struct prediction p = {.meeting = meetings * (double)(workers - 1) * machine->meeting};
    double *stretch = calloc((size_t)meetings + 1, sizeof *stretch);
    double *own = calloc((size_t)meetings + 1, sizeof *own);
    for (size_t w = 0; w < workers; w++) {
        memset(own, 0, ((size_t)meetings + 1) * sizeof *own);
        for (size_t i = 0; i < count; i++) {
            const struct share *share = &many[w][i];
            if (!share->ran) continue;
            double all = work_of(&one[0][i].did), part = work_of(&share->did) / (all > 0 ? all : 1);
            bool shared = workers > 1 && many[1][i].ran;
            if (all == 0) part = shared ? 1 / (double)workers : 1;
            double took = seconds[i] * part, bytes = weights_of(&bench.program->instruction[i]);
            if (share->did.right < bytes) bytes = share->did.right;
            p.read += bytes;
            /* Who reads more of the weights than its share waits for them, but no longer than one
             * who does all of the work. */
            if (bytes > part * weights_of(&bench.program->instruction[i]) &&
                took < bytes * machine->weight)
                took = bytes * machine->weight;
            if (took > seconds[i]) took = seconds[i];
            if (share->phase <= meetings) own[share->phase] += took;
            if (!w && !shared && workers > 1) p.alone += took;
        }
        for (size_t k = 0; k <= meetings; k++)
            if (own[k] > stretch[k]) stretch[k] = own[k];
    }
    for (size_t k = 0; k <= meetings; k++) p.computing += stretch[k];
    for (size_t i = 0; i < count && workers > 1; i++)
        if (many[1][i].ran)
            p.crossing += read_of_others(&bench.program->instruction[i], workers) *
                          machine->crossing / (double)(workers > 8 ? 8 : workers);
    free(own);
    free(stretch);
    return p;
}

static struct share **new_counts(size_t workers)
{
    struct share **counts = calloc(workers, sizeof *counts);
    for (size_t i = 0; i < workers; i++)
        counts[i] = calloc(bench.program->count + 1, sizeof **counts);
    return counts;
}

static void model(const char *name, const struct quell_program *program, const size_t *workers,
                  size_t count)
{
    begin(program);
    struct share **one = new_counts(1);
    double *seconds = calloc(program->count + 1, sizeof *seconds);
    unsigned meetings;
    run(1, 2 * TURNS, one, seconds, &meetings);
    double measured = run(1, TURNS, NULL, NULL, &meetings);
    struct machine machine = {two_cores_meeting(), 1 / reading_rate(program->weights),
                              two_cores_byte()};
    printf("%s: %.3g G multiply-adds, %.3g MB of weights; one worker %.3f ms; a meeting of two "
           "%.2f us, weights %.3g GB/s, another core's lines %.3g GB/s\n",
           name, 1e-9 * (double)program->multiply_adds[QUELL_FROM_SAMPLE],
           4e-6 * (double)program->weights, 1e3 * measured, 1e6 * machine.meeting,
           1e-9 / machine.weight, 1e-9 / machine.crossing);
    printf("| workers | meetings | weights read, MB | computing | of it one alone | others' lines "
           "| meeting | predicted | of one | measured |\n| --- | --- | --- | --- | --- | --- | --- "
           "| --- | --- | --- |\n");
    for (size_t k = 0; k < count; k++) {
        struct share **many = new_counts(workers[k]);
        run(workers[k], 2, many, NULL, &meetings);
        struct prediction p = predict(workers[k], one, many, seconds, meetings, &machine);
        double all = p.computing + p.crossing + p.meeting;
        printf("| %zu | %u | %.4g | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |", workers[k],
               meetings, 1e-6 * p.read, 1e3 * p.computing, 1e3 * p.alone, 1e3 * p.crossing,
               1e3 * p.meeting, 1e3 * all, all / measured);
        if (workers[k] <= 2)
            printf(" %.3f |\n", 1e3 * run(workers[k], 3 * TURNS, NULL, NULL, &meetings));
        else
            printf(" |\n");
        fflush(stdout);
        for (size_t i = 0; i < workers[k]; i++) free(many[i]);
        free(many);
    }
}

int main(int argc, char **argv)
{
    size_t workers[16] = {1, 2, 64, 192}, count = 4, i = 0;
    if (argc < 2) fail("give a part of a network's name, or a model file");
    for (count = argc > 2 ? 0 : 4; (int)count + 2 < argc && count < 16; count++)
        workers[count] = strtoul(argv[count + 2], NULL, 10);
    for (size_t k = 0; k < count; k++)
        if (workers[k] < 1 || workers[k] > MOST_WORKERS) fail("workers must be 1 to 255");
    while (made_network_name(i) && !strstr(made_network_name(i), argv[1])) i++;
    if (made_network_name(i)) {
        model(made_network_name(i), quell_denoiser_is_program(made_network(i)), workers, count);
        return 0;
    }
    quell_model *loaded;
    if (quell_model_load(&loaded, argv[1])) fail(quell_error_message());
    const struct quell_program *program = quell_denoiser_is_program(quell_model_denoiser(loaded));
    if (!program) fail("this model is no network");
    model(argv[1], program, workers, count);
    return 0;
}
