/* SPDX-License-Identifier: MIT */
#include "cli/own_words.h"
#include "cli/options.h"

#include <stdbool.h>
#include <string.h>

#define LONGEST 32

static bool follows(const char *at, const char *words)
{
    return !strncmp(at, words, strlen(words));
}

static bool comes_after(const char *message, const char *at, const char *words)
{
    size_t length = strlen(words);
    return (size_t)(at - message) >= length && !memcmp(at - length, words, length);
}

/* Returns whether the word at `at` is the name of an option, the subject of the message or what is
 * to be left out, and not an ordinary word as in "chooses its own steps" or "the guide has". */
static bool is_subject(const char *message, const char *at, size_t length)
{
    const char *next = at + length;
    if (comes_after(message, at, "the ")) return false;
    return comes_after(message, at, "leave ") || follows(next, " is ") || follows(next, " are ") ||
           follows(next, " has ");
}

/* Copies the name at `at` to `name`, spelled as on the command line. Returns its length; 0 if it is
 * not an option that was given. */
static size_t option_at(const char *at, char name[LONGEST])
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    if (!length || length >= LONGEST) return 0;
    for (size_t i = 0; i < length; i++) name[i] = at[i] == '_' ? '-' : at[i];
    name[length] = '\0';
    return options_given(name) ? length : 0;
}

void own_words(const char *message, char *text, size_t size)
{
    size_t used = 0;
    for (const char *at = message; *at && used + 1 < size;) {
        char name[LONGEST];
        bool begins = at > message && at[-1] == ' ';
        size_t length = begins ? option_at(at, name) : 0;
        if (length && is_subject(message, at, length) && used + 2 + length < size) {
            memcpy(text + used, "--", 2);
            memcpy(text + used + 2, name, length);
            used += 2 + length;
            at += length;
        } else {
            text[used++] = *at++;
        }
    }
    text[used] = '\0';
}
