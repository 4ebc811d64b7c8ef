/* SPDX-License-Identifier: MIT */
/* JSON that goes out as it is made: nothing is kept, and no memory is asked for. */
#ifndef QUELL_BASE_JSON_WRITE_H
#define QUELL_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* put: takes the next characters; other than 0 ends the writing. digits: the significant ones of a
 * number, 17 for all of a double. lines: each value on a line of its own, else no white space.
 * failed, depth, begun: the writer's own. */
struct quell_json_writer {
    int (*put)(void *user, const char *text, size_t size);
    void *user;
    int digits;
    bool lines;
    bool failed;
    size_t depth;
    bool begun;
};

/* A list, '[' to ']', or an object, '{' to '}'. name, here and below: of the member of an object;
 * NULL in a list. */
void quell_json_begin(struct quell_json_writer *writer, const char *name, char bracket);
void quell_json_end(struct quell_json_writer *writer, char bracket);

/* NULL is null. Where a text is not UTF-8, each of its bytes that is not ASCII becomes U+FFFD. */
void quell_json_put_text(struct quell_json_writer *writer, const char *name, const char *text);

/* With a point or an exponent; null if it is not finite. */
void quell_json_put_number(struct quell_json_writer *writer, const char *name, double number);
void quell_json_put_whole(struct quell_json_writer *writer, const char *name, int64_t number);
void quell_json_put_truth(struct quell_json_writer *writer, const char *name, bool truth);
void quell_json_put_null(struct quell_json_writer *writer, const char *name);

/* A value that was read (base/json.h). */
void quell_json_put_value(struct quell_json_writer *writer, const char *name, const char *value);

#endif
