/* SPDX-License-Identifier: MIT */
/* .npy files: those that NumPy writes are read, anything else is refused with a reason. */
#include "harness.h"
#include "io/npy.h"
#include "scratch.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DICT(descr, order, shape) \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"

/* A file: magic, version, header padded to 64 as NumPy does, then `bytes` of zeros. */
static size_t make_file(char *file, int version, const char *dict, size_t bytes)
{
    size_t preamble = version == 1 ? 10 : 12;
    size_t whole = (preamble + strlen(dict) + 64) / 64 * 64, text = whole - preamble;
    memset(file, ' ', whole);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[7] = 0;
    for (size_t i = 8; i < preamble; i++) file[i] = (char)(text >> (8 * (i - 8)));
    memcpy(file + preamble, dict, strlen(dict));
    file[whole - 1] = '\n';
    memset(file + whole, 0, bytes);
    return whole + bytes;
}

static void check_refused(const struct scratch *scratch, const char *file, size_t size,
                          const char *reason)
{
    struct quell_npy npy;
    struct scratch_path path = scratch_write(scratch, "f.npy", file, size);
    quell_status status = quell_npy_open(&npy, path.text);
    quell_npy_close(&npy);
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", reason, (int)status);
    CHECK(strstr(quell_error_message(), path.text), "no file: %s", quell_error_message());
    CHECK(strstr(quell_error_message(), reason), "not '%s': %s", reason, quell_error_message());
}

/* What a message says to store has the same values. NULL: it says nothing to store. */
TEST(npy, hints_change_no_value)
{
    static const struct {
        const char *type, *as_floats, *as_integers;
    } cases[] = {
        {"'>f4'", "'<f4'", NULL},    {"'>f8'", "'<f8'", NULL},    {"'<f2'", "'<f4'", NULL},
        {"'<f16'", NULL, NULL},      {"'<c8'", NULL, NULL},       {"'>c16'", NULL, NULL},
        {"'|b1'", NULL, NULL},       {"'|O'", NULL, NULL},        {"'<U3'", NULL, NULL},
        {"'|i1'", "'<f4'", "'<i8'"}, {"'<u2'", "'<f4'", "'<i8'"}, {"'>i4'", "'<f8'", "'<i8'"},
        {"'<u8'", "'<f8'", NULL},    {"'>i8'", "'<f8'", "'<i8'"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        bool integers = i % 2;
        const char *type = cases[i / 2].type, *hint = cases[i / 2].as_floats;
        if (integers) hint = cases[i / 2].as_integers;
        char file[1000], dict[200], says[40];
        snprintf(dict, sizeof dict, DICT("%s", "False", "(2, 3)"), type);
        struct scratch_path path =
            scratch_write(&scratch, "f.npy", file, make_file(file, 1, dict, 6 * 16));
        struct quell_npy npy;
        CHECK((integers ? quell_npy_open_integers : quell_npy_open)(&npy, path.text), "%s", type);
        quell_npy_close(&npy);
        snprintf(says, sizeof says, "store a.astype(%s)", hint ? hint : "");
        const char *said = strstr(quell_error_message(), hint ? says : "astype");
        CHECK(!said == !hint, "%s: %s", type, quell_error_message());
        bool rounds = hint && !integers && (type[2] == 'u' || type[2] == 'i') && type[3] == '8';
        CHECK(!strstr(quell_error_message(), ") if none is beyond 2^53") == !rounds, "%s: %s", type,
              quell_error_message());
        CHECK(strstr(quell_error_message(), integers ? "'<i4' or '<i8'" : "'<f4' or '<f8'"), "%s",
              quell_error_message());
    }
    scratch_remove(&scratch);
}

TEST(npy, dictionaries_refused)
{
    static const struct {
        const char *dict, *reason;
    } cases[] = {
        {DICT("'>f4'", "False", "(2, 3)"), "big-endian"},
        {DICT("'|O'", "False", "(2, 3)"), "objects"},
        {DICT("'O'", "False", "(2, 3)"), "objects"},
        {DICT("'<i8'", "False", "(2, 3)"), "'<i8'"},
        {DICT("'<f2'", "False", "(2, 3)"), "astype"},
        {DICT("'=f4'", "False", "(2, 3)"), "'=f4'"},
        {DICT("'<f4\\x00'", "False", "(2, 3)"), "'descr'"},
        {DICT("[('x', '<f4')]", "False", "(2, 3)"), "records"},
        {DICT("4", "False", "(2, 3)"), "'descr'"},
        {DICT("'<f4", "False", "(2, 3)"), "must be"},
        {DICT("'<f4'", "True", "(2, 3)"), "Fortran"},
        {DICT("'<f4'", "0", "(2, 3)"), "'fortran_order'"},
        {DICT("'<f4'", "False", "[2, 3]"), "'shape'"},
        {DICT("'<f4'", "False", "(6)"), "'shape'"},
        {DICT("'<f4'", "False", "(2 3)"), "'shape'"},
        {DICT("'<f4'", "False", "(2,, 3)"), "'shape'"},
        {DICT("'<f4'", "False", "(,)"), "'shape'"},
        {DICT("'<f4'", "False", "(-2, -3)"), "'shape'"},
        {DICT("'<f4'", "False", "(2.0, 3)"), "'shape'"},
        {DICT("'<f4'", "False", "(0x2, 3)"), "'shape'"},
        {DICT("'<f4'", "False", "(2, 3"), "'shape'"},
        {DICT("'<f4'", "False", "(18446744073709551617, 6)"), "'shape'"},
        {DICT("'<f4'", "False", "(4294967296, 4294967296, 6)"), "too large"},
        {DICT("'<f4'", "False", "(4611686018427387905, 6)"), "too large"},
        {DICT("'<f4'", "False", "(4611686018427387904,)"), "too large"},
        {DICT("'<f4'", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 2, 3)"), "9 dimensions"},
        {DICT("'<f4'", "False", "(2, 4)"), "asks for 32 bytes"},
        {DICT("'<f8'", "False", "(2, 3)"), "asks for 48 bytes"},
        {DICT("'<f4'", "False", "(5,)"), "asks for 20 bytes"},
        {DICT("'<f4'", "False", "()"), "asks for 4 bytes"},
        {DICT("'<f4'", "False", "(0, 6)"), "asks for 0 bytes"},
        {DICT("'<f4'", "False", "(2, 3)") "x", "after the dictionary"},
        {"{'descr': '<f4', 'shape': (2, 3)}", "lacks"},
        {"{'descr': '<f4', 'fortran_order': False}", "lacks"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", "key"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}", "not a dictionary"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", "not a dictionary"},
        {"('<f4', False, (2, 3))", "not a dictionary"},
        {"", "not a dictionary"},
        {"{}", "lacks"},
        {"{{", "dictionary"},
        {"__import__('os').abort()", "not a dictionary"},
    };
    struct scratch scratch = scratch_new();
    char file[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = make_file(file, 1, cases[i].dict, 24);
        check_refused(&scratch, file, size, cases[i].reason);
    }
    scratch_remove(&scratch);
}

TEST(npy, files_refused)
{
    struct scratch scratch = scratch_new();
    char file[1024], broken[1024];
    size_t size = make_file(file, 1, DICT("'<f4'", "False", "(2, 3)"), 24);
    for (size_t cut = 1; cut < size; cut++) check_refused(&scratch, file, cut, "f.npy");
    check_refused(&scratch, file, size + 1, "has 25");
    check_refused(&scratch, "PK\3\4 and so on", 0, "not an .npy file");
    memcpy(broken, file, size);
    broken[6] = 4;
    check_refused(&scratch, broken, size, "version");
    broken[6] = 0;
    check_refused(&scratch, broken, size, "version");
    broken[6] = 1;
    broken[7] = 1;
    check_refused(&scratch, broken, size, "version");
    make_file(broken, 2, DICT("'<f4'", "False", "(2, 3)"), 24);
    memset(broken + 8, 0xff, 4);
    check_refused(&scratch, broken, size, "64 KiB");
    memcpy(broken + 8, "\xff\xff\0", 4);
    check_refused(&scratch, broken, size, "cut short");
    scratch_remove(&scratch);
}

TEST(npy, what_is_not_a_file)
{
    struct scratch scratch = scratch_new();
    struct quell_npy npy;
    struct scratch_path pipe = scratch_path(&scratch, "pipe"), none = scratch_path(&scratch, "no");
    CHECK(quell_npy_open(&npy, none.text) == QUELL_IO_FAILED, "absent");
    CHECK(strstr(quell_error_message(), "No such file"), "%s", quell_error_message());
    CHECK(quell_npy_open(&npy, scratch.folder) == QUELL_IO_FAILED, "folder");
    CHECK(!mkfifo(pipe.text, 0600), "mkfifo");
    CHECK(quell_npy_open(&npy, pipe.text) == QUELL_BAD_MODEL, "a pipe, without waiting for it");
    CHECK(quell_npy_open(&npy, "/dev/zero") == QUELL_BAD_MODEL, "device");
    CHECK(strstr(quell_error_message(), "not a regular file"), "%s", quell_error_message());
    quell_npy_close(&npy);
    scratch_remove(&scratch);
}

/* Files with known values, of all versions, widths and ways to write the dictionary. */
static void check_values(const struct scratch *scratch, int version, const char *dict,
                         const void *data, size_t bytes)
{
    char file[1024];
    struct quell_npy npy;
    float floats[6];
    double doubles[6];
    size_t size = make_file(file, version, dict, bytes);
    memcpy(file + size - bytes, data, bytes);
    struct scratch_path path = scratch_write(scratch, "f.npy", file, size);
    for (int wide = 0; wide < 2; wide++) {
        CHECK(!quell_npy_open(&npy, path.text), "%s: %s", dict, quell_error_message());
        CHECK(npy.rank == 2 && npy.shape[0] == 2 && npy.shape[1] == 3, "shape of %s", dict);
        CHECK(!(wide ? quell_npy_doubles(&npy, 6, doubles) : quell_npy_floats(&npy, 6, floats)),
              "%s", quell_error_message());
        for (int i = 0; i < 6; i++)
            CHECK((wide ? doubles[i] : (double)floats[i]) == i - 2.5, "value %d of %s", i, dict);
        CHECK(quell_npy_floats(&npy, 1, floats) == QUELL_BAD_MODEL, "beyond the end");
        quell_npy_close(&npy);
    }
}

TEST(npy, values)
{
    static const float narrow[6] = {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f};
    static const double wide[6] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5};
    struct scratch scratch = scratch_new();
    for (int version = 1; version <= 3; version++) {
        check_values(&scratch, version, DICT("'<f4'", "False", "(2, 3)"), narrow, sizeof narrow);
        check_values(&scratch, version, DICT("'<f8'", "False", "(2, 3,)"), wide, sizeof wide);
    }
    check_values(&scratch, 1, "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}", narrow,
                 sizeof narrow);
    scratch_remove(&scratch);
}

static quell_status read_one(const struct scratch *scratch, const char *dict, const void *data,
                             size_t bytes)
{
    char file[256];
    float value;
    struct quell_npy npy;
    size_t size = make_file(file, 1, dict, bytes);
    memcpy(file + size - bytes, data, bytes);
    struct scratch_path path = scratch_write(scratch, "f.npy", file, size);
    CHECK(!quell_npy_open(&npy, path.text), "%s", quell_error_message());
    quell_status status = quell_npy_floats(&npy, 1, &value);
    quell_npy_close(&npy);
    return status;
}

/* Skipped values count as taken, so that a refusal names the right one. */
TEST(npy, skip)
{
    struct scratch scratch = scratch_new();
    char file[256];
    double values[6] = {1, 2, 3, 4, 5, INFINITY}, got[2];
    size_t size = make_file(file, 1, DICT("'<f8'", "False", "(3, 1, 2)"), sizeof values);
    memcpy(file + size - sizeof values, values, sizeof values);
    struct scratch_path path = scratch_write(&scratch, "f.npy", file, size);
    struct quell_npy npy;
    CHECK(!quell_npy_open(&npy, path.text), "%s", quell_error_message());
    CHECK(!quell_npy_doubles(&npy, 1, got) && !quell_npy_skip(&npy, 2), "the first three");
    CHECK(!quell_npy_doubles(&npy, 1, got) && got[0] == 4, "%g, not 4", got[0]);
    CHECK(quell_npy_doubles(&npy, 2, got) &&
              strstr(quell_error_message(), "element [2, 0, 1] is inf"),
          "%s", quell_error_message());
    quell_npy_close(&npy);
    scratch_remove(&scratch);
}

TEST(npy, values_refused)
{
    const uint32_t narrow[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001};
    const double wide[] = {1e39, -1e39, 3.4028235677973366e38};
    const double largest = 3.4028234663852886e38;
    struct scratch scratch = scratch_new();
    for (int i = 0; i < 4; i++)
        CHECK(read_one(&scratch, DICT("'<f4'", "False", "(1,)"), &narrow[i], 4) == QUELL_BAD_MODEL,
              "%08x", narrow[i]);
    for (int i = 0; i < 3; i++)
        CHECK(read_one(&scratch, DICT("'<f8'", "False", "(1,)"), &wide[i], 8) == QUELL_BAD_MODEL,
              "%g", wide[i]);
    CHECK(!read_one(&scratch, DICT("'<f8'", "False", "(1,)"), &largest, 8), "largest float");
    scratch_remove(&scratch);
}

/* What NumPy 1.0 to 2.4 write for zeros((3, 4), '<f4'), zeros(5, '<f4') and zeros((), '<f4'). */
TEST(npy, header_as_numpy_writes_it)
{
    static const struct {
        size_t rank, shape[2];
        const char *dict;
    } cases[] = {{2, {3, 4}, DICT("'<f4'", "False", "(3, 4)")},
                 {1, {5}, DICT("'<f4'", "False", "(5,)")},
                 {0, {0}, DICT("'<f4'", "False", "()")}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[QUELL_NPY_HEADER], expected[256];
        size_t size = make_file(expected, 1, cases[i].dict, 0);
        size_t written = quell_npy_header(header, cases[i].rank, cases[i].shape);
        CHECK(size == 128 && written == size, "%zu bytes, not 128", written);
        CHECK(!memcmp(header, expected, size), "%.*s", (int)written, header + 10);
    }
}

TEST(npy, header_round_trip)
{
    static const size_t sizes[QUELL_NPY_MAX_RANK] = {4611686018427387903u, 1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t rank = 0; rank <= QUELL_NPY_MAX_RANK; rank++) {
        char header[QUELL_NPY_HEADER], reason[160];
        struct quell_npy npy = {0};
        size_t size = quell_npy_header(header, rank, sizes);
        const char *problem = quell_npy_parse(&npy, header + 10, size - 10, reason);
        CHECK(size % 64 == 0 && !problem, "rank %zu: %s", rank, problem ? problem : "size");
        CHECK(npy.rank == rank && npy.width == 4, "rank %zu", rank);
        CHECK(!memcmp(npy.shape, sizes, rank * sizeof *sizes), "shape of rank %zu", rank);
    }
}

/* However a dictionary is damaged, one that is accepted has a valid shape and type. */
TEST(npy, mutations)
{
    static const char start[] = DICT("'<f4'", "False", "(2, 3)");
    static const char letters[] = "{}()[]'\",: \n0123456789-<>|fFOTalse\\\xff";
    uint64_t state = 1;
    for (int round = 0; round < 200000; round++) {
        char text[sizeof start], reason[160];
        struct quell_npy npy = {0};
        memcpy(text, start, sizeof start);
        for (int change = 0; change < 1 + round % 3; change++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[(state >> 33) % (sizeof start - 1)] =
                letters[(state >> 50) % (sizeof letters - 1)];
        }
        if (quell_npy_parse(&npy, text, sizeof start - 1, reason)) continue;
        size_t product = 1;
        for (size_t i = 0; i < npy.rank; i++) product *= npy.shape[i];
        CHECK(npy.rank <= QUELL_NPY_MAX_RANK && product == npy.values, "%s", text);
        CHECK(npy.width == 4 || npy.width == 8, "%s", text);
    }
}
