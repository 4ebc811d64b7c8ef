/* SPDX-License-Identifier: MIT */
/* A fixed set of kernels and runs, each once, for callgrind to count their instructions
 * (benchmarks/count calls this):
 *
 *     count_work [TEXT]      TEXT: only work that has it in "NAME ISA"
 *
 * callgrind counts while it is inside counted() and writes its counts down whenever that returns;
 * so set-up is not counted, and the k-th line printed here names the k-th count. AVX-512 is left
 * out: valgrind cannot run it. */
#include "count_work.h"
#include <quell/quell.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *wanted = "";

/* The name is benchmarks/count's too. Nothing may be inlined here, nor the call be the last thing
 * done: callgrind must see this function enter and return. */
__attribute__((noinline)) static void counted(void (*work)(void *data), void *data)
{
    work(data);
    __asm__ volatile("" ::: "memory");
}

void count_check(int ok)
{
    if (ok) return;
    fprintf(stderr, "count_work: %s\n", quell_error_message());
    exit(1);
}

void count_work(const char *name, const char *isa, double elements, void (*work)(void *data),
                void *data)
{
    char label[160];
    snprintf(label, sizeof label, "%s %s", name, isa);
    if (!strstr(label, wanted)) return;
    counted(work, data);
    printf("%s\t%s\t%.0f\n", name, isa, elements);
}

static void count_all(const struct quell_kernels *kernels)
{
    count_kernels(kernels);
    count_runs(kernels->isa);
}

int main(int argc, char **argv)
{
    static const char *const isas[] = {"scalar", "avx2"};
    if (argc > 1) wanted = argv[1];
    puts(COUNT_COMPILER);
    count_samplers();
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        const struct quell_kernels *kernels;
        for (size_t k = 0; (kernels = quell_kernels_at(k)); k++)
            if (!strcmp(kernels->isa, isas[i]) && quell_kernels_available(kernels))
                count_all(kernels);
    }
    count_models(); /* last: JSON objects have random hashes, and so the heap another state */
    return 0;
}
