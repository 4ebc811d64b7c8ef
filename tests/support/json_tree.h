/* SPDX-License-Identifier: MIT */
/* JSON as a tree, with the names and functions of jansson, to read what the command prints.
 * python/tests/plain/test_json.py checks by Python's own reader that it is JSON. */
#ifndef QUELL_TESTS_JSON_TREE_H
#define QUELL_TESTS_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct json_tree json_t;

/* Returns NULL if the text is not JSON, or has a name twice. */
json_t *json_loads(const char *text);
void json_decref(json_t *value);

/* Each of these accepts NULL as well, which is no value of any kind. */
json_t *json_object_get(const json_t *object, const char *name);
size_t json_object_size(const json_t *object);
json_t *json_array_get(const json_t *array, size_t i);
size_t json_array_size(const json_t *array);
bool json_is_string(const json_t *value);
bool json_is_number(const json_t *value);
bool json_is_integer(const json_t *value); /* without a point or an exponent */
bool json_is_null(const json_t *value);
bool json_is_true(const json_t *value);
bool json_is_false(const json_t *value);
const char *json_string_value(const json_t *value);
double json_number_value(const json_t *value);
long long json_integer_value(const json_t *value);
bool json_equal(const json_t *a, const json_t *b); /* of strings */

#endif
