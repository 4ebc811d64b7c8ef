/* SPDX-License-Identifier: MIT */
/* Reports of `quell sample --json`: parts of one stream have all settings in common but those that
 * do not change a sample. */
#include "cli/cli.h"
#include "cli/join.h"
#include "cli/options.h"

#include <errno.h>
#include <string.h>

/* What may differ between parts of a stream, and is none of its settings. */
static const char *const own_fields[] = {
    "count",  "first", "shape",   "from", "classes", "threads", "isa",
    "ranks",  "parts", "seconds", "out",  "plot",    "exact",   "samples_per_second",
    "resumed"};

static int bad_report(const struct part *part, const char *field)
{
    return complain(EXIT_FILE,
                    "%s: its field '%s' is not what `quell sample --json --out F.npy` reports",
                    part->name, field);
}

/* Counts beyond 2^63 are texts (cli/report.h). */
static bool read_count(const json_t *root, const char *field, uint64_t *count)
{
    const json_t *value = json_object_get(root, field);
    if (json_is_string(value)) return options_count(json_string_value(value), count);
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *count = (uint64_t)json_integer_value(value);
    return true;
}

/* The settings of the first part, which all others must have. */
static int keep_settings(struct parts *parts, const struct part *part, const json_t *root)
{
    parts->settings = json_copy((json_t *)root);
    if (!parts->settings) return complain(EXIT_MEMORY, "%s: no memory for it", part->name);
    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        json_object_del(parts->settings, own_fields[i]);
    return EXIT_DONE;
}

static int check_settings(const struct parts *parts, const struct part *part, const json_t *root)
{
    const char *field;
    json_t *value;
    json_object_foreach(parts->settings, field, value)
    {
        if (!json_equal(value, json_object_get(root, field)))
            return complain(EXIT_FILE, "%s: its '%s' is not that of %s: no parts of one stream",
                            part->name, field, parts->part[0].name);
    }
    return EXIT_DONE;
}

static int read_fields(struct parts *parts, struct part *part, const json_t *root)
{
    const char *out = json_string_value(json_object_get(root, "out"));
    uint64_t rows;
    if (!out) return bad_report(part, "out");
    if (!read_count(root, "first", &part->first)) return bad_report(part, "first");
    if (!read_count(root, "count", &rows)) return bad_report(part, "count");
    part->rows = rows;
    part->path = strdup(out);
    if (!part->path) return complain(EXIT_MEMORY, "%s: no memory for it", part->name);
    return parts->settings ? check_settings(parts, part, root) : keep_settings(parts, part, root);
}

/* Not by io/json.h, which takes whole numbers as doubles: a seed has 64 bits. */
static json_t *load(const struct part *part, int *code)
{
    json_error_t error;
    json_t *root = json_load_file(part->name, JSON_REJECT_DUPLICATES, &error);
    *code = EXIT_DONE;
    if (root) return root;
    if (json_error_code(&error) == json_error_cannot_open_file)
        *code = complain(EXIT_FILE, "%s: cannot be read: %s", part->name, strerror(errno));
    else
        *code =
            complain(EXIT_FILE, "%s: line %d: not JSON: %s", part->name, error.line, error.text);
    return NULL;
}

int part_read_report(struct parts *parts, struct part *part)
{
    int code;
    json_t *root = load(part, &code);
    if (root) code = read_fields(parts, part, root);
    json_decref(root);
    return code;
}
