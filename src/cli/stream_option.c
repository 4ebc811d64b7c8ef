/* SPDX-License-Identifier: MIT */
#include "cli/stream_option.h"
#include "cli/cli.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/memory.h"
#include "io/ending.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1024

static int open_file(struct stream_list *list, const char *path)
{
    quell_status status = quell_npy_open_words(&list->file, path);
    if (status) return complain_input(EXIT_FILE, status);
    list->count = list->file.shape[0];
    if (list->file.rank == 1) return EXIT_DONE;
    return complain(EXIT_USAGE, "--%s %s: must be an array of shape (count,)", list->option, path);
}

/* Reads one number of the list; text[length] is a comma or the end. */
static bool read_number(const char *text, size_t length, uint64_t *value)
{
    char digits[24];
    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = 0;
    return options_count(digits, value);
}

static int read_list(struct stream_list *list, const char *text, uint64_t high)
{
    list->values = quell_new(strlen(text) / 2 + 1, sizeof *list->values);
    if (!list->values) return complain(EXIT_MEMORY, "no memory for --%s", list->option);
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        uint64_t *value = &list->values[list->count++];
        if (!read_number(at, length, value) || *value > high)
            return complain(
                EXIT_USAGE,
                "--%s: '%.*s' must be a whole number from 0 to %s, or name an .npy file",
                list->option, length < 60 ? (int)length : 60, at,
                high == UINT64_MAX ? "2^64 - 1" : "2^64 - 2");
        at += length;
        if (!*at) return EXIT_DONE;
    }
}

int stream_list_open(struct stream_list *list, const char *option, const char *text, uint64_t high)
{
    *list = (struct stream_list){.option = text ? option : NULL};
    if (!text) return EXIT_DONE;
    return quell_ending_is(text, ".npy") ? open_file(list, text) : read_list(list, text, high);
}

quell_status stream_list_fill(struct stream_list *list, size_t rows, uint64_t *out)
{
    if (list->file.path) return quell_npy_words(&list->file, rows, out);
    memcpy(out, list->values + list->taken, rows * sizeof *out);
    list->taken += rows;
    return QUELL_OK;
}

quell_status stream_list_skip(struct stream_list *list, size_t rows)
{
    if (list->file.path) return quell_npy_skip(&list->file, rows);
    list->taken += rows;
    return QUELL_OK;
}

void stream_list_close(struct stream_list *list)
{
    quell_npy_close(&list->file);
    free(list->values);
    *list = (struct stream_list){.option = NULL};
}

static quell_status digest_list(struct stream_list *list, struct quell_digest *digest)
{
    uint64_t values[CHUNK];
    quell_status status = QUELL_OK;
    for (size_t done = 0, n; done < list->count && !status; done += n) {
        n = list->count - done < CHUNK ? list->count - done : CHUNK;
        status = stream_list_fill(list, n, values);
        for (size_t i = 0; i < n && !status; i++) quell_digest_whole(digest, values[i]);
    }
    return status;
}

/* Reads the list once more, from the beginning. */
quell_status stream_list_digest(const char *text, uint64_t *sum)
{
    struct stream_list list = {.option = NULL};
    struct quell_digest digest;
    quell_status status = QUELL_OK;
    quell_digest_begin(&digest);
    if (quell_ending_is(text, ".npy"))
        status = quell_npy_open_words(&list.file, text);
    else if (read_list(&list, text, UINT64_MAX))
        status = quell_fail(QUELL_NO_MEMORY, "no memory for a list of numbers");
    if (!status && quell_ending_is(text, ".npy")) list.count = list.file.shape[0];
    if (!status) status = digest_list(&list, &digest);
    stream_list_close(&list);
    *sum = quell_digest_end(&digest);
    return status;
}
