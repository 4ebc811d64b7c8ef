/* SPDX-License-Identifier: MIT */
/* Reads OpenMP's settings, from its functions and its environment variables. Opens no region. */
#include "openmp.h"
#include "limits.h"
#include "threads.h"

#include <ctype.h>
#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t least(size_t count, size_t limit) { return limit && limit < count ? limit : count; }

static bool binds(void) { return omp_get_proc_bind() != omp_proc_bind_false; }

size_t quell_openmp_limit(void)
{
    int limit = omp_get_thread_limit();
    return limit < 1 ? 1 : (size_t)limit;
}

/* If OpenMP binds threads, the affinity mask of this thread covers its own place alone, not all
 * processors that the process may use. */
size_t quell_openmp_processors(void)
{
    int processors = binds() ? omp_get_num_procs() : 0;
    return processors > 0 ? (size_t)processors : quell_affinity_limit();
}

size_t quell_threads_default(void)
{
    if (omp_in_parallel() || quell_threads_busy()) return 1;
    size_t count = least((size_t)omp_get_max_threads(), quell_openmp_limit());
    return least(least(count, quell_openmp_processors()), quell_cgroup_limit());
}

bool quell_openmp_passive(void)
{
    const char *policy = getenv("OMP_WAIT_POLICY");
    while (policy && isspace((unsigned char)*policy)) policy++;
    return policy && !strncasecmp(policy, "passive", 7);
}

/* Reads OMP_STACKSIZE: a number with B, K, M or G, or of kilobytes without a letter. Returns 0 if
 * it is not set or not valid. */
static size_t stack_size(void)
{
    const char *text = getenv("OMP_STACKSIZE");
    char *end;
    if (!text) text = getenv("GOMP_STACKSIZE");
    while (text && isspace((unsigned char)*text)) text++;
    if (!text || !isdigit((unsigned char)*text)) return 0;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    while (isspace((unsigned char)*end)) end++;
    static const char units[] = "bkmg";
    const char *unit = strchr(units, *end ? tolower((unsigned char)*end) : 'k');
    int shift = unit ? 10 * (int)(unit - units) : 0;
    if (errno || !unit || number >> (63 - shift)) return 0;
    return (size_t)number << shift;
}

/* Returns the largest of three sizes: the variable's, what the C library gives a thread, and 4
 * megabytes for LLVM's OpenMP. They are read once. */
size_t quell_openmp_stack(void)
{
    static atomic_size_t known;
    size_t size = atomic_load(&known);
    if (size) return size;
    pthread_attr_t attributes;
    size = (size_t)4 << 20;
    size_t usual = 0, asked = stack_size();
    if (!pthread_attr_init(&attributes)) {
        pthread_attr_getstacksize(&attributes, &usual);
        pthread_attr_destroy(&attributes);
    }
    if (usual > size) size = usual;
    if (asked > size) size = asked;
    atomic_store(&known, size);
    return size;
}

/* Binds thread i to its place. Places follow one another from this thread's place on, as with
 * "close"; with "primary" all threads are at this thread's place. */
static void choose_place(pthread_attr_t *attributes, size_t i)
{
    int places = omp_get_num_places(), own = omp_get_place_num();
    if (!binds() || places < 1 || own < 0) return;
    int place = omp_get_proc_bind() == omp_proc_bind_master
                    ? own
                    : (int)(((size_t)own + i) % (size_t)places);
    int count = omp_get_place_num_procs(place);
    int *processors = count > 0 ? calloc((size_t)count, sizeof *processors) : NULL;
    if (!processors) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    omp_get_place_proc_ids(place, processors);
    for (int p = 0; p < count; p++)
        if (processors[p] >= 0 && processors[p] < CPU_SETSIZE) CPU_SET((size_t)processors[p], &set);
    free(processors);
    if (CPU_COUNT(&set)) pthread_attr_setaffinity_np(attributes, sizeof set, &set);
}

void quell_openmp_attributes(pthread_attr_t *attributes, size_t i)
{
    size_t size = stack_size();
    if (size) pthread_attr_setstacksize(attributes, size); /* fails if the size is too small */
    choose_place(attributes, i);
}
