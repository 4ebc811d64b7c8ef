/* SPDX-License-Identifier: MIT */
/* JSON as a tree, with the names and the ways of jansson: what the command prints is looked at in
 * it. That it is JSON, python/tests/plain/test_json.py says, by Python's own reader. */
#ifndef QUELL_TESTS_JSON_TREE_H
#define QUELL_TESTS_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct json_tree json_t;

/* NULL: it is not JSON, or has a name twice. */
json_t *json_loads(const char *text);
void json_decref(json_t *value);

/* Each takes NULL, too, which is no value of any kind. */
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
