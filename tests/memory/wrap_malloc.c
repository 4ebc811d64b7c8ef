/* SPDX-License-Identifier: MIT */
#include "wrap_malloc.h"
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define SLOTS (1u << 15)

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

/* The blocks held: a hash table with open addressing, in which GONE keeps chains whole. */
#define GONE ((void *)1)
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_size_t asked;
static void *held[SLOTS];
static long live, countdown, failing, refused;
static bool armed;

/* What is called, and by whose next allocation not. */
static void (*called)(void *data);
static void *called_with;
static pthread_t setter;

static size_t slot_of(const void *block) { return ((uintptr_t)block >> 4) * 2654435761u % SLOTS; }

static void hold(void *block)
{
    if (!block) return;
    pthread_mutex_lock(&lock);
    size_t i = slot_of(block);
    while (held[i] && held[i] != GONE) i = (i + 1) % SLOTS;
    held[i] = block;
    live++;
    pthread_mutex_unlock(&lock);
}

/* Blocks that the C library made itself are not in the table. */
static void let_go(void *block)
{
    if (!block) return;
    pthread_mutex_lock(&lock);
    size_t i = slot_of(block), looked = 0;
    while (held[i] && held[i] != block && looked++ < SLOTS) i = (i + 1) % SLOTS;
    if (held[i] == block) {
        held[i] = GONE;
        live--;
    }
    pthread_mutex_unlock(&lock);
}

static void call_if_due(void)
{
    pthread_mutex_lock(&lock);
    void (*function)(void *) = pthread_equal(setter, pthread_self()) ? NULL : called;
    if (function) called = NULL;
    pthread_mutex_unlock(&lock);
    if (function) function(called_with);
}

static bool refuse(void)
{
    call_if_due();
    pthread_mutex_lock(&lock);
    bool now = armed && --countdown <= 0 && countdown > -failing;
    refused += now;
    pthread_mutex_unlock(&lock);
    if (now) errno = ENOMEM;
    return now;
}

static void fail(long first, long count)
{
    pthread_mutex_lock(&lock);
    countdown = first;
    failing = count;
    armed = first > 0;
    refused = 0;
    pthread_mutex_unlock(&lock);
}

void wrap_fail_at(long n) { fail(n, 1); }

void wrap_fail_next(long n) { fail(1, n); }

long wrap_refused(void)
{
    pthread_mutex_lock(&lock);
    long were = refused;
    pthread_mutex_unlock(&lock);
    return were;
}

void wrap_call_when_asked(void (*function)(void *data), void *data)
{
    pthread_mutex_lock(&lock);
    called = function;
    called_with = data;
    setter = pthread_self();
    pthread_mutex_unlock(&lock);
}

bool wrap_holds(const void *block)
{
    pthread_mutex_lock(&lock);
    size_t i = slot_of(block), looked = 0;
    while (held[i] && held[i] != block && looked++ < SLOTS) i = (i + 1) % SLOTS;
    bool holds = held[i] == block;
    pthread_mutex_unlock(&lock);
    return holds;
}

bool wrap_failed(void)
{
    pthread_mutex_lock(&lock);
    armed = false;
    bool was = refused > 0;
    pthread_mutex_unlock(&lock);
    return was;
}

long wrap_live(void)
{
    pthread_mutex_lock(&lock);
    long now = live;
    pthread_mutex_unlock(&lock);
    return now;
}

size_t wrap_asked(void) { return atomic_load(&asked); }

void *__wrap_malloc(size_t size)
{
    if (refuse()) return NULL;
    atomic_fetch_add(&asked, size);
    void *block = __real_malloc(size);
    hold(block);
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *block = __wrap_malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refuse()) return NULL;
    atomic_fetch_add(&asked, size);
    let_go(old);
    void *block = __real_realloc(old, size);
    hold(block ? block : old);
    return block;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (refuse()) return NULL;
    atomic_fetch_add(&asked, size);
    void *block = __real_aligned_alloc(alignment, size);
    hold(block);
    return block;
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made = __wrap_aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (!made) return ENOMEM;
    *block = made;
    return 0;
}

char *__wrap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void __wrap_free(void *block)
{
    let_go(block);
    __real_free(block);
}

void every_allocation_fails(const char *name, scenario_fn *scenario, void *data)
{
    long n = 1;
    for (bool failed = true; failed; n++) {
        long before = wrap_live();
        wrap_fail_at(n);
        quell_status status = scenario(data);
        failed = wrap_failed();
        quell_status expected = failed ? QUELL_NO_MEMORY : QUELL_OK;
        CHECK(status == expected, "%s: allocation %ld: %s (%s)", name, n, quell_status_name(status),
              quell_error_message());
        CHECK(!failed || *quell_error_message(), "%s: allocation %ld: no message", name, n);
        CHECK(wrap_live() == before, "%s: allocation %ld: %ld blocks leaked", name, n,
              wrap_live() - before);
        CHECK(n < 10000, "%s: it never gets through", name);
    }
    CHECK(n > 2, "%s: no allocation was seen", name);
}
