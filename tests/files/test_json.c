/* SPDX-License-Identifier: MIT */
/* JSON in memory, compared with the grammar of RFC 8259; python/tests/plain/test_json.py compares
 * it with Python's json. */
#include "base/json.h"
#include "harness.h"

#include <quell/status.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *check(const char *text, size_t *at)
{
    return quell_json_check(text, strlen(text), at);
}

TEST(json, accepted)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1.5e-3",
        " 1E+2\r\n",
        "-0.0",
        "12345678901234567890123456789012345678901234567890",
        "true",
        "false",
        "null",
        "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20Ac\"",
        "\"\\ud83d\\ude00\"",
        "\"\x7f \xc2\x80 \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[[[]],{}]",
        "[1, [2, {\"a\": []}], \"]\"]",
        "{\"a\":{\"a\":\"}\"},\"b\":[]}",
        "{\"\":0}",
        "1e-999",
    };
    size_t at;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(!check(texts[i], &at), "%s: byte %zu: %s", texts[i], at, check(texts[i], &at));
}

TEST(json, refused)
{
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {
        {"", 0},
        {"  ", 2},
        {"01", 1},
        {"+1", 0},
        {"-", 1},
        {"-a", 1},
        {"1.", 2},
        {".5", 0},
        {"1e", 2},
        {"1e+", 3},
        {"0x10", 1},
        {"NaN", 0},
        {"Infinity", 0},
        {"-Infinity", 1},
        {"1e309", 5},
        {"-1e309", 6},
        {"tru", 0},
        {"True", 0},
        {"'a'", 0},
        {"\"", 1},
        {"\"a", 2},
        {"\"\\\"", 3},
        {"\"\\x\"", 1},
        {"\"\\u12\"", 1},
        {"\"\\u12g4\"", 1},
        {"\"\\u0000\"", 1},
        {"\"\\ud800\"", 1},
        {"\"\\ud800\\u0041\"", 1},
        {"\"\\udc00\\ud800\"", 1},
        {"\"\n\"", 1},
        {"\"\x1f\"", 1},
        {"\"\xff\"", 1},
        {"\"\xc0\x80\"", 1},
        {"\"\xed\xa0\x80\"", 1},
        {"\"\xf4\x90\x80\x80\"", 1},
        {"\"\xc2", 1},
        {"\xef\xbb\xbf{}", 0},
        {"[", 1},
        {"[1", 2},
        {"[1,", 3},
        {"[1,]", 3},
        {"[,1]", 1},
        {"[1 2]", 3},
        {"[1}", 2},
        {"[1]]", 3},
        {"{", 1},
        {"{1:2}", 1},
        {"{\"a\"}", 4},
        {"{\"a\":}", 5},
        {"{\"a\":1,}", 7},
        {"{\"a\":1 \"b\":2}", 7},
        {"{\"a\":1]", 6},
        {"{}{}", 2},
        {"1 2", 2},
        {"[1]\f", 3},
        {"/* */ 1", 0},
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(check(cases[i].text, &at), "%s was accepted", cases[i].text);
        CHECK(at == cases[i].at, "%s: refused at %zu, not %zu", cases[i].text, at, cases[i].at);
    }
    CHECK(quell_json_check("1\0", 2, &at) && at == 1, "a '\\0' behind it");
    CHECK(quell_json_check("[\0]", 3, &at) && at == 1, "a '\\0' within");
}

static void check_depth(size_t depth, bool good)
{
    char *text = malloc(2 * depth + 1);
    size_t at;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    bool refused = quell_json_check(text, 2 * depth, &at);
    CHECK(refused == !good, "%zu levels", depth);
    CHECK(!good || !quell_json_next(text), "%zu levels are not passed over", depth);
    free(text);
}

TEST(json, depth)
{
    check_depth(QUELL_JSON_DEEPEST, true);
    check_depth(QUELL_JSON_DEEPEST + 1, false);
}

TEST(json, members)
{
    char text[] = " {\"a\" : 1, \"\\u0062\":[1, \"]\", {\"c\": 2} ,-2.5e1 ], \"c\\n\": "
                  "\"\\\\\\u00e9\\ud83d\\ude00\\/x\","
                  "\"d\":{\"a\": 1}}";
    struct quell_json_object object;
    const char *twice;
    size_t at;
    CHECK(!quell_json_check(text, strlen(text), &at), "byte %zu", at);
    CHECK(!quell_json_open(&object, quell_json_root(text), &twice) && !twice, "not opened");
    CHECK(object.count == 4 && !strcmp(object.members[2].name, "c\n"), "the names");
    const char *list = quell_json_get(&object, "b");
    CHECK(quell_json_length(list) == 4 && !quell_json_get(&object, "e"), "the list");
    const char *words = quell_json_text(quell_json_get(&object, "c\n"));
    CHECK(words && !strcmp(words, "\\\xc3\xa9\xf0\x9f\x98\x80/x"), "the string");
    double number = 0;
    for (list = quell_json_first(list); quell_json_next(list);) list = quell_json_next(list);
    CHECK(quell_json_number(list, &number) && number == -25, "%g", number);
    quell_json_close(&object);
}

/* Strings within a list of objects that were opened before do not disturb. */
TEST(json, objects_in_a_list)
{
    char text[] = "[{\"a\":\"]\\\"\",\"b\":{\"c\":1}},{\"\\u007d\":[]},3]";
    struct quell_json_object object;
    const char *twice, *at = quell_json_first(text);
    double number = 0;
    for (int i = 0; i < 4; i++) {
        CHECK(!quell_json_open(&object, text + (at - text), &twice) && !twice, "opened %d", i);
        CHECK(object.count == (i < 2 ? 2 : 1), "%d: %zu members", i, object.count);
        quell_json_close(&object);
        if (i % 2) at = quell_json_next(at);
    }
    CHECK(quell_json_number(at, &number) && number == 3 && !quell_json_next(at), "the rest");
    CHECK(quell_json_length(text) == 3, "the length");
}

TEST(json, a_name_that_is_there_twice)
{
    char text[] = "{\"a\":1,\"b\":2,\"\\u0061\":3}";
    struct quell_json_object object;
    const char *twice;
    CHECK(!quell_json_open(&object, text, &twice), "no memory");
    CHECK(twice && !strcmp(twice, "a") && !object.members, "not noticed");
}

TEST(json, whole_numbers)
{
    uint64_t number = 0;
    CHECK(quell_json_whole("18446744073709551615", &number) && number == UINT64_MAX, "2^64 - 1");
    CHECK(quell_json_whole("0]", &number) && number == 0, "0");
    static const char *const others[] = {
        "18446744073709551616", "-1", "1.0", "1e2", "\"1\"", "null"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(!quell_json_whole(others[i], &number), "%s", others[i]);
}

TEST(json, sameness)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"1", "1", true},
        {"1.50", "15e-1", true},
        {"9007199254740993", "9007199254740992", false},
        {"[9007199254740993]", "[9007199254740992]", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "0", false},
        {"[1, {\"a\" :[2.0]}]", "[1,{\"a\":[2]} ]", true},
        {"[1, 2]", "[1]", false},
        {"[\"a b\"]", "[\"ab\"]", false},
        {"[]", "{}", false},
        {"[1]", "1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(quell_json_same(cases[i].a, cases[i].b) == cases[i].same, "%s and %s", cases[i].a,
              cases[i].b);
    CHECK(quell_json_same("\1x", "\1x") && !quell_json_same("\1x", "\1y") &&
              !quell_json_same("\1\"1", "1") && !quell_json_same(NULL, "1"),
          "strings that were decoded");
}
