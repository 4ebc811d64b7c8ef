/* SPDX-License-Identifier: MIT */
#include "serve/body.h"
#include "base/fail.h"
#include "base/json.h"
#include "serve/headers.h"
#include "serve/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONGEST_TEXT 65536 /* bytes of the value of a parameter */

struct reading {
    struct serve_ask *ask;
    const quell_model *model;
};

/* ---- Common to all types ---- */

static quell_status take_text(const struct reading *reading, const char *name, const char *value)
{
    if (!serve_is_plain(name) || !serve_is_plain(value))
        return quell_fail(QUELL_BAD_ARGUMENT, "a parameter has a control character in it");
    return serve_ask_take(reading->ask, reading->model, name, value);
}

static quell_status take_npy(const struct reading *reading, const char *name, const char *bytes,
                             size_t size)
{
    enum serve_wanted wanted;
    struct serve_array array = {0};
    if (!serve_ask_is_array(name, &wanted))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "no array '%.40s': there are from, classes, seeds, indices, "
                          "condition.NAME and negative-condition.NAME",
                          name);
    quell_status status = serve_array_npy(&array, name, wanted, bytes, size);
    if (!status) status = serve_ask_array(reading->ask, reading->model, name, &array);
    serve_array_free(&array);
    return status;
}

/* ---- multipart/form-data ---- */

static quell_status take_part(void *user, const struct serve_part *part)
{
    const struct reading *reading = user;
    enum serve_wanted wanted;
    if (serve_is_npy(part->bytes, part->size) || serve_ask_is_array(part->name, &wanted))
        return take_npy(reading, part->name, part->bytes, part->size);
    if (part->size > LONGEST_TEXT || memchr(part->bytes, '\0', part->size))
        return quell_fail(QUELL_BAD_ARGUMENT, "%.80s: must be a short text, or an .npy file",
                          part->name);
    char *text = strndup(part->bytes, part->size);
    if (!text) return quell_fail(QUELL_NO_MEMORY, "no memory for a part");
    quell_status status = take_text(reading, part->name, text);
    free(text);
    return status;
}

/* ---- application/x-www-form-urlencoded ---- */

/* Decodes a name or a value in place. */
static void decode(char *text)
{
    for (char *at = text; *at; at++)
        if (*at == '+') *at = ' ';
    serve_unescape(text);
}

static quell_status take_form(const struct reading *reading, char *body, size_t size)
{
    if (memchr(body, '\0', size))
        return quell_fail(QUELL_BAD_ARGUMENT, "the body has a NUL character in it");
    if (body[strspn(body, " \t\r\n")] == '{') /* no parameter begins with a brace */
        return quell_fail(QUELL_BAD_ARGUMENT, "the body is a form by its type, and looks like "
                                              "JSON: send it as Content-Type: application/json");
    quell_status status = QUELL_OK;
    for (char *at = body, *next; at && *at && !status; at = next) {
        next = strchr(at, '&');
        if (next) *next++ = '\0';
        char *value = strchr(at, '=');
        if (value) *value++ = '\0';
        decode(at);
        if (value) decode(value);
        if (*at) status = take_text(reading, at, value ? value : "");
    }
    return status;
}

/* ---- application/json ---- */

static quell_status take_json_array(const struct reading *reading, const char *name,
                                    const char *value)
{
    enum serve_wanted wanted;
    struct serve_array array = {0};
    serve_ask_is_array(name, &wanted);
    quell_status status = serve_array_json(&array, name, wanted, value);
    if (!status) status = serve_ask_array(reading->ask, reading->model, name, &array);
    serve_array_free(&array);
    return status;
}

/* What has one for each sample, in place of one for all; NULL: nothing has. */
static const char *list_of(const char *name)
{
    static const char *const lists[][2] = {
        {"class", "classes"}, {"seed", "seeds"}, {"first", "indices"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!strcmp(name, lists[i][0])) return lists[i][1];
    return NULL;
}

/* Takes a number, true, false or a string in the form that an address would have. */
static quell_status take_json_text(const struct reading *reading, const char *name, char *value)
{
    char text[64];
    const char *decoded = quell_json_text(value);
    if (decoded) return take_text(reading, name, decoded);
    size_t size = quell_json_size(value);
    quell_status known = serve_ask_known(reading->model, name);
    if (known) return known;
    if (quell_json_is_list(value) && list_of(name))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: must be one for all samples; a list is '%s'",
                          name, list_of(name));
    if (size >= sizeof text || !(quell_json_is_number(value) || quell_json_is_truth(value)))
        return quell_fail(QUELL_BAD_ARGUMENT, "%.40s: must be a number, a text, true or false",
                          name);
    snprintf(text, sizeof text, "%.*s", (int)size, value);
    return take_text(reading, name, text);
}

/* Takes an object such as {"energy": 50, "pixels": [[...], ...], "depth": null}. */
static quell_status take_json_conditions(const struct reading *reading, const char *name,
                                         char *value)
{
    struct quell_json_object object = {0};
    const char *twice;
    if (!quell_json_is_object(value))
        return quell_fail(QUELL_BAD_ARGUMENT, "%s: must be an object, as {\"energy\": 50}", name);
    if (quell_json_open(&object, value, &twice))
        return quell_fail(QUELL_NO_MEMORY, "no memory for conditions");
    quell_status status = QUELL_OK;
    if (twice) status = quell_fail(QUELL_BAD_ARGUMENT, "%s: '%.40s' is given twice", name, twice);
    for (size_t i = 0; i < object.count && !status; i++) {
        char own[SERVE_MOST_PART_NAME];
        const struct quell_json_member *member = &object.members[i];
        bool none = *member->value == 'n';
        int length =
            snprintf(own, sizeof own, none ? "%s%s=none" : "%s.%s", none ? "" : name, member->name);
        if (length < 0 || (size_t)length >= sizeof own)
            status = quell_fail(QUELL_BAD_ARGUMENT, "%s: a name is too long", name);
        else
            status =
                none ? take_text(reading, name, own) : take_json_array(reading, own, member->value);
    }
    quell_json_close(&object);
    return status;
}

static quell_status take_member(const struct reading *reading, const char *name, char *value)
{
    enum serve_wanted wanted;
    bool condition = !strcmp(name, "condition") || !strcmp(name, "negative-condition");
    if (condition) return take_json_conditions(reading, name, value);
    return serve_ask_is_array(name, &wanted) ? take_json_array(reading, name, value)
                                             : take_json_text(reading, name, value);
}

static quell_status take_json(const struct reading *reading, char *body, size_t size)
{
    struct quell_json_object object = {0};
    const char *twice;
    size_t at = 0;
    const char *problem = quell_json_check(body, size, &at);
    if (problem)
        return quell_fail(QUELL_BAD_ARGUMENT, "the body is not JSON: at byte %zu: %s", at, problem);
    char *root = quell_json_root(body);
    if (!quell_json_is_object(root))
        return quell_fail(QUELL_BAD_ARGUMENT, "the body must be an object, as {\"seed\": 7}");
    if (quell_json_open(&object, root, &twice))
        return quell_fail(QUELL_NO_MEMORY, "no memory for a body");
    quell_status status = QUELL_OK;
    if (twice) status = quell_fail(QUELL_BAD_ARGUMENT, "%.40s is given twice", twice);
    for (size_t i = 0; i < object.count && !status; i++)
        status = take_member(reading, object.members[i].name, object.members[i].value);
    quell_json_close(&object);
    return status;
}

/* ---- All types ---- */

static quell_status take_array(const struct reading *reading, char *body, size_t size)
{
    return take_npy(reading, "from", body, size);
}

static const struct {
    const char *type;
    quell_status (*take)(const struct reading *reading, char *body, size_t size);
} types[] = {
    {"application/json", take_json},
    {"application/x-npy", take_array},
    {"application/x-www-form-urlencoded", take_form},
    {"multipart/form-data", NULL},
};

#define TYPES (sizeof types / sizeof *types)

/* Returns the index of a type in `types`; TYPES if it is not there. */
static size_t find_type(const char *type)
{
    size_t length = type ? strcspn(type, "; \t") : 0, i = 0;
    while (i < TYPES &&
           (strlen(types[i].type) != length || strncasecmp(type, types[i].type, length) != 0))
        i++;
    return i;
}

bool serve_body_readable(const char *type) { return find_type(type) < TYPES; }

/* Without a body, an empty object or form may be meant, but never an empty file. */
quell_status serve_body_none(const char *type)
{
    size_t i = find_type(type);
    if (i == TYPES || types[i].take == take_json || types[i].take == take_form) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT, "%s: the body is empty; send it, or no Content-Type",
                      types[i].take ? "from" : types[i].type);
}

quell_status serve_body_read(struct serve_ask *ask, const quell_model *model, const char *type,
                             char *body, size_t size)
{
    struct reading reading = {ask, model};
    size_t i = find_type(type);
    if (i == TYPES) return quell_fail(QUELL_BAD_ARGUMENT, "the body must be " SERVE_BODY_TYPES);
    return types[i].take ? types[i].take(&reading, body, size)
                         : serve_multipart(type, body, size, take_part, &reading);
}
