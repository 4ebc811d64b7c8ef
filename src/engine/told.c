/* SPDX-License-Identifier: MIT */
#include "told.h"
#include "base/fail.h"
#include "denoisers/denoiser.h"
#include "in_vain.h"
#include "sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The denoiser and the draw that are checked, and where the result goes. */
struct telling {
    const quell_denoiser *denoiser;
    const quell_draw *draw;
    struct quell_told *told, *against;
};

static quell_status check_classes(const struct telling *at, const char *negative,
                                  const int32_t *given)
{
    size_t classes = at->denoiser->classes;
    if (given && at->draw->count && !classes)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %sclasses are given, but the denoiser has none; leave them out",
                          negative);
    for (size_t i = 0; given && i < at->draw->count; i++)
        if (given[i] < -1 || (given[i] >= 0 && (size_t)given[i] >= classes))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: %sclass %d of sample %llu: must be 0 to %zu, or -1 for none",
                              negative, (int)given[i], (unsigned long long)(at->draw->first + i),
                              classes - 1);
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

/* The size of a condition in words, as "1 number" or "59136 numbers, of shape (77, 768)". */
struct words {
    char text[240];
};
static struct words words_of(const struct quell_taken *taken)
{
    struct words words;
    size_t room = sizeof words.text;
    size_t used = (size_t)snprintf(words.text, room, "%zu number%s%s", taken->size,
                                   taken->size == 1 ? "" : "s", taken->rank ? ", of shape (" : "");
    for (size_t i = 0; i < taken->rank && used < room; i++)
        used += (size_t)snprintf(words.text + used, room - used, "%s%zu", i ? ", " : "",
                                 taken->shape[i]);
    if (taken->rank && used < room) snprintf(words.text + used, room - used, ")");
    return words;
}

/* The conditions of a draw, or its negative ones: the word for them in messages, and how many there
 * are. */
struct list {
    const char *what;
    const quell_condition *given;
    size_t count;
};

static quell_status check_finite(const char *what, const quell_condition *given)
{
    size_t count = (given->count ? given->count : 1) * given->size;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(given->values[i]))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "run: %s '%.60s': element %zu of row %zu is %g: all must be "
                              "finite",
                              what, given->name, i % given->size, i / given->size,
                              (double)given->values[i]);
    return QUELL_OK;
}

static quell_status check_one(const struct telling *at, const struct list *list,
                              const struct quell_taken *taken, const quell_condition *given)
{
    if (!given->values && given->count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %s '%.60s' has a count of %zu, but no values: without it "
                          "the count is 0",
                          list->what, given->name, given->count);
    if (!given->values && !taken->none)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %s '%.60s' is none, but the denoiser cannot do without it: give %s",
                          list->what, given->name, words_of(taken).text);
    if (!given->values) return QUELL_OK;
    if (given->size != taken->size)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %s '%.60s' has %zu number%s, must have %s%s",
                          list->what, given->name, given->size, given->size == 1 ? "" : "s",
                          words_of(taken).text,
                          !given->count && given->size == at->draw->count * taken->size
                              ? "; with values for each sample, count is the number of samples"
                              : "");
    if (given->count && given->count != at->draw->count)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %s '%.60s' has a count of %zu, must be 0, for all samples, "
                          "or %zu, for each",
                          list->what, given->name, given->count, at->draw->count);
    return check_finite(list->what, given);
}

/* Returns the condition with this name among the first `count`, or NULL. */
static const quell_condition *find(const struct list *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list->given[i].name, name)) return &list->given[i];
    return NULL;
}

static quell_status check_listed(const quell_denoiser *denoiser, const struct list *list, size_t i)
{
    const char *name = list->given[i].name;
    if (!name)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %ss[%zu] must have a name", list->what, i);
    if (!denoiser->conditions)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %s '%.60s' is given, but the denoiser has none; leave it out",
                          list->what, name);
    if (quell_taken_named(denoiser->taken, denoiser->conditions, name) == denoiser->conditions)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: %s '%.60s': the denoiser has no such condition; it takes %s",
                          list->what, name, names_of(denoiser).text);
    if (find(list, i, name))
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %s '%.60s' is given twice", list->what, name);
    return QUELL_OK;
}

static quell_status check_list(const quell_denoiser *denoiser, const struct list *list)
{
    quell_status status = QUELL_OK;
    if (list->count && !list->given)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %s_count is %zu, but %ss is NULL", list->what,
                          list->count, list->what);
    if (list->given && !list->count)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %ss are given, but %s_count is 0", list->what,
                          list->what);
    if (list->count > QUELL_MAX_CONDITIONS)
        return quell_fail(QUELL_BAD_ARGUMENT, "run: %s_count is %zu, must be %d at most",
                          list->what, list->count, QUELL_MAX_CONDITIONS);
    for (size_t i = 0; i < list->count && !status; i++) status = check_listed(denoiser, list, i);
    return status;
}

static void tell(struct quell_told *told, size_t i, const struct quell_taken *taken,
                 const quell_condition *given)
{
    told->values[i] = given->values ? given->values : taken->none;
    told->stride[i] = given->values && given->count ? given->size : 0;
}

static quell_status find_told(struct telling *at, size_t i, const struct list *list)
{
    const struct quell_taken *taken = &at->denoiser->taken[i];
    const quell_condition *given = find(list, list->count, taken->name);
    if (!given)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: condition '%.60s' is missing: the denoiser takes %s", taken->name,
                          words_of(taken).text);
    quell_status status = check_one(at, list, taken, given);
    if (!status && !given->values && taken->must)
        status = quell_fail(QUELL_BAD_ARGUMENT,
                            "run: condition '%.60s' is none, but the guide cannot do without "
                            "it: give "
                            "%s",
                            taken->name, words_of(taken).text);
    if (!status) tell(at->told, i, taken, given);
    return status;
}

/* Sets the values that guidance leads away from. If the denoiser has guidance, there must be
 * some. */
static quell_status find_against(struct telling *at, size_t i, const struct list *negative)
{
    const struct quell_taken *taken = &at->denoiser->taken[i];
    const quell_condition *given = find(negative, negative->count, taken->name);
    if (given) {
        quell_status status = check_one(at, negative, taken, given);
        if (!status) tell(at->against, i, taken, given);
        return status;
    }
    at->against->values[i] = at->told->values[i];
    at->against->stride[i] = at->told->stride[i];
    if (taken->same) return QUELL_OK;
    if (taken->none) {
        at->against->values[i] = taken->none;
        at->against->stride[i] = 0;
        return QUELL_OK;
    }
    if (!at->denoiser->asks) return QUELL_OK;
    return quell_fail(
        QUELL_BAD_ARGUMENT,
        "run: guidance leads away from no condition, but nothing says what stands for "
        "no '%.60s': give a negative one, or a \"none\" in its description",
        taken->name);
}

/* Refuses negative classes and conditions without guidance, which alone uses them. */
static quell_status check_negative(const struct telling *at)
{
    const quell_draw *draw = at->draw;
    if (at->denoiser->asks) return QUELL_OK;
    if (!draw->negative_classes && !draw->negative_condition_count) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "run: negative %s have no effect: %s",
                      draw->negative_classes ? "classes" : "conditions",
                      at->denoiser->by_itself ? "the weight of guidance is 1, which is no guidance"
                                              : "the denoiser is not guided by itself");
}

/* Returns whether condition i has the same values in both, for all samples. */
static bool same_condition(const struct telling *at, size_t i)
{
    const struct quell_told *told = at->told, *against = at->against;
    size_t size = at->denoiser->taken[i].size, stride = told->stride[i], away = against->stride[i];
    size_t rows = stride || away ? at->draw->count : 1;
    if (told->values[i] == against->values[i] && stride == away) return true;
    for (size_t r = 0; r < rows; r++)
        if (memcmp(told->values[i] + r * stride, against->values[i] + r * away,
                   size * sizeof(float)))
            return false;
    return true;
}

static bool same_classes(const quell_draw *draw)
{
    const int32_t *own = draw->classes, *away = draw->negative_classes;
    if (own == away) return true;
    for (size_t i = 0; i < draw->count; i++)
        if ((own ? own[i] : -1) != (away ? away[i] : -1)) return false;
    return true;
}

/* Returns whether all samples have the classes and conditions that guidance leads away from. */
static bool in_vain(const struct telling *at)
{
    if (!same_classes(at->draw)) return false;
    for (size_t i = 0; i < at->denoiser->conditions; i++)
        if (!same_condition(at, i)) return false;
    return true;
}

/* Returns whether any classes or conditions are given for each sample, so that the samples of other
 * parts may have other ones. */
static bool told_each(const struct telling *at)
{
    bool each = at->draw->classes || at->draw->negative_classes;
    for (size_t i = 0; i < at->denoiser->conditions; i++)
        each = each || at->told->stride[i] || at->against->stride[i];
    return each;
}

static quell_status refuse_vain(const struct telling *at)
{
    const quell_draw *draw = at->draw;
    bool conditions = at->denoiser->conditions, away = draw->negative_condition_count;
    for (size_t i = 0; draw->negative_classes && i < draw->count; i++)
        away = away || draw->negative_classes[i] >= 0;
    if (away)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: guidance has no effect: it leads away from the classes%s that the "
                          "samples have; leave the negative ones out, or give others",
                          conditions ? " and the conditions" : "");
    if (conditions)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: the denoiser is guided away from no %scondition, so a condition "
                          "must be given that is not none%s",
                          at->denoiser->classes ? "class and no " : "",
                          at->denoiser->classes ? ", or a class" : "");
    return quell_fail(QUELL_BAD_ARGUMENT, "run: guidance has no effect: it leads away from no "
                                          "class, which is what the samples have; give one of "
                                          "them a class, or leave guidance out");
}

/* Refuses guidance that has no effect on any of the samples, nor on the other samples of a larger
 * set that they are a part of. */
static quell_status check_asked(const struct telling *at)
{
    const quell_denoiser *denoiser = at->denoiser;
    if (!denoiser->asks || (at->draw->part && told_each(at)) || !in_vain(at)) return QUELL_OK;
    if (!denoiser->conditions && !at->draw->classes && !at->draw->negative_classes)
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "run: the denoiser is guided away from no class, so that classes must say "
            "which each sample has, or -1 for none");
    return refuse_vain(at);
}

/* Returns whether each sample has a class. If not, sets *i to the first sample without. */
static bool all_classes(const struct telling *at, const int32_t *classes, size_t *i)
{
    *i = 0;
    while (classes && *i < at->draw->count && classes[*i] >= 0) ++*i;
    return classes && *i == at->draw->count;
}

/* If the denoiser was trained without "no class", each sample must have a class. */
static quell_status check_needed(const struct telling *at)
{
    const quell_denoiser *denoiser = at->denoiser;
    size_t i;
    if (!denoiser->needs_class) return QUELL_OK;
    if (denoiser->asks && !all_classes(at, at->draw->negative_classes, &i))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "run: guidance leads away from no class, but the denoiser knows only its "
                          "%zu classes: give negative ones, or guide it by another denoiser",
                          denoiser->classes);
    if (all_classes(at, at->draw->classes, &i)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "run: sample %llu has no class, but the denoiser needs one: "
                      "classes must give each sample one, from 0 to %zu",
                      (unsigned long long)(at->draw->first + i), denoiser->classes - 1);
}

quell_status quell_told_classes(const quell_denoiser *denoiser, const quell_draw *draw)
{
    const struct telling at = {denoiser, draw, NULL, NULL};
    quell_status status = check_classes(&at, "", draw->classes);
    return status ? status : check_classes(&at, "negative ", draw->negative_classes);
}

quell_status quell_told_find(const quell_denoiser *denoiser, const quell_draw *draw,
                             struct quell_told *told, struct quell_told *against)
{
    struct telling at = {denoiser, draw, told, against};
    const struct list list = {"condition", draw->conditions, draw->condition_count};
    const struct list negative = {"negative_condition", draw->negative_conditions,
                                  draw->negative_condition_count};
    quell_status status = check_list(denoiser, &list);
    if (!status) status = check_list(denoiser, &negative);
    if (!status) status = check_negative(&at);
    told->labels = draw->classes;
    against->labels = draw->negative_classes;
    for (size_t i = 0; i < denoiser->conditions && !status; i++) {
        status = find_told(&at, i, &list);
        if (!status) status = find_against(&at, i, &negative);
    }
    if (!status) status = check_needed(&at);
    return status ? status : check_asked(&at);
}

quell_status quell_told_in_vain(const quell_sampler *sampler, const quell_draw *draw, int *vain)
{
    struct quell_told told = {0}, against = {0};
    quell_draw some = *draw;
    const struct telling at = {sampler->denoiser, &some, &told, &against};
    some.part = 1;
    quell_status status = quell_told_classes(sampler->denoiser, &some);
    if (!status && some.count) status = quell_told_find(sampler->denoiser, &some, &told, &against);
    if (!status) *vain = sampler->denoiser->asks && in_vain(&at);
    return status;
}

quell_status quell_told_check(const quell_denoiser *denoiser, const quell_draw *draw)
{
    struct quell_told told = {0}, against = {0};
    quell_status status = quell_told_classes(denoiser, draw);
    return status ? status : quell_told_find(denoiser, draw, &told, &against);
}
