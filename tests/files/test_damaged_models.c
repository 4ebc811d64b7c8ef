/* SPDX-License-Identifier: MIT */
/* Network files that are damaged, cut short or described wrongly: each loads, and then evaluates,
 * or is refused in one line. Random cases come from fixed seeds; QUELL_LONG has 100 times more. */
#include "damaged.h"
#include "effort.h"
#include "harness.h"
#include "models/model.h"
#include "models.h"
#include "scratch.h"
#include "small_networks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT = 1 << 16, MOST_FIELDS = 32 };

static char file[SMALL_NETWORK_MOST_FILE];

static quell_status load_file(const char *path, const char *what)
{
    quell_model *model = NULL;
    quell_status status = quell_model_load(&model, path);
    CHECK(!status || !model, "%s: a model after a failure", what);
    if (status != QUELL_IO_FAILED) damaged_verdict(status, model, what);
    return status;
}

/* Cut anywhere in the header and here and there in the data. */
TEST(damaged_models, cut_short)
{
    struct scratch scratch = scratch_new();
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) {
        size_t size = small_network_file(name, file);
        for (size_t cut = 0; cut < size; cut += cut < damaged_header(file) + 9 ? 1 : size / 97) {
            char what[64];
            snprintf(what, sizeof what, "%s, cut to %zu", name, cut);
            CHECK(damaged_bytes(file, cut, what) == QUELL_BAD_MODEL, "%s: it loads", what);
            if (cut % 16) continue;
            struct scratch_path path =
                scratch_write(&scratch, "n.safetensors", cut ? file : "", cut);
            CHECK(load_file(path.text, what) == QUELL_BAD_MODEL, "%s, in a file: it loads", what);
        }
        CHECK(!damaged_bytes(file, size, name), "%s: %s", name, quell_error_message());
    }
    scratch_remove(&scratch);
}

/* Brief tests try a fifth. */
static size_t rounds(size_t few) { return by_effort((few + 4) / 5, few, 100 * few); }

static size_t below(uint64_t *state, size_t n) { return (size_t)(uniform(state) * (double)n); }

/* One of: a bit flipped, a byte of JSON in its place, a piece moved. Mostly in the header. */
static void damage(char *bytes, size_t size, uint64_t *state)
{
    static const char letters[] = "{}[]\",:0123456789-.eE\\ntf";
    size_t reach = below(state, 4) ? damaged_header(file) : size, at = below(state, reach);
    size_t from = below(state, reach), length = below(state, 24);
    switch (below(state, 3)) {
    case 0:
        bytes[at] ^= (char)(1 << below(state, 8));
        break;
    case 1:
        bytes[at] = letters[below(state, sizeof letters - 1)];
        break;
    default:
        if (at + length <= size && from + length <= size) memmove(bytes + at, bytes + from, length);
    }
}

TEST(damaged_models, bytes)
{
    static char bytes[SMALL_NETWORK_MOST_FILE];
    uint64_t state = 1;
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) {
        size_t size = small_network_file(name, file);
        for (size_t round = 0; round < rounds(1500); round++) {
            char what[64];
            snprintf(what, sizeof what, "%s, round %zu", name, round);
            memcpy(bytes, file, size);
            for (size_t k = below(&state, 4) + 1; k > 0; k--) damage(bytes, size, &state);
            (void)damaged_bytes(bytes, size, what);
        }
    }
}

/* The fields of a description, "\"name\": value", each ended by '\0'. */
struct fields {
    size_t count;
    char *text[MOST_FIELDS], copy[MOST_TEXT];
};

static void split(const char *name, struct fields *fields)
{
    char *description = small_network_description(name);
    size_t depth = 0;
    snprintf(fields->copy, sizeof fields->copy, "%s", description + 1);
    free(description);
    fields->text[0] = fields->copy, fields->count = 1;
    for (char *at = fields->copy; *at; at++) {
        if (*at == '"') at = strchr(at + 1, '"');
        depth += *at == '[' || *at == '{';
        if (!depth && (*at == ',' || *at == '}')) {
            if (*at == ',') fields->text[fields->count++] = at + 1 + strspn(at + 1, " ");
            *at = '\0';
        }
        depth -= *at == ']' || *at == '}';
    }
}

/* The description with another text in place of field i; NULL leaves it out. */
static void join(const struct fields *fields, size_t i, const char *other, char *text)
{
    const char *before = "{";
    size_t used = 0;
    for (size_t k = 0; k < fields->count; k++) {
        const char *field = k == i ? other : fields->text[k];
        if (!field) continue;
        used += (size_t)snprintf(text + used, MOST_TEXT - used, "%s%s", before, field);
        before = ", ";
    }
    snprintf(text + used, MOST_TEXT - used, "}");
}

static quell_status load_described(const char *name, const char *description)
{
    return damaged_bytes(file, small_network_described(name, description, file), description);
}

static const char *const values[] = {"null",
                                     "true",
                                     "false",
                                     "-1",
                                     "0",
                                     "1",
                                     "2",
                                     "3",
                                     "7",
                                     "1.5",
                                     "-0.0",
                                     "1e-300",
                                     "1e99",
                                     "1e999",
                                     "64",
                                     "255",
                                     "65536",
                                     "65537",
                                     "4294967295",
                                     "4294967296",
                                     "1073741824",
                                     "1152921504606846976",
                                     "4611686018427387904",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "18446744073709551615",
                                     "18446744073709551616",
                                     "''",
                                     "'none'",
                                     "'zeros'",
                                     "'no such thing'",
                                     "'\\n\\u0007'",
                                     "[]",
                                     "[0]",
                                     "[1]",
                                     "[-1]",
                                     "[2, 2]",
                                     "[4, 8, 1]",
                                     "[null]",
                                     "[1e30, 1]",
                                     "[4294967296, 4294967296]",
                                     "[3037000500, 3037000500]",
                                     "[2, '2']",
                                     "[1, 1, 1, 1, 1, 1, 1, 1, 1]",
                                     "{}",
                                     "{'a': 1}",
                                     "[[[[1]]]]"};
#define VALUES (sizeof values / sizeof *values)

/* Every field with every value, and without it. */
TEST(damaged_models, fields)
{
    static char text[MOST_TEXT];
    const char *name;
    for (size_t n = 0; (name = small_network_name(n)); n++) {
        static struct fields fields;
        split(name, &fields);
        CHECK(fields.count == 9, "%s: %zu fields", name, fields.count);
        join(&fields, fields.count, NULL, text);
        CHECK(!load_described(name, text), "%s: %s", text, quell_error_message());
        for (size_t i = 0; i < fields.count; i++) {
            static char other[2 * MOST_TEXT];
            int key = (int)strcspn(fields.text[i], ":");
            for (size_t v = 0; v < VALUES; v++) {
                snprintf(other, sizeof other, "%.*s: %s", key, fields.text[i], values[v]);
                join(&fields, i, other, text);
                (void)load_described(name, text);
            }
            snprintf(other, sizeof other, "%s, %s", fields.text[i], fields.text[i]);
            join(&fields, i, other, text);
            CHECK(load_described(name, text) == QUELL_BAD_MODEL, "%s: it loads", text);
            join(&fields, i, NULL, text);
            (void)load_described(name, text);
        }
    }
}

/* Fields that have no default are asked for by name. */
TEST(damaged_models, missing_fields)
{
    static const char *const needed[] = {"version", "shape", "programs"};
    static char text[MOST_TEXT];
    static struct fields fields;
    const char *name;
    for (size_t n = 0; (name = small_network_name(n)); n++) {
        size_t found = 0;
        split(name, &fields);
        for (size_t i = 0; i < fields.count; i++)
            for (size_t k = 0; k < sizeof needed / sizeof *needed; k++) {
                size_t length = strlen(needed[k]);
                if (strncmp(fields.text[i] + 1, needed[k], length)) continue;
                join(&fields, i, NULL, text);
                CHECK(load_described(name, text) == QUELL_BAD_MODEL, "%s: it loads", text);
                CHECK(strstr(quell_error_message(), needed[k]) ||
                          strstr(quell_error_message(), "'dim'"),
                      "%s: %s", text, quell_error_message());
                found++;
            }
        CHECK(found == 3, "%s: only %zu fields are needed", name, found);
    }
}

/* A description beside its weights, cut anywhere and damaged. */
TEST(damaged_models, beside)
{
    static char json[MOST_TEXT], damaged[MOST_TEXT];
    struct scratch scratch = scratch_new();
    uint64_t state = 2;
    char *own = small_network_description("mlp");
    snprintf(json, sizeof json, "{\"weights\": \"n.safetensors\", %s", own + 1);
    free(own);
    size_t size = small_network_described("mlp", NULL, file), length = strlen(json);
    scratch_write(&scratch, "n.safetensors", file, size);
    for (size_t round = 0; round < length + rounds(500); round++) {
        size_t kept = round <= length ? round : length;
        memcpy(damaged, json, length + 1);
        for (size_t k = below(&state, 3) + 1; round > length && k > 0; k--)
            damaged[below(&state, length)] ^= (char)(1 << below(&state, 8));
        struct scratch_path path = scratch_write(&scratch, "n.json", kept ? damaged : "", kept);
        quell_status status = load_file(path.text, damaged);
        CHECK(round != length || !status, "%s: %s", json, quell_error_message());
        CHECK(round >= length || status == QUELL_BAD_MODEL, "cut to %zu: it loads", round);
        CHECK(status != QUELL_IO_FAILED || !strstr(damaged, "\"n.safetensors\""), "%s: %s", damaged,
              quell_error_message()); /* but for weights of another name */
    }
    scratch_remove(&scratch);
}
