/* SPDX-License-Identifier: MIT */
/* Several copies of quell in one process, as where a host and two of its plug-ins have one each:
 * this program has the static library in it, and loads two files of the shared one, whose names all
 * can see. Each draws with threads of its own, all at once; none hears of the failures of another.
 *
 *     test_copies LIBRARY COPY */
#include <quell/quell.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define COPIES 3
#define ROWS 5000

#define FOR_EACH(X)                \
    X(quell_denoiser_from_mixture) \
    X(quell_denoiser_free)         \
    X(quell_schedule_create)       \
    X(quell_schedule_free)         \
    X(quell_sampler_create)        \
    X(quell_sampler_free)          \
    X(quell_sample_prior) X(quell_sample_from) X(quell_error_message) X(quell_version)

/* The functions of one copy. */
struct copy {
#define MEMBER(name) __typeof__(name) *name;
    FOR_EACH(MEMBER)
#undef MEMBER
    float x[2 * ROWS];
    quell_status status;
    char message[200]; /* of a failure on purpose, when all have drawn */
};

static struct copy copies[COPIES];

static int find(struct copy *copy, void *library)
{
#define FIND(name)                                              \
    copy->name = (__typeof__(copy->name))dlsym(library, #name); \
    if (!copy->name) return fprintf(stderr, "no %s\n", #name);
    FOR_EACH(FIND)
#undef FIND
    return 0;
}

static quell_status draw(struct copy *copy)
{
    static const double weights[] = {1, 3}, means[] = {-2, 0, 2, 1}, variances[] = {0.1, 0.2};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 7, draw.count = ROWS, run.threads = 2;
    quell_status status =
        copy->quell_denoiser_from_mixture(&denoiser, 2, 2, weights, means, variances);
    if (!status) status = copy->quell_schedule_create(&schedule, "vp");
    if (!status) status = copy->quell_sampler_create(&sampler, "ddpm", denoiser, schedule, NULL);
    if (!status) status = copy->quell_sample_prior(sampler, &draw, &run, copy->x);
    if (!status) status = copy->quell_sample_from(sampler, &draw, &run, copy->x);
    copy->quell_sampler_free(sampler);
    copy->quell_schedule_free(schedule);
    copy->quell_denoiser_free(denoiser);
    return status;
}

static void *draw_in_thread(void *data)
{
    struct copy *copy = data;
    copy->status = draw(copy);
    return NULL;
}

static int draw_all(void)
{
    pthread_t threads[COPIES];
    for (int i = 0; i < COPIES; i++)
        if (pthread_create(&threads[i], NULL, draw_in_thread, &copies[i])) return 1;
    for (int i = 0; i < COPIES; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < COPIES; i++) {
        if (copies[i].status) return fprintf(stderr, "copy %d: status %d\n", i, copies[i].status);
        if (memcmp(copies[0].x, copies[i].x, sizeof copies[0].x))
            return fprintf(stderr, "copy %d: other samples\n", i);
    }
    return 0;
}

/* Copy i fails: it has the message, and the others still have theirs. */
static int fail_in(int i)
{
    quell_schedule *schedule = NULL;
    char wrong[20];
    snprintf(wrong, sizeof wrong, "wrong%d", i);
    if (copies[i].quell_schedule_create(&schedule, wrong) != QUELL_NOT_FOUND)
        return fprintf(stderr, "copy %d: no failure\n", i);
    snprintf(copies[i].message, sizeof copies[i].message, "%s", copies[i].quell_error_message());
    if (!strstr(copies[i].message, wrong))
        return fprintf(stderr, "copy %d says: %s\n", i, copies[i].message);
    for (int k = 0; k < COPIES; k++)
        if (strcmp(copies[k].message, copies[k].quell_error_message()))
            return fprintf(stderr, "copy %d fails, copy %d says: %s\n", i, k,
                           copies[k].quell_error_message());
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != COPIES) return 2;
#define OWN(name) copies[0].name = name;
    FOR_EACH(OWN)
#undef OWN
    for (int i = 1; i < COPIES; i++) {
        void *library = dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL);
        if (!library) return fprintf(stderr, "%s\n", dlerror());
        if (find(&copies[i], library)) return 1;
        for (int k = 0; k < i; k++)
            if (copies[i].quell_sample_prior == copies[k].quell_sample_prior)
                return fprintf(stderr, "copies %d and %d are one\n", i, k);
    }
    if (draw_all()) return 1;
    for (int i = 0; i < COPIES; i++)
        if (fail_in(i)) return 1;
    return draw_all() ? 1 : 0;
}
