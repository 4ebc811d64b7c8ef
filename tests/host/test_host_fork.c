/* SPDX-License-Identifier: MIT */
/* A child of fork() draws the same samples on as many threads, whoever forked, by what call, and
 * whatever had run before: the host's OpenMP, whose threads the child does not have, a run of
 * quell's, a BLAS; and its children do.
 * Not under emulation: qemu-user 7.2 ends by its own assertion in a child that makes threads. */
#include "effort.h"
#include "harness.h"
#include "host_draw.h"
#include "models.h"
#include "sanitized.h"

#include <errno.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIM = 40, OTHER = 100 };

static struct host_draw alone, drawn;

static int wait_for(pid_t child)
{
    int status = 0;
    if (child < 0) return -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A full covariance needs LAPACK, which may have threads of its own. */
static int draw_full(void)
{
    static double covariance[DIM * DIM];
    static float x[DIM];
    quell_denoiser *denoiser = NULL;
    for (size_t i = 0; i < DIM; i++) {
        for (size_t j = 0; j < DIM; j++) covariance[i * DIM + j] = 1 / (1.0 + (double)(i + j));
        covariance[i * DIM + i] += 1;
    }
    quell_status status = quell_denoiser_from_covariance(&denoiser, DIM, NULL, covariance);
    quell_denoiser_free(denoiser);
    return (int)status + (x[0] != 0);
}

static int draw_like_the_parent(void)
{
    for (size_t threads = 1; threads < 8; threads += 2) {
        quell_status status = host_draw(&drawn, threads);
        if (status) return (int)status;
        if (memcmp(&alone, &drawn, sizeof alone)) return OTHER;
    }
    return draw_full();
}

/* A child, and a child of it. One that hangs is ended by its alarm. */
static int draw_in_child(pid_t (*make)(void))
{
    pid_t child = make();
    if (child) return wait_for(child);
    alarm(20);
    int status = draw_like_the_parent();
    pid_t grandchild = status ? 0 : make();
    if (!status && !grandchild) {
        alarm(20);
        _exit(draw_like_the_parent());
    }
    _exit(status ? status : wait_for(grandchild) ? OTHER + 1 : 0);
}

/* A child that the C library does not know of: its handlers of fork() are not called. */
static pid_t system_fork(void) { return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

static void check_children(const char *what)
{
    int status = draw_in_child(fork);
    CHECK(!status, "fork, %s: %d", what, status);
    status = draw_in_child(system_fork);
    CHECK(!status, "clone, %s: %d", what, status);
    CHECK(!host_draw(&drawn, 3) && !memcmp(&alone, &drawn, sizeof alone), "the parent, %s", what);
}

TEST(fork, children)
{
    if (is_emulated()) return;
    atomic_int threads = 0;
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    check_children("before anything");
#pragma omp parallel num_threads(3)
    atomic_fetch_add(&threads, 1);
    check_children("after a parallel region of the host's");
    CHECK(threads == 3, "%d threads", threads);
    CHECK(!host_draw(&drawn, 5), "%s", quell_error_message());
    check_children("after runs");
    CHECK(!draw_full(), "%s", quell_error_message());
    check_children("after LAPACK");
}

/* The host forks in one thread while another draws. */
static atomic_bool enough;

__attribute__((unused)) static void *draw_on(void *data)
{
    static struct host_draw own;
    while (!atomic_load(&enough) && !*(int *)data)
        *(int *)data = host_draw(&own, 3) || memcmp(&alone, &own, sizeof own);
    return NULL;
}

TEST(fork, beside_a_run)
{
    if (is_emulated()) return;
/* A child of a thread beside others inherits the locks of a sanitizer's allocator as they are. */
#if !ADDRESS_SANITIZED && !THREAD_SANITIZED
    pthread_t thread;
    int wrong = 0, status = 0;
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    CHECK(!pthread_create(&thread, NULL, draw_on, &wrong), "no thread");
    for (int i = 0; i < 10 && !status; i++) status = draw_in_child(fork);
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
    CHECK(!status, "a child: %d", status);
    CHECK(!wrong, "the parent's other thread");
#endif
}

/* A function of the host's forks, and its child goes on as if it were the parent: the run says that
 * it cannot, and the next one is a run like any. */
static atomic_int forked;
static pid_t child;

static int fork_inside(void *user, const quell_call *call, const float *input, float *output)
{
    if (pthread_equal(pthread_self(), *(pthread_t *)user) && !atomic_exchange(&forked, 1)) {
        usleep(20000); /* while the other workers run */
        child = fork();
        if (!child) alarm(20);
    }
    usleep(1000);
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

TEST(fork, inside_a_run)
{
    if (is_emulated()) return;
    static float x[256 * 2];
    pthread_t self = pthread_self();
    quell_denoiser *denoiser = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    options.steps = 2, draw.count = 256, run.tile = 4, run.threads = 3;
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    MUST(quell_denoiser_from_function(&denoiser, 2, fork_inside, &self, NULL));
    MUST(quell_schedule_create(&schedule, "vp"));
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    child = -1;
    quell_status status = quell_sample_from(sampler, &draw, &run, x);
    if (!child) _exit(status == QUELL_AFTER_FORK ? draw_like_the_parent() : OTHER + 2);
    int ended = wait_for(child);
    CHECK(!ended, "the child: %d", ended);
    CHECK(!status, "the parent: %s", quell_error_message());
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}
