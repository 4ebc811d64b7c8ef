/* SPDX-License-Identifier: MIT */
#include "json_tree.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* kind: the first character of its text. name: of a member. text: of a string or a number. */
struct json_tree {
    char kind;
    char *name, *text;
    size_t count;
    json_t **child;
};

static json_t *read_value(char *value, const char *name);

static void add(json_t *parent, json_t *child)
{
    parent->child = realloc(parent->child, (parent->count + 1) * sizeof(json_t *));
    parent->child[parent->count++] = child;
}

static void add_members(json_t *made, char *value)
{
    struct quell_json_object object;
    const char *twice;
    if (quell_json_open(&object, value, &twice) || twice) abort();
    for (size_t i = 0; i < object.count; i++)
        add(made, read_value(object.members[i].value, object.members[i].name));
    quell_json_close(&object);
}

/* A string within a list is decoded as the member of an object. */
static char *text_of(const char *value)
{
    size_t size = quell_json_size(value);
    if (*value != '"')
        return quell_json_is_text(value) ? strdup(quell_json_text(value)) : strndup(value, size);
    char *copy = malloc(size + 6), *text = NULL;
    struct quell_json_object object;
    const char *twice;
    memcpy(copy, "{\"\":", 4);
    memcpy(copy + 4, value, size);
    memcpy(copy + 4 + size, "}", 2);
    if (!quell_json_open(&object, copy, &twice))
        text = strdup(quell_json_text(object.members[0].value));
    quell_json_close(&object);
    free(copy);
    return text;
}

static json_t *read_value(char *value, const char *name)
{
    json_t *made = calloc(1, sizeof *made);
    made->kind = quell_json_is_text(value) ? '"' : *value;
    made->name = name ? strdup(name) : NULL;
    if (made->kind == '{') add_members(made, value);
    for (const char *at = quell_json_first(value); at; at = quell_json_next(at))
        add(made, read_value(value + (at - value), NULL));
    if (made->kind == '"' || json_is_number(made)) made->text = text_of(value);
    return made;
}

json_t *json_loads(const char *text)
{
    size_t at;
    char *copy = strdup(text);
    json_t *made =
        quell_json_check(copy, strlen(copy), &at) ? NULL : read_value(quell_json_root(copy), NULL);
    free(copy);
    return made;
}

void json_decref(json_t *value)
{
    if (!value) return;
    for (size_t i = 0; i < value->count; i++) json_decref(value->child[i]);
    free(value->child);
    free(value->name);
    free(value->text);
    free(value);
}

static char kind(const json_t *value) { return value ? value->kind : 0; }

json_t *json_object_get(const json_t *object, const char *name)
{
    for (size_t i = 0; i < json_object_size(object); i++)
        if (!strcmp(object->child[i]->name, name)) return object->child[i];
    return NULL;
}

json_t *json_array_get(const json_t *array, size_t i)
{
    return i < json_array_size(array) ? array->child[i] : NULL;
}

size_t json_object_size(const json_t *object) { return kind(object) == '{' ? object->count : 0; }
size_t json_array_size(const json_t *array) { return kind(array) == '[' ? array->count : 0; }
bool json_is_string(const json_t *value) { return kind(value) == '"'; }
bool json_is_null(const json_t *value) { return kind(value) == 'n'; }
bool json_is_true(const json_t *value) { return kind(value) == 't'; }
bool json_is_false(const json_t *value) { return kind(value) == 'f'; }

bool json_is_number(const json_t *value)
{
    char first = kind(value);
    return quell_json_is_number(&first);
}

bool json_is_integer(const json_t *value)
{
    return json_is_number(value) && !strpbrk(value->text, ".eE");
}

const char *json_string_value(const json_t *value)
{
    return json_is_string(value) ? value->text : NULL;
}

double json_number_value(const json_t *value)
{
    return json_is_number(value) ? strtod(value->text, NULL) : 0.0;
}

long long json_integer_value(const json_t *value)
{
    return json_is_integer(value) ? strtoll(value->text, NULL, 10) : 0;
}

bool json_equal(const json_t *a, const json_t *b)
{
    return json_is_string(a) && json_is_string(b) && !strcmp(a->text, b->text);
}
