/* SPDX-License-Identifier: MIT */
/* If threads cannot be created, a run has fewer threads and the same samples, and no OpenMP runtime
 * is asked for threads, because that would end the process. The linker puts __wrap_pthread_create
 * before the system's (tests/meson.build). */
#include "effort.h"
#include "harness.h"
#include "host_draw.h"
#include "sanitized.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static struct host_draw alone, drawn;

/* Calls fail from first_failing on, to last_failing; 0: none. */
static atomic_int calls, first_failing, last_failing, made;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *data)
{
    int call = atomic_fetch_add(&calls, 1) + 1;
    if (first_failing && call >= first_failing && call <= last_failing) return EAGAIN;
    int wrong = __real_pthread_create(thread, attributes, function, data);
    if (!wrong) atomic_fetch_add(&made, 1);
    return wrong;
}

/* Runs in a new thread of the host, for which no helper threads exist yet. */
static void *draw_anew(void *status)
{
    *(quell_status *)status = host_draw(&drawn, 5);
    return NULL;
}

static void check_failing(int first, int last)
{
    pthread_t thread;
    quell_status status = QUELL_OK;
    calls = made = 0;
    first_failing = first;
    last_failing = last;
    CHECK(!__real_pthread_create(&thread, NULL, draw_anew, &status), "no thread");
    pthread_join(thread, NULL);
    first_failing = 0;
    CHECK(!status, "calls %d to %d fail: %s", first, last, quell_status_name(status));
    CHECK(!memcmp(&alone, &drawn, sizeof alone), "calls %d to %d fail: other samples", first, last);
    CHECK(calls >= first, "%d calls", calls);
    CHECK(last < first + 9 || made == first - 1, "%d threads where call %d fails", made, first);
}

TEST(limits, failing_calls)
{
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    for (int i = 1; i <= 4; i++) {
        check_failing(i, i);
        check_failing(i, i + 1);
        check_failing(i, 1 << 30);
    }
}

/* Draws in a child that has been put under a limit; 100: other samples. */
static int draw_limited(int (*limit)(void), size_t threads)
{
    pid_t child = fork();
    if (!child) {
        alarm(20);
        if (limit()) _exit(101);
        quell_status status = host_draw(&drawn, threads);
        _exit(!status && memcmp(&alone, &drawn, sizeof alone) ? 100 : (int)status);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Root may have as many as it likes, so it becomes nobody. */
static int few_processes(void)
{
    struct rlimit few = {3, 3};
    return setrlimit(RLIMIT_NPROC, &few) || (!getuid() && setuid(65534));
}

static int no_process(void)
{
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_NPROC, &none) || (!getuid() && setuid(65534));
}

/* qemu-user ends by an assertion of its own in a child that makes threads. */
TEST(limits, processes)
{
    if (is_emulated()) return;
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    int status = draw_limited(few_processes, 9);
    CHECK(!status, "with three processes: %d", status);
    status = draw_limited(no_process, 9);
    CHECK(!status, "with no process: %d", status);
}

#if !ADDRESS_SANITIZED && !THREAD_SANITIZED
/* Stacks of 8 megabytes, for two of which there is room. */
static int little_memory(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld", &pages) != 1) return -1;
    fclose(file);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (20u << 20);
    struct rlimit limit = {bytes, bytes};
    return setrlimit(RLIMIT_AS, &limit);
}
#endif

/* Sanitizers need more address space than there is. */
TEST(limits, memory)
{
#if !ADDRESS_SANITIZED && !THREAD_SANITIZED
    CHECK(!host_draw(&alone, 1), "%s", quell_error_message());
    if (getenv("MESON_EXE_WRAPPER")) return;
    int status = draw_limited(little_memory, 60);
    CHECK(!status, "with little memory: %d", status);
#endif
}
