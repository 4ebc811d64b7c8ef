/* SPDX-License-Identifier: MIT */
/* The small runner: every test in this process, one after the other. An argument "SUITE" or
 * "SUITE/NAME" picks tests, or leaves them out where it begins with "-". QUELL_TIMES=1 prints the
 * seconds that each took, by the clock and, of all threads and of the processes that it waited for
 * together, by the processors: waiting for files shows in the first. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct harness_test *tests, **last = &tests;
static jmp_buf failed;

void harness_add(struct harness_test *test)
{
    *last = test;
    last = &test->next;
}

void harness_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    longjmp(failed, 1);
}

static int matches(const struct harness_test *test, const char *pattern)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    return !strcmp(pattern, test->suite) || !strcmp(pattern, name);
}

static int chosen(const struct harness_test *test, int count, char **patterns)
{
    int any = 0, picked = 0;
    for (int i = 1; i < count; i++) {
        if (patterns[i][0] == '-' && matches(test, patterns[i] + 1)) return 0;
        any |= patterns[i][0] != '-';
        picked |= matches(test, patterns[i]);
    }
    return picked || !any;
}

static int run(const struct harness_test *test)
{
    if (setjmp(failed)) {
        fprintf(stderr, "FAILED %s/%s\n", test->suite, test->name);
        return 0;
    }
    test->body();
    return 1;
}

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds_of(int whom)
{
    struct rusage used;
    getrusage(whom, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static double busy_seconds(void) { return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN); }

static int run_timed(const struct harness_test *test)
{
    double wall = clock_seconds(), busy = busy_seconds();
    int passed = run(test);
    printf("%8.2f s %8.2f s %s/%s\n", clock_seconds() - wall, busy_seconds() - busy, test->suite,
           test->name);
    fflush(stdout);
    return passed;
}

static int help(const char *program)
{
    printf("%s [GROUP | GROUP/NAME | -GROUP]...: runs these tests, or all but those with a -.\n"
           "With QUELL_TIMES=1 it prints the time of each. The groups:\n",
           program);
    for (const struct harness_test *test = tests; test; test = test->next) {
        const struct harness_test *before = tests;
        while (before != test && strcmp(before->suite, test->suite) != 0) before = before->next;
        if (before == test) printf("    %s\n", test->suite);
    }
    return 2;
}

int main(int argc, char **argv)
{
    int passed = 0, total = 0, timed = getenv("QUELL_TIMES") != NULL;
    if (argc > 1 && !strncmp(argv[1], "--", 2)) return help(argv[0]);
    for (const struct harness_test *test = tests; test; test = test->next) {
        if (!chosen(test, argc, argv)) continue;
        total++;
        passed += timed ? run_timed(test) : run(test);
    }
    printf("%d passed, %d failed\n", passed, total - passed);
    return passed == total && total > 0 ? 0 : 1;
}
