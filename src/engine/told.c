/* SPDX-License-Identifier: MIT */
#include "told.h"
#include "denoisers/conditions.h"
#include "base/fail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

quell_status quell_told_classes(const struct quell_job *job)
{
    size_t classes = job->sampler->denoiser->classes;
    if (job->draw.classes && job->draw.count && !classes)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: classes are given, but the denoiser has none; leave them out");
    for (size_t i = 0; job->draw.classes && i < job->draw.count; i++) {
        int32_t label = job->draw.classes[i];
        if (label < -1 || (label >= 0 && (size_t)label >= classes))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: class %d of sample %llu: the denoiser has %zu classes",
                              (int)label, (unsigned long long)(job->draw.first + i), classes);
    }
    return QUELL_OK;
}

/* The names of the conditions that a denoiser takes, as "'a', 'b'". */
struct names {
    char text[200];
};
static struct names names_of(const quell_denoiser *denoiser)
{
    struct names names = {""};
    size_t used = 0;
    for (size_t i = 0; i < denoiser->conditions && used < sizeof names.text; i++)
        used += (size_t)snprintf(names.text + used, sizeof names.text - used, "%s'%.40s'",
                                 i ? ", " : "", denoiser->taken[i].name);
    return names;
}

/* The shape of a condition, as "(77, 768)". */
struct words {
    char shape[200];
};
static struct words words_of(const struct quell_taken *taken)
{
    struct words words = {"("};
    size_t used = 1;
    for (size_t i = 0; i < taken->rank && used < sizeof words.shape; i++)
        used += (size_t)snprintf(words.shape + used, sizeof words.shape - used, "%s%zu",
                                 i ? ", " : "", taken->shape[i]);
    if (used < sizeof words.shape) snprintf(words.shape + used, sizeof words.shape - used, ")");
    return words;
}

static quell_status check_finite(const quell_condition *given)
{
    size_t count = given->count * given->size;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(given->values[i]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: condition '%.60s': element %zu of row %zu is %g: all must be "
                              "finite",
                              given->name, i % given->size, i / given->size,
                              (double)given->values[i]);
    return QUELL_OK;
}

static quell_status check_one(const struct quell_job *job, const struct quell_taken *taken,
                              const quell_condition *given)
{
    if (!given->values && given->count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: condition '%.60s' has a count of %zu, but no values; none of it is "
                          "a count of 0",
                          given->name, given->count);
    if (!given->values && !taken->none)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: condition '%.60s' is none, which the denoiser does not know: give "
                          "values[%zu]",
                          given->name, taken->size);
    if (!given->values) return QUELL_OK;
    if (given->size != taken->size)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: condition '%.60s' has %zu elements, must have %zu, of shape %s",
                          given->name, given->size, taken->size, words_of(taken).shape);
    if (given->count != 1 && given->count != job->draw.count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: condition '%.60s' is there for %zu samples, must be for 1, so for "
                          "all, or for each of the %zu of the run",
                          given->name, given->count, job->draw.count);
    return check_finite(given);
}

/* Returns the condition of that name in the draw; NULL if it is not there. */
static const quell_condition *find(const quell_condition *given, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(given[i].name, name)) return &given[i];
    return NULL;
}

static quell_status check_known(const struct quell_job *job, const quell_condition *given,
                                size_t count)
{
    const quell_denoiser *denoiser = job->sampler->denoiser;
    if (count && !given)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: condition_count is %zu, but conditions is NULL",
                          count);
    if (given && !count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: conditions are given, but condition_count is 0");
    for (size_t i = 0; i < count; i++) {
        if (!given[i].name)
            return quell_fail(QUELL_BAD_ARGUMENT, "run: conditions[%zu] must have a name", i);
        if (!denoiser->conditions)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: condition '%.60s' is given, but the denoiser has none; leave "
                              "it out",
                              given[i].name);
        if (quell_taken_named(denoiser->taken, denoiser->conditions, given[i].name) ==
            denoiser->conditions)
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: condition '%.60s': the denoiser has no such condition; it "
                              "takes %s",
                              given[i].name, names_of(denoiser).text);
        if (find(given, i, given[i].name))
            return quell_fail(QUELL_BAD_ARGUMENT, "run: condition '%.60s' is given twice",
                              given[i].name);
    }
    return QUELL_OK;
}

static void tell(struct quell_told *told, size_t i, const struct quell_taken *taken,
                 const quell_condition *given)
{
    told->values[i] = given->values ? given->values : taken->none;
    told->stride[i] = given->values && given->count != 1 ? given->size : 0;
}

/* Sets what the denoiser is guided against, which a run must have where it is. */
static quell_status find_against(struct quell_job *job, size_t i)
{
    const struct quell_taken *taken = &job->sampler->denoiser->taken[i];
    if (taken->none && !taken->same) {
        job->against.values[i] = taken->none;
        return QUELL_OK;
    }
    job->against.values[i] = job->told.values[i];
    job->against.stride[i] = job->told.stride[i];
    if (taken->same || !job->sampler->denoiser->asks) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "run: guidance is away from no condition, but the denoiser does not know "
                      "what no '%.60s' is: it must have a \"none\" in its description",
                      taken->name);
}

/* Guidance away from nothing does nothing where no sample is told anything. */
static quell_status check_asked(const struct quell_job *job)
{
    const quell_denoiser *denoiser = job->sampler->denoiser;
    if (!denoiser->asks || job->draw.classes) return QUELL_OK;
    if (!denoiser->conditions)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "run: the denoiser is guided away from no class, so that classes must say "
            "which each sample has, or -1 for none");
    for (size_t i = 0; i < denoiser->conditions; i++)
        if (job->told.values[i] != job->against.values[i]) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "run: the denoiser is guided away from no %scondition, so that a condition "
                      "must be given that is not none%s",
                      denoiser->classes ? "class and no " : "",
                      denoiser->classes ? ", or classes" : "");
}

/* Where the denoiser knows no "no class", each sample must have one. */
static quell_status check_needed(const struct quell_job *job)
{
    const quell_denoiser *denoiser = job->sampler->denoiser;
    const int32_t *classes = job->draw.classes;
    size_t i = 0;
    if (!denoiser->needs_class) return QUELL_OK;
    if (denoiser->asks)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: guidance is away from no class, but the denoiser knows only its "
                          "%zu classes: guide it by another denoiser",
                          denoiser->classes);
    while (classes && i < job->draw.count && classes[i] >= 0) i++;
    if (classes && i == job->draw.count) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "run: sample %llu has no class, but the denoiser knows no \"no class\": "
                      "classes must give each sample one, from 0 to %zu",
                      (unsigned long long)(job->draw.first + i), denoiser->classes - 1);
}

quell_status quell_told_find(struct quell_job *job)
{
    const quell_denoiser *denoiser = job->sampler->denoiser;
    const quell_draw *draw = &job->draw;
    quell_status status = check_known(job, draw->conditions, draw->condition_count);
    job->told.labels = draw->classes;
    for (size_t i = 0; i < denoiser->conditions && !status; i++) {
        const struct quell_taken *taken = &denoiser->taken[i];
        const quell_condition *given = find(draw->conditions, draw->condition_count, taken->name);
        if (!given)
            return quell_fail(
                QUELL_BAD_ARGUMENT,
                "run: condition '%.60s' is missing: the denoiser takes %zu element%s, "
                "of shape %s",
                taken->name, taken->size, taken->size == 1 ? "" : "s", words_of(taken).shape);
        status = check_one(job, taken, given);
        if (!status) tell(&job->told, i, taken, given);
        if (!status) status = find_against(job, i);
    }
    if (!status) status = check_needed(job);
    return status ? status : check_asked(job);
}

quell_status quell_told_check(const quell_sampler *sampler, const quell_draw *draw)
{
    struct quell_job job = {.sampler = sampler, .draw = *draw};
    quell_status status = quell_told_classes(&job);
    return status ? status : quell_told_find(&job);
}
