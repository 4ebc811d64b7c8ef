/* SPDX-License-Identifier: MIT */
/* Parsing of request targets and of headers. Nothing here depends on libmicrohttpd. */
#ifndef QUELL_SERVE_HEADERS_H
#define QUELL_SERVE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes %XX in place, and returns the new length. An encoded NUL becomes the character 1: a NUL
 * would end the string and hide what follows, and serve_is_plain refuses either. A % that is not
 * followed by two hexadecimal digits stays as it is. */
size_t serve_unescape(char *text);

/* Writes `text` to to[size] as a word of printable ASCII: all other characters become %XX, so that
 * nothing a client sends can look like another field or line of a log. A text that is too long is
 * cut, and ends with "...". */
void serve_escape(char *to, size_t size, const char *text);

/* Whether `text` contains no control characters. */
bool serve_is_plain(const char *text);

/* Returns the path of a request target. In an absolute target it follows the authority (RFC 9112,
 * 3.2.2). Returns NULL if an absolute target has no authority. */
const char *serve_path(const char *target);

/* Whether `tag` is in a list of entity tags, or the list is "*" (If-None-Match, RFC 9110, 13.1.2).
 * Weak tags are compared as if they were strong. If `list` is NULL or malformed, nothing is in
 * it. */
bool serve_tag_listed(const char *list, const char *tag);

/* The same for If-Match (13.1.1), where weak tags never match, and `list` is not NULL. `tag` is ""
 * for a result without a tag, which only "*" matches. */
bool serve_tag_matched(const char *list, const char *tag);

#endif
