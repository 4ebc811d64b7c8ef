/* SPDX-License-Identifier: MIT */
/* The reader of JSON: a text that it accepts can be walked through, before and after its strings
 * were decoded. */
#include "base/json.h"
#include "base/json_write.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

static int drop(void *user, const char *text, size_t size)
{
    (void)text;
    *(size_t *)user += size;
    return 0;
}

static void walk(char *value, int depth)
{
    struct quell_json_object object;
    struct quell_json_writer writer = {.put = drop, .user = &(size_t){0}, .digits = 17};
    const char *twice;
    double number;
    uint64_t whole;
    if (depth > 64) return;
    if (!quell_json_same(value, value)) abort();
    if (quell_json_is_number(value) && !quell_json_number(value, &number)) abort();
    (void)quell_json_whole(value, &whole);
    size_t length = 0;
    for (const char *at = quell_json_first(value); at; at = quell_json_next(at), length++)
        walk(value + (at - value), depth + 1);
    if (quell_json_length(value) != length) abort();
    quell_json_put_value(&writer, NULL, value);
    if (!quell_json_is_object(value) || quell_json_open(&object, value, &twice)) return;
    for (size_t i = 0; i < object.count; i++) {
        if (!quell_json_get(&object, object.members[i].name)) abort();
        walk(object.members[i].value, depth + 1);
    }
    quell_json_close(&object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at;
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    if (!quell_json_check(text, size, &at)) {
        walk(quell_json_root(text), 0);
        walk(quell_json_root(text), 0);
    } else if (at > size) {
        abort();
    }
    free(text);
    return 0;
}
