/* SPDX-License-Identifier: MIT */
#include "cli/condition_option.h"
#include "cli/cli.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "engine/in_vain.h"
#include "engine/sampler.h"
#include "engine/told.h"
#include "io/ending.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(const struct condition *one)
{
    return complain(EXIT_MEMORY, "no memory for --%s %s", one->option, one->taken->name);
}

/* The shape of a condition or a file, as "(77, 768)". */
struct words {
    char text[160];
};
static struct words shape_words(size_t rank, const size_t *shape)
{
    struct words words = {"("};
    size_t used = 1;
    for (size_t i = 0; i < rank && used < sizeof words.text; i++)
        used += (size_t)snprintf(words.text + used, sizeof words.text - used, "%s%zu",
                                 i ? ", " : "", shape[i]);
    if (used < sizeof words.text) snprintf(words.text + used, sizeof words.text - used, ")");
    return words;
}

/* Whether the shape of the file consists of `lead` more dimensions, followed by the condition's. */
static bool has_shape(const struct condition *one, size_t lead)
{
    const struct quell_taken *taken = one->taken;
    return one->file.rank == taken->rank + lead &&
           !memcmp(one->file.shape + lead, taken->shape, taken->rank * sizeof *taken->shape);
}

static int read_file(struct condition *one)
{
    const struct quell_taken *taken = one->taken;
    quell_status status = quell_npy_open(&one->file, one->text);
    if (status) return complain_input(EXIT_FILE, status);
    bool all = has_shape(one, 0);
    if (!all && !has_shape(one, 1))
        return complain(
            EXIT_USAGE,
            "--%s %s=%s: has the shape %s, must have %s for all samples, or (count,%s%s "
            "for each its own",
            one->option, taken->name, one->text, shape_words(one->file.rank, one->file.shape).text,
            shape_words(taken->rank, taken->shape).text, taken->rank ? " " : "",
            shape_words(taken->rank, taken->shape).text + 1);
    if (!all) return EXIT_DONE;
    one->values = quell_new(taken->size, sizeof *one->values);
    if (!one->values) return no_memory(one);
    status = quell_npy_floats(&one->file, taken->size, one->values);
    quell_npy_close(&one->file);
    return status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
}

static int refuse_numbers(const struct condition *one)
{
    const char *none = one->taken->none ? ", an .npy file or none" : " or an .npy file";
    if (one->taken->size == 1)
        return complain(EXIT_USAGE, "--%s %s=%.60s: must be a number of float32, up to 3.4e38,%s%s",
                        one->option, one->taken->name, one->text, none + (*none == ','), "");
    return complain(EXIT_USAGE,
                    "--%s %s=%.60s: must be %zu numbers with commas of float32, up to 3.4e38,%s",
                    one->option, one->taken->name, one->text, one->taken->size, none);
}

/* Whether a text is an integer that is not exact as a float32, as many beyond 2^24 are. */
static bool is_rounded(const char *text, size_t length, double number)
{
    size_t sign = length && (*text == '-' || *text == '+');
    return strspn(text + sign, "0123456789") >= length - sign && (double)(float)number != number;
}

static int read_numbers(struct condition *one)
{
    const char *at = one->text;
    one->values = quell_new(one->taken->size, sizeof *one->values);
    if (!one->values) return no_memory(one);
    for (size_t i = 0; i < one->taken->size; i++) {
        size_t length = strcspn(at, ",");
        double number;
        bool last = i + 1 == one->taken->size;
        if (quell_parse_double(at, length, &number) || !isfinite((float)number) ||
            (at[length] == ',') == last)
            return refuse_numbers(one);
        if (is_rounded(at, length, number))
            return complain(EXIT_USAGE,
                            "--%s %s=%.60s: the whole number %.*s is not one of float32, which has "
                            "all up to 16777216; write %.9g",
                            one->option, one->taken->name, one->text,
                            length < 40 ? (int)length : 40, at, (double)(float)number);
        one->values[i] = (float)number;
        at += length + !last;
    }
    return EXIT_DONE;
}

static int open_one(struct condition *one)
{
    if (quell_ending_is(one->text, ".npy")) return read_file(one);
    if (strcmp(one->text, "none") != 0) return read_numbers(one);
    if (one->taken->none) return EXIT_DONE;
    return complain(EXIT_USAGE,
                    "--%s %s=none: the model does not say what none of it is: "
                    "give %zu number%s or an .npy file",
                    one->option, one->taken->name, one->taken->size,
                    one->taken->size == 1 ? "" : "s");
}

/* Part of a message: the condition with the name nearest to `word`, or the first of the model. */
struct taken_names {
    char text[120];
};
static struct taken_names taken_names(const quell_denoiser *denoiser, const char *word,
                                      size_t length)
{
    struct taken_names names = {""};
    struct quell_nearest nearest = quell_nearest_to(word, length);
    for (size_t i = 0; i < denoiser->conditions; i++)
        quell_nearest_try(&nearest, denoiser->taken[i].name);
    snprintf(names.text, sizeof names.text, ": it takes '%.60s'%s", denoiser->taken[0].name,
             denoiser->conditions > 1 ? " and others (`quell info --model`)" : "");
    if (*nearest.hint && denoiser->conditions > 1)
        snprintf(names.text, sizeof names.text, "%s", nearest.hint);
    return names;
}

/* Adds the condition that NAME=VALUE describes. */
static int take_word(struct conditions *conditions, const quell_denoiser *denoiser,
                     const char *option, const char *word)
{
    size_t length = strcspn(word, "="), i = 0;
    if (!word[length])
        return complain(EXIT_USAGE, "--%s %s: must be NAME=VALUE, as energy=50", option, word);
    if (!denoiser->conditions)
        return complain(EXIT_USAGE, "--%s %s: the model has no conditions", option, word);
    for (; i < denoiser->conditions; i++) {
        const char *name = denoiser->taken[i].name;
        if (strlen(name) == length && !memcmp(name, word, length)) break;
    }
    if (i == denoiser->conditions)
        return complain(EXIT_USAGE, "--%s %s: the model has no condition '%.*s'%s", option, word,
                        (int)length, word, taken_names(denoiser, word, length).text);
    for (size_t k = 0; k < conditions->count; k++)
        if (conditions->one[k].taken == &denoiser->taken[i])
            return complain(EXIT_USAGE, "--%s %s: '%.*s' is given twice", option, word, (int)length,
                            word);
    conditions->one[conditions->count++] = (struct condition){
        .option = option, .taken = &denoiser->taken[i], .text = word + length + 1};
    return EXIT_DONE;
}

void conditions_places(const struct option_words *words, struct place *places)
{
    while (places->option) places++;
    for (size_t i = 0; i < words->count; i++) {
        const char *value = strchr(words->word[i], '=');
        if (value && quell_ending_is(value, ".npy"))
            *places++ = (struct place){"--condition", value + 1};
    }
    *places = (struct place){0};
}

/* Sets told[i]. `rows` is the number of samples with values of their own; 0: all have the same. */
static void tell(struct conditions *conditions, size_t i, size_t rows)
{
    const struct condition *one = &conditions->one[i];
    conditions->told[i] =
        (quell_condition){one->taken->name, one->values, one->values ? rows : 0, one->taken->size};
}

int conditions_open(struct conditions *conditions, const char *option,
                    const struct option_words *words, const quell_denoiser *denoiser)
{
    int code = EXIT_DONE;
    *conditions = (struct conditions){.count = 0};
    for (size_t i = 0; i < words->count && code == EXIT_DONE; i++)
        code = take_word(conditions, denoiser, option, words->word[i]);
    for (size_t i = 0; i < conditions->count && code == EXIT_DONE; i++) {
        code = open_one(&conditions->one[i]);
        tell(conditions, i, 0);
    }
    return code;
}

int conditions_complete(const struct conditions *conditions, const quell_denoiser *denoiser)
{
    for (size_t i = 0; i < denoiser->conditions; i++) {
        const struct quell_taken *taken = &denoiser->taken[i];
        size_t k = 0;
        while (k < conditions->count && conditions->one[k].taken != taken) k++;
        if (k == conditions->count && !taken->rank)
            return complain(EXIT_USAGE, "--condition %s=VALUE is needed: a number", taken->name);
        if (k == conditions->count)
            return complain(EXIT_USAGE, "--condition %s=VALUE is needed: %zu number%s of shape %s",
                            taken->name, taken->size, taken->size == 1 ? "" : "s",
                            shape_words(taken->rank, taken->shape).text);
    }
    return EXIT_DONE;
}

bool conditions_some(const struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (strcmp(conditions->one[i].text, "none") != 0) return true;
    return false;
}

void conditions_tell(const struct conditions *conditions, const struct conditions *negative,
                     quell_draw *draw)
{
    draw->condition_count = conditions->count;
    draw->conditions = conditions->count ? conditions->told : NULL;
    draw->negative_condition_count = negative->count;
    draw->negative_conditions = negative->count ? negative->told : NULL;
}

/* Copies conditions. Values that are still in files are replaced by zeros for two samples. Returns
 * whether there are any of these. */
static bool copy_told(const struct conditions *from, const float *zeros, struct conditions *to)
{
    bool any = false;
    *to = *from;
    for (size_t i = 0; i < from->count; i++) {
        if (!from->one[i].file.path) continue;
        to->told[i].values = zeros, to->told[i].count = 2;
        any = true;
    }
    return any;
}

static size_t largest(const struct conditions *conditions)
{
    size_t most = 1;
    for (size_t i = 0; i < conditions->count; i++)
        if (conditions->one[i].taken->size > most) most = conditions->one[i].taken->size;
    return most;
}

int conditions_check(const struct conditions *conditions, const struct conditions *negative,
                     const quell_sampler *sampler, const struct labels *labels,
                     int32_t negative_class)
{
    quell_draw draw = quell_draw_defaults();
    const int32_t classes[2] = {0, 0}, away[2] = {negative_class, negative_class};
    struct conditions told, against;
    size_t most = largest(conditions), most_negative = largest(negative);
    float *zeros = quell_new(2 * (most > most_negative ? most : most_negative), sizeof *zeros);
    if (!zeros) return complain(EXIT_MEMORY, "no memory for the conditions");
    bool same = labels_all_are(labels, negative_class);
    draw.part = copy_told(conditions, zeros, &told);
    draw.part |= copy_told(negative, zeros, &against);
    draw.part |= labels->wanted && !same;
    conditions_tell(&told, &against, &draw);
    draw.count = 2;
    if (negative_class >= 0) draw.negative_classes = away;
    if (labels->wanted) draw.classes = same ? away : classes;
    quell_status status = quell_told_check(sampler->denoiser, &draw);
    free(zeros);
    return status ? complain_status(status) : EXIT_DONE;
}

quell_status guided_note(struct guided *guided, const quell_sampler *sampler,
                         const quell_draw *draw)
{
    int vain = 0;
    if (!draw->part) return QUELL_OK; /* the library checks a draw that is not a part itself */
    quell_status status = guided->any ? QUELL_OK : quell_told_in_vain(sampler, draw, &vain);
    guided->any = guided->any || !vain;
    guided->none = !guided->any;
    return status;
}

quell_status guided_check(const struct guided *guided)
{
    if (!guided->none) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "--guidance has no effect: it is away from the classes and the conditions "
                      "that all samples have");
}

/* Reads the next rows of a file into memory that grows with them. */
static quell_status read_rows(struct condition *one, size_t rows)
{
    size_t size = one->taken->size;
    if (rows > one->room) {
        free(one->values);
        one->values = quell_new(rows, size * sizeof *one->values);
        one->room = one->values ? rows : 0;
        if (!one->values)
            return quell_fail(QUELL_NO_MEMORY, "no memory for %zu rows of condition '%.60s'", rows,
                              one->taken->name);
    }
    return quell_npy_floats(&one->file, rows * size, one->values);
}

size_t conditions_rows(const struct conditions *conditions, size_t bytes)
{
    size_t most = 1;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *one = &conditions->one[i];
        if (one->file.path && one->taken->size > most) most = one->taken->size;
    }
    size_t rows = bytes / (most * sizeof(float));
    return rows ? rows : 1;
}

quell_status conditions_fill(struct conditions *conditions, size_t rows)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < conditions->count && !status; i++) {
        if (!conditions->one[i].file.path) continue;
        status = read_rows(&conditions->one[i], rows);
        tell(conditions, i, rows);
    }
    return status;
}

quell_status conditions_skip(struct conditions *conditions, size_t rows)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < conditions->count && !status; i++) {
        struct condition *one = &conditions->one[i];
        if (one->file.path) status = quell_npy_skip(&one->file, rows * one->taken->size);
    }
    return status;
}

void conditions_close(struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        quell_npy_close(&conditions->one[i].file);
        free(conditions->one[i].values);
    }
    conditions->count = 0;
}

uint64_t condition_digest(const struct condition *condition)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_floats(&digest, condition->values, condition->taken->size);
    return quell_digest_end(&digest);
}
