/* SPDX-License-Identifier: MIT */
/* What a host's thread is sent because of quell, and what it must not be: a host that has not asked
 * for SIGPIPE or SIGXFSZ is ended by them. */
#include "harness.h"
#include "models.h"

#include <fcntl.h>
#include <pthread.h>
#include <quell/quell.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

/* A reader that goes away before anything is written. */
static void *close_at_once(void *ready)
{
    int file = open(path, O_RDONLY);
    if (file >= 0) close(file);
    atomic_store((atomic_int *)ready, 1);
    return NULL;
}

static quell_status save_to_closed_pipe(const quell_model *model)
{
    pthread_t reader;
    atomic_int ready = 0;
    snprintf(path, sizeof path, "/tmp/quell-signals-%ld.fifo", (long)getpid());
    if (mkfifo(path, 0600) || pthread_create(&reader, NULL, close_at_once, &ready))
        return QUELL_STOPPED;
    quell_status status = quell_model_save(model, path);
    pthread_join(reader, NULL);
    remove(path);
    return status;
}

static quell_status save_past_limit(const quell_model *model)
{
    struct rlimit before, few;
    snprintf(path, sizeof path, "/tmp/quell-signals-%ld.json", (long)getpid());
    getrlimit(RLIMIT_FSIZE, &before);
    few = before;
    few.rlim_cur = 100;
    setrlimit(RLIMIT_FSIZE, &few);
    quell_status status = quell_model_save(model, path);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(access(path, F_OK), "a part of a file is there");
    return status;
}

static int pending(int number)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, number);
}

TEST(signals, of_files)
{
    quell_model *model = NULL;
    MUST(quell_model_load(&model, "builtin:grid25"));
    for (int blocked = 0; blocked < 2; blocked++) {
        sigset_t both;
        sigemptyset(&both);
        sigaddset(&both, SIGPIPE);
        sigaddset(&both, SIGXFSZ);
        pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &both, NULL);
        /* The model may fit into the pipe before its reader is gone. */
        quell_status status = save_to_closed_pipe(model);
        CHECK(status == QUELL_IO_FAILED || !status, "%s", quell_status_name(status));
        status = save_past_limit(model);
        CHECK(status == QUELL_IO_FAILED, "%s", quell_status_name(status));
        CHECK(!pending(SIGPIPE) && !pending(SIGXFSZ), "a signal is left");
        pthread_sigmask(SIG_UNBLOCK, &both, NULL);
    }
    quell_model_free(model);
}

/* No thread takes a signal of the host's while it works for quell, except the one that has started
 * the run. A thread that the host's OpenMP had before may take one again as soon as its own work is
 * done, while others still work: it is the host's. */
static pthread_t self;
static _Thread_local _Atomic sig_atomic_t works;
static atomic_int here, elsewhere, open_to_signals, helped;

static void note(int number)
{
    (void)number;
    atomic_fetch_add(works ? &elsewhere : &here, 1);
}

/* The host's thread waits for another of the run: a signal is mostly taken by the thread that sends
 * it, so that without one a mask that is missing would not be seen. */
static int send_some(void *user, const quell_call *call, const float *input, float *output)
{
    sigset_t blocked;
    (void)user;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    works = !pthread_equal(pthread_self(), self);
    if (works && !sigismember(&blocked, SIGUSR1)) atomic_fetch_add(&open_to_signals, 1);
    for (int i = 0; i < 20; i++) kill(getpid(), SIGUSR1);
    if (works) atomic_store(&helped, 1);
    for (int wait = 0; wait < 10000 && !atomic_load(&helped); wait++) usleep(1000);
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    works = 0;
    return 0;
}

/* Leaves threads that take signals to the caller's next region. */
static void work_for_the_host(void)
{
    atomic_int threads = 0;
#pragma omp parallel num_threads(4)
    atomic_fetch_add(&threads, 1);
    CHECK(threads == 4, "%d threads", (int)threads);
}

/* In a thread that has none of OpenMP's threads yet, or has those of a region of its own. */
static void *draw_among_signals(void *data)
{
    const bool *has_threads = data;
    static float x[64 * 2];
    struct sigaction action = {.sa_handler = note};
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 64, run.tile = 1, run.threads = 4;
    self = pthread_self();
    if (*has_threads) work_for_the_host();
    MUST(quell_denoiser_from_function(&denoiser, 2, send_some, NULL, NULL));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL));
    /* The handler stays. A signal may still be on its way to another thread, and would end the
     * process: Linux forgets it where signals are ignored for a moment, but qemu does not. */
    sigaction(SIGUSR1, &action, NULL);
    MUST(quell_sample_from(sampler, &draw, &run, x));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return NULL;
}

static void check_signals_go_to_the_host(bool has_threads)
{
    pthread_t thread;
    here = elsewhere = open_to_signals = helped = 0;
    CHECK(!pthread_create(&thread, NULL, draw_among_signals, &has_threads), "no thread");
    pthread_join(thread, NULL);
    CHECK(here > 0, "no signal came");
    CHECK(helped, "the host's thread did all the work");
    CHECK(!open_to_signals, "%d calls in threads that take signals", (int)open_to_signals);
    CHECK(!elsewhere, "%d signals in threads that worked for quell", (int)elsewhere);
}

TEST(signals, of_the_host) { check_signals_go_to_the_host(false); }

TEST(signals, of_the_host_with_openmp) { check_signals_go_to_the_host(true); }

/* A thread that is cancelled in a run ends when the run has ended, and not before. */
static atomic_int began, ended;

static int dawdle(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    atomic_store(&began, 1);
    usleep(300); /* a cancellation point */
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

static void *run_on(void *sampler)
{
    static float x[64 * 2];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 64, run.tile = 1, run.threads = 3;
    if (!quell_sample_from(sampler, &draw, &run, x)) atomic_store(&ended, 1);
    pthread_testcancel();
    return sampler;
}

TEST(signals, cancelled)
{
    pthread_t thread;
    void *result = NULL;
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 4;
    MUST(quell_denoiser_from_function(&denoiser, 2, dawdle, NULL, NULL));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    CHECK(!pthread_create(&thread, NULL, run_on, sampler), "no thread");
    while (!atomic_load(&began)) usleep(100);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    CHECK(ended, "the run was cut off");
    CHECK(result == PTHREAD_CANCELED, "the thread was not cancelled");
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
