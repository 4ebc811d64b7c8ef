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

/* The index of a token's first element in the sample. */
static size_t place_token(const struct quell_patches *patches, size_t token)
{
    size_t at = 0, step = 1;
    for (size_t d = patches->spatial; d-- > 0; step *= patches->size[d])
        at += step * quell_patches_position(patches, token, d) * patches->patch[d];
    return patches->spatial ? at : token * patches->channels;
}

/* The distance from there to element `channel`, where channel = (z, a, b, ...) with the last index
 * the fastest. */
static size_t place_channel(const struct quell_patches *patches, size_t channel)
{
    size_t at = 0, step = 1;
    for (size_t d = patches->spatial; d-- > 0; step *= patches->size[d]) {
        at += step * (channel % patches->patch[d]);
        channel /= patches->patch[d];
    }
    return at + step * channel;
}

uint32_t *quell_patches_token_places(const struct quell_patches *patches)
{
    size_t tokens = quell_patches_tokens(patches);
    uint32_t *places = quell_new(tokens, sizeof *places);
    for (size_t t = 0; places && t < tokens; t++) places[t] = (uint32_t)place_token(patches, t);
    return places;
}

uint32_t *quell_patches_channel_places(const struct quell_patches *patches)
{
    size_t channels = quell_patches_channels(patches);
    uint32_t *places = quell_new(channels, sizeof *places);
    for (size_t c = 0; places && c < channels; c++) places[c] = (uint32_t)place_channel(patches, c);
    return places;
}
