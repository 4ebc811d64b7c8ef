/* SPDX-License-Identifier: MIT */
/* Tests, for two runners: Criterion, or (-Drunner=plain) a small one of our own, because Criterion
 * cannot start its test processes under ThreadSanitizer or emulation.
 *
 *     TEST(noise, addressable) { CHECK(a == b, "element %zu: %g, not %g", i, a, b); }
 *
 * A failed CHECK ends its test. CHECK is for the thread that runs the test. */
#ifndef QUELL_TESTS_HARNESS_H
#define QUELL_TESTS_HARNESS_H

#if defined(QUELL_RUNNER_CRITERION)

#include <criterion/criterion.h>

#define TEST(suite, name) Test(suite, name)
#define CHECK(condition, ...) cr_assert(condition, __VA_ARGS__)

#else

struct harness_test {
    const char *suite, *name;
    void (*body)(void);
    struct harness_test *next;
};

void harness_add(struct harness_test *test);
__attribute__((noreturn, format(printf, 3, 4))) void harness_fail(const char *file, int line,
                                                                  const char *format, ...);

#define TEST(suite_, name_)                                                       \
    static void suite_##_##name_(void);                                           \
    __attribute__((constructor)) static void suite_##_##name_##_add(void)         \
    {                                                                             \
        static struct harness_test test = {#suite_, #name_, suite_##_##name_, 0}; \
        harness_add(&test);                                                       \
    }                                                                             \
    static void suite_##_##name_(void)

#define CHECK(condition, ...)                                            \
    do {                                                                 \
        if (!(condition)) harness_fail(__FILE__, __LINE__, __VA_ARGS__); \
    } while (0)

#endif
#endif
