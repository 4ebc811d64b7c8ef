/* SPDX-License-Identifier: MIT */
#include "networks/patches.h"
#include "base/memory.h"

size_t quell_patches_tokens(const struct quell_patches *patches)
{
    size_t tokens = patches->spatial ? 1 : patches->size[0];
    for (size_t d = 0; d < patches->spatial; d++) tokens *= patches->size[d] / patches->patch[d];
    return tokens;
}

size_t quell_patches_channels(const struct quell_patches *patches)
{
    size_t channels = patches->channels;
    for (size_t d = 0; d < patches->spatial; d++) channels *= patches->patch[d];
    return channels;
}

size_t quell_patches_position(const struct quell_patches *patches, size_t token, size_t d)
{
    for (size_t after = patches->spatial; after-- > d + 1;)
        token /= patches->size[after] / patches->patch[after];
    return patches->spatial ? token % (patches->size[d] / patches->patch[d]) : token;
}

/* Element `channel` of a token: channel = (z, a, b, ...) with the last index the fastest. */
static size_t place(const struct quell_patches *patches, size_t token, size_t channel)
{
    size_t at = 0, step = 1;
    for (size_t d = patches->spatial; d-- > 0; step *= patches->size[d]) {
        size_t patch = patches->patch[d];
        at += step * (quell_patches_position(patches, token, d) * patch + channel % patch);
        channel /= patch;
    }
    return at + step * channel;
}

uint32_t *quell_patches_map(const struct quell_patches *patches)
{
    size_t tokens = quell_patches_tokens(patches), channels = quell_patches_channels(patches);
    uint32_t *map = quell_new(tokens * channels, sizeof *map);
    for (size_t token = 0; map && token < tokens; token++)
        for (size_t channel = 0; channel < channels; channel++) {
            size_t i = token * channels + channel;
            map[i] = (uint32_t)(patches->spatial ? place(patches, token, channel) : i);
        }
    return map;
}
