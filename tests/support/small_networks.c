/* SPDX-License-Identifier: MIT */
#include "small_networks.h"
#include "harness.h"
#include "denoisers/denoiser.h"
#include "io/safetensors.h"
#include "models.h"
#include "models/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"mlp", "dit", "vit", "unet"};
#define NAMES (sizeof names / sizeof *names)

/* How the files begin: the metadata come first. */
#define HEAD "{\"__metadata__\":{\"quell\":\""

const char *small_network_name(size_t i) { return i < NAMES ? names[i] : NULL; }

size_t small_network_file(const char *name, char *file)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.safetensors", QUELL_TEST_NETWORKS, name);
    FILE *from = fopen(path, "rb");
    CHECK(from, "%s is not there", path);
    size_t size = fread(file, 1, SMALL_NETWORK_MOST_FILE, from);
    fclose(from);
    CHECK(size > 8 && size < SMALL_NETWORK_MOST_FILE, "%s: %zu bytes", path, size);
    return size;
}

char *small_network_description(const char *name)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    struct quell_tensors tensors = {0};
    MUST(quell_tensors_open_memory(&tensors, name, file, small_network_file(name, file)));
    char *text = strdup(quell_tensors_metadata(&tensors, "quell"));
    quell_tensors_close(&tensors);
    return text;
}

/* Writes the description as a string within the header; returns the end. */
static char *put(char *to, const char *description)
{
    to += sprintf(to, HEAD);
    for (; *description; description++) {
        char letter = *description == '\'' ? '"' : *description;
        if (letter == '"' || letter == '\\') *to++ = '\\';
        *to++ = letter;
    }
    return to + sprintf(to, "\"},");
}

/* The first eight bytes: the length of the header. */
static size_t header_length(const char *file)
{
    size_t length = 0;
    for (size_t i = 0; i < 8; i++) length += (size_t)(unsigned char)file[i] << 8 * i;
    return length;
}

size_t small_network_described(const char *name, const char *description, char *file)
{
    static char own[SMALL_NETWORK_MOST_FILE];
    size_t size = small_network_file(name, own);
    const char *rest = own + 8 + strlen(HEAD);
    CHECK(!memcmp(own + 8, HEAD, strlen(HEAD)), "%s begins in another way", name);
    while (*rest != '"') rest += *rest == '\\' ? 2 : 1;
    rest += strlen("\"},");
    char *end = description ? put(file + 8, description) : file + 8 + sprintf(file + 8, "{");
    size_t cut = (size_t)(rest - own), put_in = (size_t)(end - file);
    size_t length = header_length(own) - cut + put_in;
    for (size_t i = 0; i < 8; i++) file[i] = (char)(length >> 8 * i);
    memcpy(end, rest, size - cut);
    return size - cut + put_in;
}

quell_model *small_network_model(const char *name)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    char stem[32];
    quell_model *model = calloc(1, sizeof *model);
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(name, ":"), name);
    model->rounded = model->halves = strchr(name, ':') != NULL;
    MUST(quell_model_read_memory(model, name, file, small_network_file(stem, file)));
    return model;
}

quell_denoiser *small_network_denoiser(const char *name)
{
    quell_model *model = small_network_model(name);
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    quell_denoiser_hold(denoiser);
    quell_model_free(model);
    return (quell_denoiser *)(uintptr_t)denoiser;
}

quell_denoiser *small_network_guided(const char *name, double weight)
{
    quell_denoiser *plain = small_network_denoiser(name), *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = weight;
    if (weight == 1) return plain;
    MUST(quell_denoiser_from_guidance(&guided, plain, NULL, &guidance));
    quell_denoiser_free(plain);
    return guided;
}
