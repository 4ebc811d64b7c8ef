/* SPDX-License-Identifier: MIT */
#include "cli/samples_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void samples_digest_begin(struct samples_digest *digest, uint64_t first, size_t dim)
{
    *digest = (struct samples_digest){.number = first, .dim = dim};
}

void samples_digest_add(struct samples_digest *digest, const float *x, size_t count)
{
    while (count) {
        size_t left = digest->dim - digest->taken, now = count < left ? count : left;
        if (!digest->taken) {
            quell_digest_begin(&digest->sample);
            quell_digest_whole(&digest->sample, digest->number);
        }
        quell_digest_floats(&digest->sample, x, now);
        digest->taken += now, x += now, count -= now;
        if (digest->taken < digest->dim) return;
        digest->sum += quell_digest_end(&digest->sample);
        digest->number++;
        digest->taken = 0;
    }
}

void digest_write(char text[DIGEST_TEXT], uint64_t digest)
{
    snprintf(text, DIGEST_TEXT, "%016" PRIx64, digest);
}

int digest_read(const char *text, uint64_t *digest)
{
    if (!text || strlen(text) != DIGEST_TEXT - 1 || text[strspn(text, "0123456789abcdef")])
        return -1;
    *digest = strtoull(text, NULL, 16);
    return 0;
}
