/* SPDX-License-Identifier: MIT */
#include "probe.h"
#include "signals.h"
#include "base/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static void *stay(void *go)
{
    while (!atomic_load((atomic_uint *)go)) quell_sleep_while(go, 0);
    return NULL;
}

static size_t make(pthread_t *thread, size_t threads, const pthread_attr_t *attributes,
                   atomic_uint *go)
{
    size_t count = 0;
    while (count < threads && !quell_signals_start_thread(&thread[count], attributes, stay, go))
        count++;
    return count;
}

bool quell_probe_threads(size_t threads, size_t stack)
{
    pthread_attr_t attributes;
    atomic_uint go = 0;
    pthread_t *thread = calloc(threads, sizeof *thread);
    if (!thread || pthread_attr_init(&attributes)) {
        free(thread);
        return false;
    }
    bool set = !pthread_attr_setstacksize(&attributes, stack);
    size_t count = set ? make(thread, threads, &attributes, &go) : 0;
    atomic_store(&go, 1);
    quell_wake(&go);
    for (size_t i = 0; i < count; i++) pthread_join(thread[i], NULL);
    pthread_attr_destroy(&attributes);
    free(thread);
    return count == threads;
}
