/* SPDX-License-Identifier: MIT */
#include "denoisers/conditions.h"
#include "base/fail.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool quell_condition_can_be_named(const char *name) { return *name && !strchr(name, '='); }

size_t quell_taken_named(const struct quell_taken *taken, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(taken[i].name, name) != 0) i++;
    return i;
}

void quell_told_rows(const struct quell_told *told, const struct quell_taken *taken, size_t count,
                     size_t row, quell_call *call, quell_condition *conditions)
{
    for (size_t i = 0; i < count; i++) {
        size_t stride = told->stride[i];
        conditions[i] = (quell_condition){taken[i].name, told->values[i] + row * stride,
                                          stride ? call->rows : 0, taken[i].size};
    }
    call->conditions = count ? conditions : NULL;
    call->condition_count = count;
    call->classes = told->labels ? told->labels + row : NULL;
    call->seeds = told->seeds ? told->seeds + row : NULL;
    call->indices = told->indices ? told->indices + row : NULL;
}

void quell_taken_free(struct quell_taken *taken, size_t count)
{
    for (size_t i = 0; taken && i < count; i++) free((float *)(uintptr_t)taken[i].none);
    free(taken);
}

static quell_status check_one(const quell_condition *conditions, size_t i)
{
    const quell_condition *one = &conditions[i];
    if (!one->name || !quell_condition_can_be_named(one->name))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: conditions[%zu] must have a name, without '='", i);
    if (one->size < 1 || one->size > (size_t)1 << 31)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: condition '%.60s' has %zu elements, must have 1 to 2^31",
                          one->name, one->size);
    if (one->count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: condition '%.60s' has a count of %zu, must be 0: its values "
                          "are what stands for none",
                          one->name, one->count);
    for (size_t k = 0; one->values && k < one->size; k++)
        if (!isfinite(one->values[k]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "function: condition '%.60s': element %zu of its none must be finite",
                              one->name, k);
    for (size_t k = 0; k < i; k++)
        if (!strcmp(conditions[k].name, one->name))
            return quell_fail(QUELL_BAD_ARGUMENT, "function: condition '%.60s' is there twice",
                              one->name);
    return QUELL_OK;
}

static quell_status check_all(const quell_condition *conditions, size_t count)
{
    quell_status status = QUELL_OK;
    if (count > QUELL_MAX_CONDITIONS)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: condition_count is %zu, must be at most %d", count,
                          QUELL_MAX_CONDITIONS);
    if (!conditions != !count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "function: conditions and condition_count go together: there are %s, and "
                          "the count is %zu",
                          conditions ? "some" : "none", count);
    for (size_t i = 0; i < count && !status; i++) status = check_one(conditions, i);
    return status;
}

quell_status quell_taken_copy(struct quell_taken **taken, const quell_condition *conditions,
                              size_t count)
{
    quell_status status = check_all(conditions, count);
    size_t floats = 0, letters = 0;
    *taken = NULL;
    if (status || !count) return status;
    for (size_t i = 0; i < count; i++) {
        floats += conditions[i].values ? conditions[i].size : 0;
        letters += strlen(conditions[i].name) + 1;
    }
    struct quell_taken *made =
        quell_new(count * sizeof *made + floats * sizeof(float) + letters, 1);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "function: no memory for its conditions");
    float *number = (float *)(void *)(made + count);
    char *letter = (char *)(number + floats);
    for (size_t i = 0; i < count; i++) {
        const quell_condition *one = &conditions[i];
        made[i] = (struct quell_taken){
            .name = strcpy(letter, one->name), .rank = 1, .shape = {one->size}, .size = one->size};
        letter += strlen(one->name) + 1;
        if (!one->values) continue;
        made[i].none = memcpy(number, one->values, one->size * sizeof *number);
        number += one->size;
    }
    *taken = made;
    return QUELL_OK;
}

void quell_taken_digest(const struct quell_taken *taken, size_t count, struct quell_digest *digest)
{
    for (size_t i = 0; i < count; i++) {
        quell_digest_text(digest, taken[i].name);
        quell_digest_sizes(digest, taken[i].shape, taken[i].rank);
        quell_digest_whole(digest, taken[i].same);
        if (taken[i].none) quell_digest_floats(digest, taken[i].none, taken[i].size);
    }
}

size_t quell_denoiser_conditions(const quell_denoiser *denoiser)
{
    return denoiser ? denoiser->conditions : 0;
}

const char *quell_denoiser_condition(const quell_denoiser *denoiser, size_t i, size_t *rank,
                                     const size_t **shape)
{
    if (i >= quell_denoiser_conditions(denoiser)) return NULL;
    const struct quell_taken *taken = &denoiser->taken[i];
    if (rank) *rank = taken->rank;
    if (shape) *shape = taken->shape;
    return taken->name;
}
