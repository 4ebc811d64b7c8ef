/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LONGEST QUELL_NEAREST_LONGEST

struct quell_nearest quell_nearest_to(const char *word, size_t length)
{
    return (struct quell_nearest){
        .word = word, .length = length, .cost = 2 * ((length + 2) / 3 + 1)};
}

static char plain(char c)
{
    if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
    return c == '-' ? '_' : c == '+' ? 'p' : c; /* DPM++ is dpmpp */
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Optimal string alignment distance. Only three rows of the table are kept. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++) last[j] = before[j] = j;
    for (size_t i = 1; i <= m; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t changed = last[j - 1] + (plain(a[i - 1]) != plain(b[j - 1]));
            row[j] = least(changed, 1 + least(last[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last, last = row, row = free_row;
    }
    return last[n];
}

/* The cost of turning the word into the name: 2 for each letter that is changed, added or left out;
 * and only 1 if the word is the name without its end or without a piece of its middle, as dpm2m is
 * dpmpp_2m, because whoever wrote that knew the name. */
static size_t cost(const char *word, size_t m, const char *name, size_t n)
{
    size_t start = 0, end = 0;
    while (start < m && start < n && plain(word[start]) == plain(name[start])) start++;
    while (start + end < m && end < n && plain(word[m - 1 - end]) == plain(name[n - 1 - end]))
        end++;
    return start + end == m && start >= 3 && n > m ? 1 : 2 * distance(word, m, name, n);
}

/* Whether the name is nearer than all before it. */
static bool is_nearer(struct quell_nearest *nearest, const char *name, size_t length)
{
    if (nearest->length > LONGEST || length > LONGEST) return false;
    size_t far = cost(nearest->word, nearest->length, name, length);
    if (far >= nearest->cost || far >= 2 * nearest->length) return false;
    nearest->cost = far;
    return true;
}

static void hint(struct quell_nearest *nearest, const char *name, size_t length)
{
    snprintf(nearest->hint, sizeof nearest->hint, " (did you mean '%.*s'?)", (int)length, name);
}

void quell_nearest_try_part(struct quell_nearest *nearest, const char *name, size_t length)
{
    if (is_nearer(nearest, name, length)) hint(nearest, name, length);
}

void quell_nearest_try_as(struct quell_nearest *nearest, const char *name, const char *meant)
{
    if (is_nearer(nearest, name, strlen(name))) hint(nearest, meant, strlen(meant));
}

void quell_nearest_try(struct quell_nearest *nearest, const char *name)
{
    quell_nearest_try_part(nearest, name, strlen(name));
}
