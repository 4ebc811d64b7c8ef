/* SPDX-License-Identifier: MIT */
/* quell under stress: threads that create, draw and free by chance, beside a thread that forks at
 * any instant; its children draw too, some with limits, some with calls that fail. All that is
 * drawn must have the bits that one thread gives it, and nothing may end, hang or be silently
 * other.
 *
 *     quell-stress SECONDS SEED
 *
 * Prints what it did; 1 if anything was wrong. With the same seed the trials are the same, though
 * not the instants: a trial that fails is printed with its own seed. */
#include "faults.h"
#include "random.h"
#include "trial.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3, PATIENCE = 60 };

static atomic_bool over;
static atomic_ulong trials, wrong, refused;

static void complain(const struct trial *trial, const char *where, const char *what)
{
    atomic_fetch_add(&wrong, 1);
    fprintf(stderr, "WRONG %s: trial %llu (%s, %zu samples, threads %zu, tile %zu): %s\n", where,
            (unsigned long long)trial->seed, trial->what, trial->draw.count, trial->run.threads,
            trial->run.tile, what);
}

static void try_one(uint64_t *state, const char *where, int repeats, bool may_fail)
{
    struct trial trial;
    if (!trial_begin(&trial, next_word(state))) {
        atomic_fetch_add(&refused, 1);
        return;
    }
    for (int i = 0; i < repeats; i++) {
        const char *what = trial_repeat(&trial, state, may_fail);
        if (what) complain(&trial, where, what);
        atomic_fetch_add(&trials, 1);
    }
    trial_end(&trial);
}

static void *work(void *seed)
{
    uint64_t state = *(uint64_t *)seed;
    while (!atomic_load(&over)) try_one(&state, "a thread", 3, false);
    return NULL;
}

static int limit_processes(size_t count)
{
    struct rlimit limit = {count, count};
    return setrlimit(RLIMIT_NPROC, &limit) || (!getuid() && setuid(65534));
}

static int limit_memory(size_t megabytes)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int read = file ? fscanf(file, "%lu", &pages) : 0;
    if (file) fclose(file);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)megabytes << 20);
    struct rlimit limit = {bytes, bytes};
    return read != 1 || setrlimit(RLIMIT_AS, &limit);
}

/* Draws while calls of quell's fail. What a trial consists of is made before. */
static void try_with_faults(uint64_t *state)
{
    struct trial trial;
    while (!trial_begin(&trial, next_word(state))) continue;
    for (int i = 0; i < 40; i++) {
        atomic_store(&faults_of_memory, i % 2 ? 2 + (unsigned)pick(state, 8) : 0);
        atomic_store(&faults_of_threads, 1 + (unsigned)pick(state, 4));
        const char *what = trial_repeat(&trial, state, true);
        atomic_store(&faults_of_memory, 0);
        if (what) complain(&trial, "a child with faults", what);
    }
    trial_end(&trial);
}

static int be_child(uint64_t seed)
{
    uint64_t state = seed;
    alarm(PATIENCE);
    wrong = 0;
    switch (pick(&state, 5)) {
    case 0:
        if (limit_processes(pick(&state, 6))) return 0;
        try_one(&state, "a child with few processes", 3, false);
        break;
    case 1:
        if (limit_memory(pick(&state, 64))) return 0;
        try_one(&state, "a child with little memory", 3, true);
        break;
    case 2:
        try_with_faults(&state);
        break;
    default:
        try_one(&state, "a child", 3, false);
        if (!pick(&state, 4)) { /* a child of its own */
            pid_t child = fork();
            if (!child) _exit(be_child(next_word(&state)));
            int status = 1;
            while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
            return status != 0 || wrong;
        }
    }
    return wrong != 0;
}

/* Forks children, one after the other, until the time is over. Returns how many. */
static unsigned long make_children(uint64_t *state, time_t end)
{
    unsigned long children = 0;
    while (time(NULL) < end) {
        const struct timespec pause = {0, (long)pick(state, 8000000)};
        nanosleep(&pause, NULL);
        uint64_t seed = next_word(state);
        pid_t child = fork();
        if (!child) _exit(be_child(seed));
        int status = 0;
        while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
        if (status) {
            atomic_fetch_add(&wrong, 1);
            fprintf(stderr, "WRONG child %llu: %s %d\n", (unsigned long long)seed,
                    WIFSIGNALED(status) ? "signal" : "status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        }
        children++;
    }
    return children;
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? atoi(argv[1]) : 20;
    uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    uint64_t seed = state, seeds[THREADS];
    pthread_t threads[THREADS];
    printf("quell-stress %d %llu\n", seconds, (unsigned long long)seed);
    fflush(stdout);
    time_t end = time(NULL) + seconds;
    for (size_t i = 0; i < THREADS; i++) {
        seeds[i] = next_word(&state);
        if (pthread_create(&threads[i], NULL, work, &seeds[i])) return 2;
    }
    unsigned long children = make_children(&state, end);
    atomic_store(&over, true);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("%lu trials, %lu combinations refused, %lu children, %lu wrong\n", trials, refused,
           children, wrong);
    return wrong || !trials || !children;
}
