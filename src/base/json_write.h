/* SPDX-License-Identifier: MIT */
/* Writes JSON as it is produced: nothing is kept, and no memory is allocated. */
#ifndef QUELL_BASE_JSON_WRITE_H
#define QUELL_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* put: takes the next characters; a result other than 0 ends the writing. digits: how many
 * significant digits a number has; 17 keep every double. lines: each value stands on a line of its
 * own; otherwise there is no white space. failed, depth, begun: private to the writer. */
struct quell_json_writer {
    int (*put)(void *user, const char *text, size_t size);
    void *user;
    int digits;
    bool lines;
    bool failed;
    size_t depth;
    bool begun;
};

/* Begins a list ('[') or an object ('{'). name, here and below: the name of the member, in an
 * object; NULL in a list. */
void quell_json_begin(struct quell_json_writer *writer, const char *name, char bracket);
void quell_json_end(struct quell_json_writer *writer, char bracket);

/* Writes a text; NULL becomes null. In a text that is not UTF-8, each byte that is not ASCII
 * becomes U+FFFD. */
void quell_json_put_text(struct quell_json_writer *writer, const char *name, const char *text);

/* Writes a number with a decimal point or an exponent; null if it is not finite. */
void quell_json_put_number(struct quell_json_writer *writer, const char *name, double number);
void quell_json_put_whole(struct quell_json_writer *writer, const char *name, int64_t number);
void quell_json_put_truth(struct quell_json_writer *writer, const char *name, bool truth);
void quell_json_put_null(struct quell_json_writer *writer, const char *name);

/* A value that was read (base/json.h). */
void quell_json_put_value(struct quell_json_writer *writer, const char *name, const char *value);

#endif
