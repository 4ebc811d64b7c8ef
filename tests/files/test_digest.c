/* SPDX-License-Identifier: MIT */
/* The digest of files is XXH64, by the values of the reference implementation (Python's xxhash). */
#include "base/digest.h"
#include "base/sha256.h"
#include "harness.h"

#include <string.h>

TEST(digest, reference)
{
    static const struct {
        size_t bytes;
        uint64_t digest;
    } cases[] = {{0, 0xef46db3751d8e999u},   {1, 0x1f25c8d0bc1f4bb6u},   {3, 0x31d2363f52e564c9u},
                 {4, 0x9bb64b7d66ee9fdau},   {7, 0x9a7b149959ce60d8u},   {8, 0xdab99d95c6f90092u},
                 {12, 0xd52e407833af5133u},  {31, 0xa2aa5f33cc4a6119u},  {32, 0x23c3c17ef790fd97u},
                 {33, 0x50a7cfc7ba588784u},  {63, 0x5e3e54b431c7493cu},  {64, 0x0eb64b3ef6eeb01fu},
                 {100, 0xa61f8d4c170fe531u}, {1000, 0x5f235fa033f1a3fbu}};
    unsigned char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(7 * i + 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 80; piece++) {
            struct quell_digest digest;
            quell_digest_begin(&digest);
            for (size_t at = 0; at < cases[i].bytes; at += piece) {
                size_t left = cases[i].bytes - at;
                quell_digest_add(&digest, bytes + at, left < piece ? left : piece);
            }
            CHECK(quell_digest_end(&digest) == cases[i].digest, "%zu bytes by %zu", cases[i].bytes,
                  piece);
        }
}

/* The examples of FIPS 180-4, and of NIST's CAVP the longest. */
TEST(digest, sha256)
{
    static const struct {
        const char *text;
        size_t times;
        const char *digits;
    } cases[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct quell_sha256 sum;
        char digits[65];
        quell_sha256_begin(&sum);
        for (size_t k = 0; k < cases[i].times; k++)
            quell_sha256_add(&sum, cases[i].text, strlen(cases[i].text));
        quell_sha256_end(&sum, digits);
        CHECK(!strcmp(digits, cases[i].digits), "%s: %s", cases[i].text, digits);
    }
}
