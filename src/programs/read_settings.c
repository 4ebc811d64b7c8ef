/* SPDX-License-Identifier: MIT */
/* Reads the attributes of an instruction, which its kind lists. */
#include "programs/read.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST_WHOLE 4294967296.0

static bool read_whole(const char *value, int64_t *to)
{
    double number;
    if (!quell_json_number(value, &number) || !(fabs(number) <= MOST_WHOLE)) return false;
    *to = (int64_t)number;
    return (double)*to == number;
}

static bool read_wholes(const char *value, struct quell_setting *set)
{
    if (!quell_json_is_list(value)) return false;
    for (const char *at = quell_json_first(value); at; at = quell_json_next(at))
        if (set->count == QUELL_MAX_RANK || !read_whole(at, &set->whole[set->count++]))
            return false;
    return true;
}

static bool read_choice(const char *text, const char *const *choices, struct quell_setting *set)
{
    for (int64_t i = 0; text && choices[i]; i++)
        if (!strcmp(choices[i], text)) {
            set->whole[0] = i;
            return true;
        }
    return false;
}

static bool read_real(const char *value, struct quell_setting *set)
{
    double number;
    if (!quell_json_number(value, &number)) return false;
    set->real = (float)number;
    return fabsf(set->real) <= FLT_MAX;
}

static quell_status read_value(const struct quell_reader *reader,
                               const struct quell_attribute *attribute, const char *value,
                               struct quell_setting *set)
{
    set->given = true;
    switch (attribute->type) {
    case QUELL_WHOLE:
        if (read_whole(value, &set->whole[0])) return QUELL_OK;
        return quell_reader_bad(reader, "'%s' must be a whole number", attribute->name);
    case QUELL_WHOLES:
        if (read_wholes(value, set)) return QUELL_OK;
        return quell_reader_bad(reader, "'%s' must be a list of at most %d whole numbers",
                                attribute->name, QUELL_MAX_RANK);
    case QUELL_REAL:
        if (read_real(value, set)) return QUELL_OK;
        return quell_reader_bad(reader, "'%s' must be a number within float32", attribute->name);
    case QUELL_TRUTH:
        set->whole[0] = quell_json_is_truth(value) && *value == 't';
        if (quell_json_is_truth(value)) return QUELL_OK;
        return quell_reader_bad(reader, "'%s' must be true or false", attribute->name);
    case QUELL_CHOICE:
        break;
    }
    if (read_choice(quell_json_text(value), attribute->choices, set)) return QUELL_OK;
    return quell_reader_bad(reader, "'%s' is none that is known: see docs/programs.md",
                            attribute->name);
}

quell_status quell_read_setting(const struct quell_reader *reader,
                                const struct quell_json_member *member)
{
    const struct quell_attribute *attributes = reader->now->kind->attributes;
    for (size_t i = 0; i < QUELL_MOST_ATTRIBUTES && attributes[i].name; i++)
        if (!strcmp(attributes[i].name, member->name))
            return read_value(reader, &attributes[i], member->value, &reader->now->set[i]);
    return quell_reader_bad(reader, "'%.40s' is no attribute of this kind: see docs/programs.md",
                            member->name);
}

/* Sets the attributes that were not given to their defaults. */
quell_status quell_settle_settings(const struct quell_reader *reader)
{
    const struct quell_attribute *attributes = reader->now->kind->attributes;
    for (size_t i = 0; i < QUELL_MOST_ATTRIBUTES && attributes[i].name; i++) {
        struct quell_setting *set = &reader->now->set[i];
        if (set->given) continue;
        if (attributes[i].needed)
            return quell_reader_bad(reader, "'%s' is not there", attributes[i].name);
        set->real = (float)attributes[i].usual;
        if (attributes[i].type != QUELL_WHOLES) set->whole[0] = (int64_t)attributes[i].usual;
    }
    return QUELL_OK;
}
