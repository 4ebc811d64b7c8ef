/* SPDX-License-Identifier: MIT */
/* What a client says besides the parameters: the form of its address, tags that it knows. Nothing
 * here knows libmicrohttpd. */
#ifndef QUELL_SERVE_HEADERS_H
#define QUELL_SERVE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes %XX in place and returns the new length. NUL becomes the character 1: C's texts end at
 * the one and would hide what follows, and nothing that has a name here has either in it
 * (serve_is_plain). What is not %XX stays as it is. */
size_t serve_unescape(char *text);

/* Writes a text as a word of ASCII: what is no letter, digit or sign becomes %XX, so that nothing
 * in a log can be taken for another field or line of it. What does not fit is left out at the
 * end. */
void serve_escape(char *to, size_t size, const char *text);

/* Whether a text has no control character in it. */
bool serve_is_plain(const char *text);

/* The path of a request's target: that of an absolute one begins behind its authority (RFC 9112,
 * 3.2.2). NULL for an absolute one without an authority. */
const char *serve_path(const char *target);

/* Whether a list of entity tags has `tag` in it, or is a star (RFC 9110, 13.1.2). Weak tags are the
 * same as strong ones. list: NULL: no list. What is not such a list has nothing in it. */
bool serve_tag_listed(const char *list, const char *tag);

/* The same for If-Match (13.1.1), in which a weak tag is no tag: nothing that is sent has one. tag:
 * "" for a result without a tag, which a star alone matches. */
bool serve_tag_matched(const char *list, const char *tag);

#endif
