/* SPDX-License-Identifier: MIT */
/* Weights that are larger than a page of 2 MiB ask for such pages, and are read as before where the
 * kernel has none. */
#include "arrays.h"
#include "effort.h"
#include "base/memory.h"
#include "programs/kind.h"
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE ((size_t)1 << 21)

/* Whether the kernel was asked for large pages at an address; -1: it does not say, or qemu answers,
 * whose smaps have no flags. */
static int asked_at(const void *address)
{
    char line[512];
    uintptr_t from, to, at = (uintptr_t)address;
    int here = 0, asked = -1;
    if (is_emulated() || access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK)) return -1;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
            here = at >= from && at < to;
        else if (here && !strncmp(line, "VmFlags:", 8))
            asked = strstr(line, " hg") != NULL;
    }
    if (file) fclose(file);
    return asked;
}

static void check_large(const void *at, const char *what)
{
    CHECK((uintptr_t)at % LARGE == 0, "%s do not begin with a large page", what);
    CHECK(asked_at(at) != 0, "no large pages were asked for: %s", what);
}

TEST(large_pages, are_zeros)
{
    const size_t sizes[] = {0, 1, LARGE - 64, LARGE, LARGE + 1, 3 * LARGE + 5};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *made = quell_new_large(sizes[i], 1);
        CHECK(made, "no memory for %zu bytes", sizes[i]);
        CHECK((uintptr_t)made % QUELL_CACHE_LINE == 0, "%zu bytes are not aligned", sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++) CHECK(!made[k], "byte %zu is not 0", k);
        if (sizes[i] >= LARGE) check_large(made, "the bytes");
        memset(made, 1, sizes[i]);
        free(made);
    }
    CHECK(!quell_new_large(SIZE_MAX / 2, 3), "an overflow was not seen");
}

static const void *packed, *narrow;

static void observe(const struct quell_program *program, const struct quell_instruction *now,
                    const struct quell_room *room, size_t samples, size_t workers)
{
    (void)program, (void)room, (void)samples, (void)workers;
    packed = now->packed;
    narrow = now->narrow;
}

TEST(large_pages, have_weights)
{
    struct chance chance = {7};
    struct array arrays[2] = {array_random(&chance, 2, (size_t[]){3, 1024}),
                              array_random(&chance, 2, (size_t[]){1100, 1024})};
    for (int rounded = 0; rounded < 2; rounded++) {
        struct many many = {.instructions = "{'linear': ['a', 'b']}",
                            .count = 2,
                            .arrays = arrays,
                            .constants = 2,
                            .rounded = rounded};
        packed = narrow = NULL;
        quell_program_observe = observe;
        struct array made = run_program(&many);
        quell_program_observe = NULL;
        if (rounded)
            check_large(narrow, "weights of 16 bits");
        else
            check_large(packed, "weights of 32 bits");
        array_free(&made);
    }
    array_free(&arrays[0]);
    array_free(&arrays[1]);
}
