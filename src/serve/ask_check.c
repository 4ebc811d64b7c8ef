/* SPDX-License-Identifier: MIT */
/* Checks that involve several parameters, or the model. The messages are those of the command, with
 * names of parameters in place of its options. */
#include "serve/ask.h"
#include "base/fail.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz_" /* the characters of a C member's name */

/* Pairs of parameters that exclude each other, or of which the first needs the second. */
static const struct rule {
    const char *one, *other;
    bool needs; /* `one` needs `other`; false: they exclude each other */
} rules[] = {
    {"guidance-low", "guidance", true},
    {"guidance-high", "guidance", true},
    {"guidance-rescale", "guidance", true},
    {"negative-class", "guidance", true},
    {"negative-condition", "guidance", true},
    {"threshold-max", "threshold", true},
    {"threshold", "clamp-low", false},
    {"threshold", "clamp-high", false},
    {"prior-mean", "from", false},
    {"prior-variance", "from", false},
    {"seeds", "seed", false},
    {"indices", "first", false},
    {"classes", "class", false},
};

static quell_status check_rules(const struct serve_ask *ask)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (!serve_ask_given(ask, rule->one)) continue;
        bool other = serve_ask_given(ask, rule->other);
        if (rule->needs && !other)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s: needs %s", rule->one, rule->other);
        if (!rule->needs && other)
            return quell_fail(QUELL_BAD_ARGUMENT, "%s and %s: only one of them", rule->one,
                              rule->other);
    }
    return QUELL_OK;
}

/* Every condition of a model must be given, even if its value is none. */
static quell_status check_conditions(const struct serve_ask *ask, const quell_denoiser *denoiser)
{
    for (size_t i = 0; i < quell_denoiser_conditions(denoiser); i++) {
        size_t rank, size = 1, k = 0;
        const size_t *shape;
        const char *name = quell_denoiser_condition(denoiser, i, &rank, &shape);
        while (k < ask->condition_count && strcmp(ask->conditions[k].name, name) != 0) k++;
        if (k < ask->condition_count) continue;
        for (size_t d = 0; d < rank; d++) size *= shape[d];
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "condition=%s=VALUE is needed: %zu number%s, or a body with an array",
                          name, size, size == 1 ? "" : "s with commas");
    }
    return QUELL_OK;
}

/* Checks that the last sample has an index below 2^64 - 1. The library checks the indices of
 * lists. */
static quell_status check_last(const struct serve_ask *ask)
{
    if (ask->seeds || ask->indices || ask->count <= UINT64_MAX - ask->first ||
        !serve_ask_given(ask, "first"))
        return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "first=%llu: with count %llu, samples have numbers up to 2^64 - 2",
                      (unsigned long long)ask->first, (unsigned long long)ask->count);
}

/* Guidance needs a class or a condition: without one, it would combine two equal outputs. */
static quell_status check_guided(const struct serve_ask *ask, const quell_denoiser *denoiser)
{
    size_t conditions = quell_denoiser_conditions(denoiser);
    if (serve_ask_given(ask, "guidance") && !conditions && !quell_denoiser_classes(denoiser))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "guidance: the model has no classes or conditions to guide away from; "
                          "leave it out");
    bool told = ask->class >= 0 || ask->each || ask->classes;
    for (size_t i = 0; i < ask->condition_count; i++) told = told || ask->conditions[i].values;
    if (told || !serve_ask_given(ask, "guidance") || ask->guidance == 1) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "guidance: needs %s",
                      conditions
                          ? "a condition that is not none, or a class, to guide away from none"
                          : "class or classes, to guide away from no class");
}

/* Replaces a hint at `quell list NAME` by one at /v1/models, which fits in its place. A hint at the
 * options of one sampler is removed, because no page lists these. */
static void name_page(char *message)
{
    static const char list[] = "; see `quell list ", page[] = "; /v1/models lists them";
    char *at = strstr(message, list);
    char *end = at ? strchr(at + sizeof list - 1, '`') : NULL;
    if (!end) return;
    bool names = !memchr(at + sizeof list - 1, ' ', (size_t)(end - at) - (sizeof list - 1));
    size_t length = names ? sizeof page - 1 : 0;
    memmove(at + length, end + 1, strlen(end + 1) + 1);
    memcpy(at, page, length);
}

/* After "guidance: ", low is guidance-low: puts "guidance-" before such a word where the message
 * says what it is, if there is room in message[size]. */
static void name_guidance(char *message, size_t size)
{
    static const char begin[] = "guidance: ", before[] = "guidance-";
    static const char *const words[] = {" low is ", " high is ", " rescale is ", NULL};
    const size_t added = sizeof before - 1;
    if (strncmp(message, begin, sizeof begin - 1) != 0) return;
    for (size_t i = 0; words[i]; i++) {
        char *at = strstr(message, words[i]);
        if (!at || strlen(message) + added >= size) continue;
        memmove(at + 1 + added, at + 1, strlen(at + 1) + 1);
        memcpy(at + 1, before, added);
    }
}

void serve_ask_words(char *message, size_t size)
{
    name_page(message);
    name_guidance(message, size);
    const struct serve_parameter *parameter;
    for (size_t i = 0; (parameter = serve_ask_parameter(i)); i++) {
        const char *name = parameter->name;
        char as_in_c[40];
        size_t length = strlen(name);
        if (!strchr(name, '-')) continue;
        for (size_t k = 0; k <= length; k++) as_in_c[k] = name[k] == '-' ? '_' : name[k];
        for (char *at = message; (at = strstr(at, as_in_c)); at += length)
            if ((at == message || at[-1] == ' ') && !(at[length] && strchr(LETTERS, at[length])))
                memcpy(at, name, length);
    }
}

quell_status serve_ask_check(struct serve_ask *ask, const quell_model *model)
{
    if (ask->rows && !serve_ask_given(ask, "count")) ask->count = ask->rows;
    if (ask->rows && ask->count != ask->rows)
        return quell_fail(QUELL_BAD_ARGUMENT, "count is %llu, and %s has %zu row%s",
                          (unsigned long long)ask->count, ask->rows_of, ask->rows,
                          ask->rows == 1 ? "" : "s");
    quell_status status = check_rules(ask);
    if (!status) status = check_last(ask);
    if (!status) status = check_guided(ask, quell_model_denoiser(model));
    if (!status) status = check_conditions(ask, quell_model_denoiser(model));
    if (!status && ask->latent && !quell_model_decodes(model))
        status =
            quell_fail(QUELL_BAD_ARGUMENT,
                       "latent=yes: the model has no decoder: its samples are what is answered");
    return status;
}
