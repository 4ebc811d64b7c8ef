/* SPDX-License-Identifier: MIT */
#include "cli/report.h"
#include "cli/cli.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "\xef\xbf\xbd" /* U+FFFD */

static json_t *replaced(const char *text)
{
    char *copy = quell_new(strlen(text) * strlen(UNKNOWN) + 1, 1), *to = copy;
    if (!copy) return NULL;
    for (; *text; text++) {
        size_t length = *text & '\x80' ? strlen(UNKNOWN) : 1;
        memcpy(to, length > 1 ? UNKNOWN : text, length);
        to += length;
    }
    json_t *made = json_string(copy);
    free(copy);
    return made;
}

json_t *report_text(const char *text)
{
    if (!text) return json_null();
    json_t *made = json_string(text);
    return made ? made : replaced(text);
}

json_t *report_count(uint64_t count)
{
    char digits[24];
    if (count <= INT64_MAX) return json_integer((json_int_t)count);
    snprintf(digits, sizeof digits, "%" PRIu64, count);
    return json_string(digits);
}

static int print(json_t *object, size_t digits)
{
    if (!object) return complain(EXIT_MEMORY, "no memory for the JSON report");
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
    putchar('\n'); /* a failure to write shows when stdout is closed */
    json_decref(object);
    return EXIT_DONE;
}

int report_print(json_t *object) { return print(object, 9); }

int report_print_exact(json_t *object) { return print(object, 17); }
