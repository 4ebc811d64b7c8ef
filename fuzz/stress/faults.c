/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

atomic_uint faults_of_memory, faults_of_threads;

static int fails(atomic_uint *one_in)
{
    static atomic_uint calls;
    unsigned every = atomic_load(one_in);
    return every && atomic_fetch_add(&calls, 1) * 2654435761u % every == 0;
}

#define WRAPPED(name, parameters, arguments) \
    void *__real_##name parameters;          \
    void *__wrap_##name parameters;          \
    void *__wrap_##name parameters           \
    {                                        \
        if (fails(&faults_of_memory)) {      \
            errno = ENOMEM;                  \
            return NULL;                     \
        }                                    \
        return __real_##name arguments;      \
    }
WRAPPED(malloc, (size_t size), (size))
WRAPPED(calloc, (size_t count, size_t size), (count, size))
WRAPPED(realloc, (void *old, size_t size), (old, size))
WRAPPED(aligned_alloc, (size_t alignment, size_t size), (alignment, size))

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *data)
{
    if (fails(&faults_of_threads)) return EAGAIN;
    return __real_pthread_create(thread, attributes, function, data);
}
