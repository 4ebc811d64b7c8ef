/* SPDX-License-Identifier: MIT */
/* Hosts that load and unload: quell itself, or a plug-in that has the static library in it. After a
 * run with threads these sleep in its code, and threads of the host's end later on.
 *
 *     test_unload LIBRARY... */
#include <quell/quell.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROWS 4096
#define DIM 2

static float expected[ROWS * DIM];

#define FOR_EACH(X)                  \
    X(quell_denoiser_from_isotropic) \
    X(quell_denoiser_free)           \
    X(quell_schedule_create)         \
    X(quell_schedule_free)           \
    X(quell_sampler_create) X(quell_sampler_free) X(quell_sample_prior) X(quell_sample_from)

/* Draws with one library. Returns 0, or the number of what is wrong. */
static int draw(void *library, float *x)
{
#define FIND(name)                                                           \
    __typeof__(name) *the_##name = (__typeof__(&name))dlsym(library, #name); \
    if (!the_##name) return 1;
    FOR_EACH(FIND)
#undef FIND
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 7, draw.count = ROWS, run.threads = 3, run.tile = 64;
    quell_status status = the_quell_denoiser_from_isotropic(&denoiser, DIM, NULL, 0.5);
    if (!status) status = the_quell_schedule_create(&schedule, "vp");
    if (!status) status = the_quell_sampler_create(&sampler, "ddpm", denoiser, schedule, NULL);
    if (!status) status = the_quell_sample_prior(sampler, &draw, &run, x);
    if (!status) status = the_quell_sample_from(sampler, &draw, &run, x);
    the_quell_sampler_free(sampler);
    the_quell_schedule_free(schedule);
    the_quell_denoiser_free(denoiser);
    return status ? 2 : 0;
}

struct visit {
    const char *path;
    int wrong;
};

static void *load_draw_unload(void *data)
{
    struct visit *visit = data;
    static _Thread_local float x[ROWS * DIM];
    const struct timespec while_threads_wake = {0, 30000000};
    void *library = dlopen(visit->path, RTLD_NOW | RTLD_LOCAL);
    visit->wrong = library ? draw(library, x) : 3;
    if (!visit->wrong && expected[0] == 0) memcpy(expected, x, sizeof x);
    if (!visit->wrong && memcmp(expected, x, sizeof x)) visit->wrong = 4;
    if (library && dlclose(library)) visit->wrong = 5;
    nanosleep(&while_threads_wake, NULL);
    return NULL;
}

/* In this thread, and in one that ends with the library unloaded. */
static int visit(const char *path)
{
    struct visit here = {path, 0}, there = {path, 0};
    pthread_t thread;
    load_draw_unload(&here);
    if (pthread_create(&thread, NULL, load_draw_unload, &there)) return 6;
    pthread_join(thread, NULL);
    return here.wrong ? here.wrong : there.wrong;
}

int main(int argc, char **argv)
{
    int wrong = 0;
    for (int i = 1; i < argc; i++)
        for (int round = 0; round < 3 && !wrong; round++)
            if ((wrong = visit(argv[i]))) fprintf(stderr, "%s: %d\n", argv[i], wrong);
    return wrong || argc < 2;
}
