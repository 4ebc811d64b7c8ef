/* SPDX-License-Identifier: MIT */
/* A good guest: whatever settings the host has, the samples have the same bits, and the settings
 * are unchanged afterwards. */
#include "harness.h"
#include "host_draw.h"
#include "host_state.h"
#include "scratch.h"

#include <fenv.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Draws and compares with what an ordinary host draws; what it has set must not have changed. */
static void check_guest(const char *what, const struct host_draw *ordinary)
{
    struct host before, after;
    struct host_draw drawn;
    host_look(&before);
    quell_status status = host_draw(&drawn, 3);
    host_look(&after);
    host_set_float_control(before.float_control & ~(unsigned long)HOST_FLUSHES);
    fesetround(FE_TONEAREST);
    CHECK(!status, "%s: %s", what, quell_error_message());
    host_same(what, &before, &after);
    CHECK(!memcmp(ordinary->x, drawn.x, sizeof drawn.x), "%s: other samples", what);
    size_t at = 0;
    while (at < sizeof drawn.text - 1 && ordinary->text[at] == drawn.text[at]) at++;
    CHECK(at == sizeof drawn.text - 1, "%s: text from byte %zu: %.30s, not %.30s", what, at,
          drawn.text + at, ordinary->text + at);
}

static struct host_draw ordinary_draw(size_t threads)
{
    struct host_draw drawn;
    CHECK(!host_draw(&drawn, threads), "%s", quell_error_message());
    return drawn;
}

/* The settings are unlike what a library would choose, and made after its first use. */
TEST(host, settings_unchanged)
{
    struct host_draw ordinary = ordinary_draw(1);
    struct host own;
    host_look(&own);
    cpu_set_t one;
    sigset_t blocked;
    CPU_ZERO(&one);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &own.affinity)) CPU_SET(i, &one);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    sched_setaffinity(0, sizeof one, &one);
    omp_set_num_threads(6);
    omp_set_schedule(omp_sched_guided, 3);
    feclearexcept(FE_ALL_EXCEPT);
    check_guest("a host with settings of its own", &ordinary);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    sched_setaffinity(0, sizeof own.affinity, &own.affinity);
    omp_set_num_threads(own.threads);
    omp_set_schedule(own.schedule, own.chunk);
}

TEST(host, rounding)
{
    struct host_draw ordinary = ordinary_draw(1);
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < 3; i++) {
        CHECK(!fesetround(modes[i]), "no rounding mode %d", modes[i]);
        check_guest("another rounding mode", &ordinary);
    }
}

TEST(host, flush_to_zero)
{
    struct host_draw ordinary = ordinary_draw(1);
    host_set_float_control(host_float_control() | HOST_FLUSHES);
    check_guest("flush to zero", &ordinary);
}

/* A host that wants a signal for every invalid operation, division by zero and overflow gets none
 * for ours. */
TEST(host, trapping)
{
#if defined(__x86_64__)
    struct host_draw ordinary = ordinary_draw(1);
    feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW);
    check_guest("trapping exceptions", &ordinary);
    fedisableexcept(FE_ALL_EXCEPT);
#endif
}

/* scripts/test makes the locale and names its place; without it, any that is installed. */
TEST(host, decimal_comma)
{
    struct host_draw ordinary = ordinary_draw(1);
    const char *place = getenv("QUELL_TEST_LOCPATH");
    if (place) setenv("LOCPATH", place, 1);
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        CHECK(!place, "there is no de_DE.UTF-8 in %s", place);
        fprintf(stderr, "no locale with a decimal comma: not tested\n");
        return;
    }
    char half[8];
    snprintf(half, sizeof half, "%.1f", 0.5);
    CHECK(!strcmp(half, "0,5"), "this locale writes %s", half);
    check_guest("a decimal comma", &ordinary);
    setlocale(LC_ALL, "C");
}

/* Loads a model and saves it again, under a rounding mode; what the new file holds. */
static size_t copy_model(const char *from, const char *to, int mode, char *text, size_t size)
{
    quell_model *model = NULL;
    fesetround(mode);
    quell_status status = quell_model_load(&model, from);
    if (!status) status = quell_model_save(model, to);
    fesetround(FE_TONEAREST);
    CHECK(!status, "%s to %s: %s", from, to, quell_error_message());
    quell_model_free(model);
    FILE *file = fopen(to, "rb");
    CHECK(file, "%s is not there", to);
    size_t length = fread(text, 1, size, file);
    fclose(file);
    return length;
}

/* Numbers are read and written to the nearest whatever the host rounds to. */
TEST(host, model_files)
{
    static char text[3][1 << 16];
    struct scratch scratch = scratch_new();
    struct scratch_path one = scratch_path(&scratch, "a.json");
    struct scratch_path other = scratch_path(&scratch, "b.json");
    const char *first = one.text, *second = other.text;
    size_t length = copy_model("builtin:grid25", first, FE_TONEAREST, text[0], sizeof text[0]);
    CHECK(length > 0 && length < sizeof text[0], "%zu bytes", length);
    for (int i = 1; i < 3; i++) {
        int mode = i == 1 ? FE_UPWARD : FE_DOWNWARD;
        size_t again =
            copy_model(i == 1 ? first : "builtin:grid25", second, mode, text[i], sizeof text[i]);
        CHECK(again == length && !memcmp(text[0], text[i], length), "another file, mode %d", mode);
    }
    scratch_remove(&scratch);
}
