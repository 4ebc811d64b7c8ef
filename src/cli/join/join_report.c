/* SPDX-License-Identifier: MIT */
/* Reads reports of `quell sample --json`. The parts of one stream agree in all settings except
 * those that do not change a sample. */
#include "cli/cli.h"
#include "cli/join/join.h"
#include "cli/options.h"
#include "cli/samples_digest.h"

#include <stdlib.h>
#include <string.h>

/* Fields that may differ between the parts of a stream. */
static const char *const own_fields[] = {
    "count",   "first",         "shape",   "from", "classes", "threads",      "isa",
    "ranks",   "parts",         "seconds", "out",  "plot",    "reproducible", "samples_per_second",
    "resumed", "samples_digest"};

static int bad_report(const struct part *part, const char *field)
{
    return complain(EXIT_FILE,
                    "%s: its field '%s' is not what `quell sample --json --out F.npy` reports",
                    part->name, field);
}

static bool is_own(const char *field)
{
    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        if (!strcmp(field, own_fields[i])) return true;
    return false;
}

/* Reads a count. A count beyond 2^63 - 1 is written as a text (cli/report.h). */
static bool read_count(const struct quell_document *report, const char *field, uint64_t *count)
{
    const char *value = quell_json_get(&report->root, field);
    if (quell_json_is_text(value)) return options_count(quell_json_text(value), count);
    return quell_json_whole(value, count);
}

/* Returns whether a field names an input that is different for each part. Either all parts have
 * such an input or none has one, because x_1 from a file has another law than x_1 from the seed. */
static bool is_input(const char *field)
{
    return !strcmp(field, "from") || !strcmp(field, "classes");
}

static bool agree(const char *field, const char *one, const char *other)
{
    if (is_input(field)) return !quell_json_text(one) == !quell_json_text(other);
    return is_own(field) || quell_json_same(one, other);
}

/* Returns a setting of `one` that `other` does not have, or has with another value. NULL if there
 * is none. */
static const char *find_other(const struct quell_document *one, const struct quell_document *other)
{
    for (size_t i = 0; i < one->root.count; i++) {
        const struct quell_json_member *member = &one->root.members[i];
        const char *value = quell_json_get(&other->root, member->name);
        if (!agree(member->name, member->value, value)) return member->name;
    }
    return NULL;
}

static int check_settings(const struct parts *parts, const struct part *part,
                          const struct quell_document *report)
{
    const char *field = find_other(&parts->settings, report);
    if (!field) field = find_other(report, &parts->settings);
    if (!field) return EXIT_DONE;
    return complain(EXIT_FILE, "%s: its '%s' is not that of %s: no parts of one stream", part->name,
                    field, parts->part[0].name);
}

/* Refuses the report of samples that have seeds or indices of their own: the report does not say
 * which they are, and they have no order by number. */
static int check_stream(const struct part *part, const struct quell_document *report)
{
    const char *const fields[] = {"seeds", "indices"};
    for (size_t i = 0; i < 2; i++)
        if (quell_json_text(quell_json_get(&report->root, fields[i])))
            return complain(
                EXIT_FILE,
                "%s: its samples have %s of their own (--%s), and so no order by number: "
                "name the .npy files instead, in their order",
                part->name, fields[i], fields[i]);
    return EXIT_DONE;
}

static int read_fields(struct part *part, const struct quell_document *report)
{
    const char *out = quell_json_text(quell_json_get(&report->root, "out"));
    uint64_t rows;
    if (!out) return bad_report(part, "out");
    if (!read_count(report, "first", &part->first)) return bad_report(part, "first");
    if (!read_count(report, "count", &rows)) return bad_report(part, "count");
    if (digest_read(quell_json_text(quell_json_get(&report->root, "samples_digest")),
                    &part->reported))
        return bad_report(part, "samples_digest");
    part->rows = rows;
    part->path = strdup(out);
    return part->path ? EXIT_DONE : complain(EXIT_MEMORY, "%s: no memory for it", part->name);
}

/* The report of the first part is kept, because its settings are those of all parts. */
int part_read_report(struct parts *parts, struct part *part)
{
    struct quell_document report;
    quell_status status = quell_document_load(&report, part->name);
    if (status) return complain_input(EXIT_FILE, status);
    int code = check_stream(part, &report);
    if (code == EXIT_DONE) code = read_fields(part, &report);
    if (code == EXIT_DONE && parts->settings.text) code = check_settings(parts, part, &report);
    if (!parts->settings.text)
        parts->settings = report;
    else
        quell_document_free(&report);
    return code;
}

void parts_put_settings(struct quell_json_writer *writer, const struct parts *parts)
{
    const struct quell_json_object *settings = &parts->settings.root;
    for (size_t i = 0; i < settings->count; i++)
        if (!is_own(settings->members[i].name) || is_input(settings->members[i].name))
            quell_json_put_value(writer, settings->members[i].name, settings->members[i].value);
}
