/* SPDX-License-Identifier: MIT */
#include "drawing.h"
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"
#include "base/draw_rows.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void must_draw(const quell_sampler *sampler, const quell_draw *draw, const quell_run *run, float *x)
{
    MUST(quell_sample(sampler, draw, run, x));
}

void must_draw_parts(const quell_sampler *sampler, const quell_draw *draw, const quell_run *run,
                     size_t part, float *x)
{
    struct quell_draw_rows piece;
    for (size_t done = 0; done < draw->count; done += piece.draw.count) {
        quell_draw_rows(&piece, draw, done, draw->count - done < part ? draw->count - done : part);
        must_draw(sampler, &piece.draw, run, x + done * quell_sampler_dim(sampler));
    }
}

struct worker {
    pthread_t thread;
    void (*body)(void *data, size_t i);
    void *data;
    size_t i;
};

static void *start(void *argument)
{
    struct worker *worker = argument;
    worker->body(worker->data, worker->i);
    return NULL;
}

int parallel_pthreads(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    struct worker *all = calloc(workers, sizeof *all);
    int failed = 0;
    (void)host;
    for (size_t i = 0; i < workers; i++) {
        all[i] = (struct worker){.body = body, .data = data, .i = i};
        failed |= pthread_create(&all[i].thread, NULL, start, &all[i]);
    }
    for (size_t i = 0; !failed && i < workers; i++) pthread_join(all[i].thread, NULL);
    free(all);
    return failed ? -1 : 0;
}

int parallel_backwards(void *host, size_t workers, void (*body)(void *data, size_t i), void *data)
{
    (void)host;
    for (size_t i = workers; i-- > 0;) body(data, i);
    return 0;
}

static const float *expected_bits;
static float *scratch;
static size_t turn; /* of check_every_way; a brief call takes the next way of each kind */

static void compare(const char *what, const quell_sampler *sampler, const quell_draw *draw,
                    const quell_run *run, const char *way)
{
    size_t dim = quell_sampler_dim(sampler);
    for (size_t i = 0; i < draw->count * dim; i++)
        CHECK(!memcmp(&scratch[i], &expected_bits[i], sizeof(float)),
              "%s, %s, isa %s, %zu threads, tile %zu: sample %zu, element %zu: %.9g, not %.9g",
              what, way, run->isa, run->threads, run->tile, i / dim, i % dim, (double)scratch[i],
              (double)expected_bits[i]);
}

static void check_threads(const char *what, const quell_sampler *sampler, quell_draw draw,
                          quell_run run)
{
    static const size_t threads[] = {3, 1, 7, 2}, count = sizeof threads / sizeof *threads;
    for (size_t i = 0; i < count; i++) {
        if (!its_turn(i, count, turn)) continue;
        run.threads = threads[i];
        must_draw(sampler, &draw, &run, scratch);
        compare(what, sampler, &draw, &run, "whole");
    }
}

/* Tiles also move the kernels' tails. */
static void check_tiles(const char *what, const quell_sampler *sampler, quell_draw draw,
                        quell_run run)
{
    static const size_t tiles[] = {0, 1, 2, 3, 7, 64, 1000}, count = sizeof tiles / sizeof *tiles;
    run.threads = 2;
    for (size_t i = 0; i < count; i++) {
        if (!its_turn(i, count, turn)) continue;
        run.tile = tiles[i];
        must_draw(sampler, &draw, &run, scratch);
        compare(what, sampler, &draw, &run, "whole");
    }
}

static void check_hosts(const char *what, const quell_sampler *sampler, quell_draw draw,
                        quell_run run)
{
    static const struct {
        quell_parallel_fn *parallel;
        const char *way;
    } hosts[] = {{parallel_pthreads, "pthreads"},
                 {parallel_backwards, "one worker after the other"}};
    run.threads = 3;
    for (size_t i = 0; i < 2; i++) {
        if (!its_turn(i, 2, turn)) continue;
        run.parallel = hosts[i].parallel;
        must_draw(sampler, &draw, &run, scratch);
        compare(what, sampler, &draw, &run, hosts[i].way);
    }
}

static void check_parts(const char *what, const quell_sampler *sampler, quell_draw draw,
                        quell_run run)
{
    run.threads = 2;
    for (size_t part = 1; part <= 5; part += 2) {
        if (!its_turn(part / 2, 3, turn)) continue;
        must_draw_parts(sampler, &draw, &run, part, scratch);
        compare(what, sampler, &draw, &run, "in parts");
    }
}

void check_every_way(const char *what, const quell_sampler *sampler, const quell_draw *draw,
                     const quell_run *run, const float *expected)
{
    size_t count = draw->count * quell_sampler_dim(sampler);
    quell_run one = run ? *run : quell_run_defaults();
    expected_bits = expected;
    scratch = malloc((count ? count : 1) * sizeof *scratch);
    for (size_t i = 0; isa_name(i); i++) {
        if (!quell_isa_available(isa_name(i))) continue;
        one.isa = isa_name(i);
        check_tiles(what, sampler, *draw, one);
    }
    MUST(quell_isa_default(&one.isa)); /* on one thread, what depends on threads */
    check_threads(what, sampler, *draw, one);
    check_hosts(what, sampler, *draw, one);
    check_parts(what, sampler, *draw, one);
    turn++;
    free(scratch);
}
