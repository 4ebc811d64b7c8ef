/* SPDX-License-Identifier: MIT */
/* .safetensors files: their numbers, and everything in them that is refused. */
#include "harness.h"
#include "io/safetensors.h"
#include "scratch.h"
#include "tensor_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ONE(dtype, shape, offsets) \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const size_t pair[] = {2};

static quell_status open_bytes(const struct scratch *scratch, struct quell_tensors *tensors,
                               const char *file, size_t size)
{
    struct quell_tensors other;
    char *copy = malloc(size + !size); /* of just that size, for the sanitizers */
    memcpy(copy, file, size);
    quell_status in_memory = quell_tensors_open_memory(&other, "memory", copy, size);
    quell_tensors_close(&other);
    free(copy);
    quell_status status =
        quell_tensors_open(tensors, scratch_write(scratch, "f.safetensors", file, size).text);
    CHECK(in_memory == status, "%s in memory, %s in a file", quell_status_name(in_memory),
          quell_status_name(status));
    return status;
}

static void check_refused(const struct scratch *scratch, const char *header, size_t bytes,
                          const char *reason)
{
    static const char zeros[64];
    char file[1024];
    struct quell_tensors tensors;
    quell_status status =
        open_bytes(scratch, &tensors, file, tensor_file(file, header, zeros, bytes));
    quell_tensors_close(&tensors);
    CHECK(status == QUELL_BAD_MODEL, "%s: %s", header, quell_status_name(status));
    CHECK(strstr(quell_error_message(), "f.safetensors") && strstr(quell_error_message(), reason),
          "%s: not '%s': %s", header, reason, quell_error_message());
    CHECK(!strpbrk(quell_error_message(), "\n\r\t"), "not one line: %s", quell_error_message());
}

TEST(safetensors, headers_refused)
{
    static const struct {
        const char *header, *reason;
        size_t bytes;
    } cases[] = {
        {"", "not JSON", 0},
        {"[]", "not a JSON object", 0},
        {"1", "not a JSON object", 0},
        {"{", "not JSON", 0},
        {"{\v}", "not JSON", 0},
        {"{\"a\":\033[31m}", "not JSON", 0},
        {"{\"\xC2\x9B\":1}", "control", 0},
        {"{} {}", "not JSON", 0},
        {"{\"a\":1}", "'a' must have", 0},
        {"{\"a\":{}}", "'a' must have", 0},
        {ONE("F31", "[2]", "[0,8]"), "dtype", 8},
        {ONE("F32", "2", "[0,8]"), "shape", 8},
        {ONE("F32", "[-2]", "[0,8]"), "shape", 8},
        {ONE("F32", "[2.0]", "[0,8]"), "shape", 8},
        {ONE("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), "shape", 8},
        {ONE("F32", "[4611686018427387904,2]", "[0,0]"), "shape", 0},
        {ONE("F32", "[2]", "[0,7]"), "data_offsets", 7},
        {ONE("F32", "[2]", "[8,0]"), "data_offsets", 8},
        {ONE("F32", "[2]", "[-8,0]"), "data_offsets", 8},
        {ONE("F32", "[2]", "[0,8,9]"), "data_offsets", 8},
        {ONE("F32", "[2]", "[0,\"8\"]"), "data_offsets", 8},
        {ONE("F32", "[2]", "[1,9]"), "does not begin", 9},
        {ONE("F32", "[2]", "[0,8]"), "more or fewer", 7},
        {ONE("F32", "[2]", "[0,8]"), "more or fewer", 9},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":0}}", "must have",
         4},
        {"{\"a\\n\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "control", 4},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
         "'b' does not begin", 6},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
         "tensor 'a' twice", 1},
        {"{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", "metadata 'a' twice", 0},
        {"{\"__metadata__\":[]}", "__metadata__", 0},
        {"{\"__metadata__\":{\"a\":1}}", "strings", 0},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(&scratch, cases[i].header, cases[i].bytes, cases[i].reason);
    scratch_remove(&scratch);
}

TEST(safetensors, what_is_no_such_file_is_refused)
{
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    CHECK(open_bytes(&scratch, &tensors, "1234567", 7) == QUELL_BAD_MODEL, "seven bytes");
    CHECK(open_bytes(&scratch, &tensors, "\3\0\0\0\0\0\0\0{}", 10) == QUELL_BAD_MODEL,
          "cut header");
    CHECK(open_bytes(&scratch, &tensors, "\377\377\377\377\377\377\377\377{}", 10) ==
              QUELL_BAD_MODEL,
          "a header of 2^64 - 1");
    CHECK(quell_tensors_open(&tensors, scratch.folder) == QUELL_IO_FAILED, "a folder");
    CHECK(quell_tensors_open(&tensors, "/nowhere.safetensors") == QUELL_IO_FAILED, "no file");
    struct scratch_path pipe = scratch_path(&scratch, "pipe");
    CHECK(!mkfifo(pipe.text, 0600), "no pipe");
    CHECK(quell_tensors_open(&tensors, pipe.text) == QUELL_BAD_MODEL, "a pipe");
    CHECK(open_bytes(&scratch, &tensors, "", 0) == QUELL_BAD_MODEL, "an empty file");
    scratch_remove(&scratch);
}

/* A file with a header of that many bytes, which is not read if it is too long. */
static void check_long_header(const struct scratch *scratch, size_t length, const char *reason)
{
    char *file = malloc(length + 8);
    struct quell_tensors tensors;
    memset(file, ' ', length + 8);
    for (size_t i = 0; i < 8; i++) file[i] = (char)(length >> 8 * i);
    memcpy(file + 8, "{}", 2);
    quell_status status = open_bytes(scratch, &tensors, file, length + 8);
    quell_tensors_close(&tensors);
    free(file);
    CHECK(status == (reason ? QUELL_BAD_MODEL : QUELL_OK), "%zu: %s", length,
          quell_status_name(status));
    CHECK(!reason || strstr(quell_error_message(), reason), "%s", quell_error_message());
}

/* A header that was written by hand, or by json.dumps(indent=4). */
TEST(safetensors, white_space_and_escapes_are_json)
{
    static const float data[] = {1, 2};
    static const char header[] =
        "\n {\r\n\t\"\\u0061\" : {\n\"shape\": [ 2\n], "
        "\"data_offsets\":[0 ,\t8 ],\r\n\"d\\u0074ype\" "
        ":\n"
        "\"F\\u00332\" } ,\n\"__metadata__\": {\"note\": \"\\ud83d\\ude00 two\\nlines\"}}\n ";
    char file[512];
    float out[2];
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    size_t size = tensor_file(file, header, data, sizeof data);
    CHECK(!open_bytes(&scratch, &tensors, file, size), "%s", quell_error_message());
    CHECK(!quell_tensors_read(&tensors, "a", 1, pair, out), "%s", quell_error_message());
    CHECK(out[0] == 1 && out[1] == 2, "%g %g", out[0], out[1]);
    const char *note = quell_tensors_metadata(&tensors, "note");
    CHECK(note && !strcmp(note, "\xf0\x9f\x98\x80 two\nlines"), "the metadata");
    quell_tensors_close(&tensors);
    scratch_remove(&scratch);
}

TEST(safetensors, headers_are_at_most_100_mb)
{
    struct scratch scratch = scratch_new();
    check_long_header(&scratch, 100000000, NULL);
    check_long_header(&scratch, 100000001, "100 MB");
    scratch_remove(&scratch);
}

TEST(safetensors, a_file_that_shrinks_is_cut_short)
{
    static const float data[] = {1, 2};
    char file[256];
    float out[2];
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    size_t size = tensor_file(file, ONE("F32", "[2]", "[0,8]"), data, 8);
    CHECK(!open_bytes(&scratch, &tensors, file, size), "%s", quell_error_message());
    CHECK(!truncate(scratch_path(&scratch, "f.safetensors").text, (off_t)size - 3), "truncate");
    CHECK(quell_tensors_read(&tensors, "a", 1, pair, out) == QUELL_BAD_MODEL, "it was read");
    CHECK(strstr(quell_error_message(), "cut short"), "%s", quell_error_message());
    quell_tensors_close(&tensors);
    scratch_remove(&scratch);
}

static void check_read(const char *dtype, size_t width, const void *data, size_t count,
                       const float *right)
{
    char header[128], *file = malloc(256 + count * width);
    float *out = malloc(count * sizeof *out);
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    snprintf(header, sizeof header, ONE("%s", "[%zu]", "[0,%zu]"), dtype, count, count * width);
    CHECK(!open_bytes(&scratch, &tensors, file, tensor_file(file, header, data, count * width)),
          "%s", quell_error_message());
    CHECK(!strcmp(quell_tensors_unread(&tensors), "a"), "%s: read before it was", dtype);
    CHECK(!quell_tensors_read(&tensors, "a", 1, &count, out), "%s", quell_error_message());
    CHECK(!quell_tensors_unread(&tensors), "%s: not read after it was", dtype);
    for (size_t i = 0; i < count; i++)
        CHECK(!memcmp(&out[i], &right[i], sizeof *out), "%s %zu: %a, not %a", dtype, i,
              (double)out[i], (double)right[i]);
    quell_tensors_close(&tensors);
    scratch_remove(&scratch);
    free(out);
    free(file);
}

/* IEEE 754-2008, table 3.5. */
static float half_by_formula(unsigned h)
{
    int exponent = (int)(h >> 10 & 31);
    double mantissa = h & 1023, sign = h >> 15 ? -1 : 1;
    return (float)(sign * (exponent ? ldexp(1 + mantissa / 1024, exponent - 15)
                                    : ldexp(mantissa / 1024, -14)));
}

TEST(safetensors, every_half_is_exact)
{
    static uint16_t data[65536];
    static float right[65536];
    size_t count = 0;
    for (unsigned h = 0; h < 65536; h++)
        if ((h >> 10 & 31) != 31) data[count] = (uint16_t)h, right[count++] = half_by_formula(h);
    check_read("F16", 2, data, count, right);
}

TEST(safetensors, floats_and_their_halves_are_exact)
{
    static const float values[] = {1, -0.0f, 0x1p-149f, 3.4e38f, -2.5f};
    static const uint16_t upper[] = {0x3F80, 0x8000, 0x0001, 0xC020};
    static const float right[] = {1, -0.0f, 0x1p-133f, -2.5f};
    check_read("F32", 4, values, 5, values);
    check_read("BF16", 2, upper, 4, right);
}

static void check_tensor_refused(const char *header, const float data[2], size_t rank,
                                 const size_t *shape, const char *reason)
{
    char file[256];
    float out[4];
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    CHECK(!open_bytes(&scratch, &tensors, file, tensor_file(file, header, data, 8)), "%s",
          quell_error_message());
    CHECK(quell_tensors_read(&tensors, "a", rank, shape, out) == QUELL_BAD_MODEL, "%s", reason);
    CHECK(strstr(quell_error_message(), reason), "not '%s': %s", reason, quell_error_message());
    quell_tensors_close(&tensors);
    scratch_remove(&scratch);
}

TEST(safetensors, tensors_refused)
{
    static const size_t square[] = {2, 1}, three[] = {3};
    static const float good[] = {1, 2}, bad[] = {1, INFINITY}, worse[] = {NAN, 1};
    const char *header = ONE("F32", "[2]", "[0,8]");
    check_tensor_refused(header, good, 2, square, "'a' is [2], must be [2, 1]");
    check_tensor_refused(header, good, 1, three, "must be [3]");
    check_tensor_refused(header, bad, 1, pair, "'a' is not finite");
    check_tensor_refused(header, worse, 1, pair, "'a' is not finite");
    check_tensor_refused(ONE("I32", "[2]", "[0,8]"), good, 1, pair, "is I32, must be");
    check_tensor_refused("{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", good,
                         1, pair, "'a' is not there: it must be [2]");
}

/* However the bytes of a file are damaged, it is read or refused. */
static void open_and_read(const struct scratch *scratch, const char *file, size_t size)
{
    float out[2];
    struct quell_tensors tensors;
    quell_status status = open_bytes(scratch, &tensors, file, size);
    if (!status) (void)quell_tensors_metadata(&tensors, "quell");
    if (!status) (void)quell_tensors_read(&tensors, "a", 1, pair, out);
    quell_tensors_close(&tensors);
}

TEST(safetensors, damaged_files)
{
    static const float data[] = {1, 2};
    char file[256], copy[256];
    struct scratch scratch = scratch_new();
    struct quell_tensors tensors;
    size_t size = tensor_file(file, ONE("F32", "[2]", "[0,8]"), data, 8);
    for (size_t cut = 1; cut < size; cut++) {
        CHECK(open_bytes(&scratch, &tensors, file, cut) == QUELL_BAD_MODEL, "cut to %zu", cut);
        quell_tensors_close(&tensors);
    }
    uint32_t random = 1;
    for (size_t i = 0; i < 4000; i++) {
        memcpy(copy, file, size);
        for (size_t flips = 0; flips <= i % 4; flips++) {
            random = random * 1664525u + 1013904223u;
            copy[(random >> 8) % size] ^= (char)(1u << (random >> 4 & 7));
        }
        open_and_read(&scratch, copy, size);
    }
    scratch_remove(&scratch);
}
