/* SPDX-License-Identifier: MIT */
#include "cli/report.h"
#include "cli/cli.h"
#include "cli/samples_digest.h"

#include <inttypes.h>
#include <stdio.h>

static int put(void *user, const char *text, size_t size)
{
    return fwrite(text, 1, size, user) < size; /* finish_stdout complains of a failure */
}

static struct quell_json_writer begin(int digits)
{
    struct quell_json_writer writer = {.put = put, .user = stdout, .digits = digits, .lines = true};
    quell_json_begin(&writer, NULL, '{');
    return writer;
}

struct quell_json_writer report_begin(void) { return begin(9); }

struct quell_json_writer report_begin_exact(void) { return begin(17); }

int report_end(struct quell_json_writer *writer)
{
    quell_json_end(writer, '}');
    putchar('\n');
    return EXIT_DONE;
}

void report_count(struct quell_json_writer *writer, const char *name, uint64_t count)
{
    char digits[24];
    if (count <= INT64_MAX) {
        quell_json_put_whole(writer, name, (int64_t)count);
        return;
    }
    snprintf(digits, sizeof digits, "%" PRIu64, count);
    quell_json_put_text(writer, name, digits);
}

void report_digest(struct quell_json_writer *writer, const char *name, uint64_t digest)
{
    char text[DIGEST_TEXT];
    digest_write(text, digest);
    quell_json_put_text(writer, name, text);
}

void report_shape(struct quell_json_writer *writer, uint64_t count, size_t rank,
                  const size_t *shape)
{
    quell_json_begin(writer, "shape", '[');
    report_count(writer, NULL, count);
    for (size_t i = 0; i < rank; i++) report_count(writer, NULL, shape[i]);
    quell_json_end(writer, ']');
}
