/* SPDX-License-Identifier: MIT */
#include "denoiser.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void *quell_denoiser_new(const struct quell_denoiser_class *type, size_t size, size_t dim)
{
    quell_denoiser *denoiser = quell_new(1, size);
    if (!denoiser) return NULL;
    denoiser->type = type;
    atomic_init(&denoiser->holds, 1);
    denoiser->dim = dim;
    denoiser->reproducible = true;
    denoiser->mean_alone = !type->apart;
    denoiser->rows = type->rows;
    return denoiser;
}

void quell_denoiser_hold(const quell_denoiser *denoiser)
{
    /* Only the number of holds and the digest of a handle ever change, and both are atomic. */
    atomic_fetch_add(&((quell_denoiser *)(uintptr_t)denoiser)->holds, 1);
}

void quell_denoiser_free(quell_denoiser *denoiser)
{
    if (!denoiser || atomic_fetch_sub(&denoiser->holds, 1) != 1) return;
    if (denoiser->type->destroy) denoiser->type->destroy(denoiser);
    quell_schedule_free(denoiser->trained);
    free(denoiser);
}

static uint64_t compute_digest(const quell_denoiser *denoiser)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_text(&digest, quell_version());
    quell_digest_text(&digest, denoiser->type->kind);
    quell_digest_whole(&digest, denoiser->dim);
    quell_digest_whole(&digest, denoiser->classes);
    quell_digest_whole(&digest, denoiser->learned_variance);
    quell_taken_digest(denoiser->taken, denoiser->conditions, &digest);
    denoiser->type->digest(denoiser, &digest);
    uint64_t sum = quell_digest_end(&digest);
    return sum ? sum : 1;
}

/* Threads that call this at the same time all compute the digest, with the same result. */
uint64_t quell_denoiser_digest(const quell_denoiser *denoiser)
{
    if (!denoiser) return 0;
    _Atomic uint64_t *kept = &((quell_denoiser *)(uintptr_t)denoiser)->digest;
    uint64_t digest = atomic_load(kept);
    if (!digest) atomic_store(kept, digest = compute_digest(denoiser));
    return digest;
}

size_t quell_denoiser_helpers(const quell_denoiser *denoiser, const quell_denoiser *other,
                              size_t *size)
{
    size_t count = denoiser->type->helpers ? denoiser->type->helpers(denoiser, size) : 0, bytes = 0;
    if (!other || !count) return count;
    size_t second = quell_denoiser_helpers(other, NULL, &bytes);
    if (bytes > *size) *size = bytes;
    return second < count ? second : count;
}

size_t quell_denoiser_dim(const quell_denoiser *denoiser) { return denoiser ? denoiser->dim : 0; }

int quell_denoiser_reproducible(const quell_denoiser *denoiser)
{
    return denoiser && denoiser->reproducible;
}

const char *quell_denoiser_kind(const quell_denoiser *denoiser)
{
    return denoiser ? denoiser->type->kind : "";
}

static size_t lines(size_t bytes) { return quell_round_up(bytes, QUELL_CACHE_LINE); }

size_t quell_denoiser_constants_size(const quell_denoiser *denoiser)
{
    const struct quell_denoiser_class *type = denoiser->type;
    return type->constants ? lines(type->constants_size(denoiser)) : 0;
}

size_t quell_denoiser_scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    return denoiser->type->scratch_size ? lines(denoiser->type->scratch_size(denoiser, rows)) : 0;
}

size_t quell_denoiser_kept_size(const quell_denoiser *denoiser, size_t rows)
{
    return denoiser->type->kept_size ? lines(denoiser->type->kept_size(denoiser, rows)) : 0;
}

void quell_denoiser_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                              double t, double alpha, double sigma, void *out)
{
    if (denoiser->type->constants)
        denoiser->type->constants(denoiser, kernels, t, alpha, sigma, out);
}

/* mu - x has no rounding error if the two are close. */
void quell_denoiser_part_of(const struct quell_kernels *kernels, double alpha, size_t count,
                            const float *x, const float *mu, float *out)
{
    const float c[] = {1, -1, (float)((alpha - 1) / alpha)};
    kernels->combine(out, count, 3, c, (const float *[]){mu, x, x});
}

void quell_denoiser_part(const struct quell_kernels *kernels, double alpha, size_t count,
                         const float *x, float *mu)
{
    quell_denoiser_part_of(kernels, alpha, count, x, mu, mu);
}

quell_status quell_denoiser_arguments(quell_denoiser **denoiser, size_t dim)
{
    if (!denoiser) return quell_fail(QUELL_BAD_ARGUMENT, "denoiser: the place for it is NULL");
    if (dim < 1 || dim > (size_t)1 << 32)
        return quell_fail(QUELL_BAD_ARGUMENT, "denoiser: dim is %zu, must be from 1 to 2^32", dim);
    return QUELL_OK;
}

quell_status quell_denoiser_floats(float **copy, const char *what, size_t count,
                                   const double *values, bool negative)
{
    float *floats = quell_new(count, sizeof *floats);
    if (!floats) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for %zu values", what, count);
    for (size_t i = 0; values && i < count; i++) {
        floats[i] = (float)values[i];
        if (isfinite(floats[i]) && (negative || values[i] >= 0)) continue;
        free(floats);
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: value %zu is %g, must be finite%s", what, i,
                          values[i], negative ? "" : " and not negative");
    }
    *copy = floats;
    return QUELL_OK;
}

size_t quell_denoiser_classes(const quell_denoiser *denoiser)
{
    return denoiser ? denoiser->classes : 0;
}
