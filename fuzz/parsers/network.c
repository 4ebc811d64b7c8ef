/* SPDX-License-Identifier: MIT */
/* The description of a network, in a file of a few small tensors: its programs, what is around
 * them, its classes and conditions; draws from it. */
#include "draw.h"
#include "input.h"
#include "models/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "{\"__metadata__\":{\"quell\":\""
#define TENSORS                                                              \
    "\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}," \
    "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]}}"

static const float weights[] = {0.5f, -0.25f, 0.125f, 1, 0.75f, -0.5f};

/* Writes the text as a string of JSON; returns the end. */
static char *quoted(char *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') *to++ = '\\';
        *to++ = *text;
    }
    return to;
}

/* Returns the size of the file. */
static size_t write(char *file, const char *text)
{
    char *end = quoted(file + 8 + sprintf(file + 8, BEGIN), text);
    end += sprintf(end, TENSORS);
    for (size_t i = 0; i < 8; i++) file[i] = (char)((size_t)(end - file - 8) >> 8 * i);
    memcpy(end, weights, sizeof weights);
    return (size_t)(end - file) + sizeof weights;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1), *file = malloc(2 * size + sizeof BEGIN TENSORS + 64);
    quell_model *model = calloc(1, sizeof *model);
    if (!text || !file || !model) abort();
    if (size) memcpy(text, data, size);
    if (strlen(text) == size && !input_asks_much(text, 3) &&
        !quell_model_read_memory(model, "input", file, write(file, text)))
        draw(quell_model_denoiser(model), "", quell_model_schedule(model), "");
    quell_model_free(model);
    free(file);
    free(text);
    return 0;
}
