/* SPDX-License-Identifier: MIT */
/* How the elements of a sample are arranged in tokens: as they are, [tokens][channels], or as
 * patches of an array [channels][size...] in one to three dimensions (azula.nn.layers.Patchify,
 * channel last: "Z (A a) (B b) -> A B (Z a b)"). */
#ifndef QUELL_NETWORKS_PATCHES_H
#define QUELL_NETWORKS_PATCHES_H

#include <stddef.h>
#include <stdint.h>

#define QUELL_MOST_SPATIAL 3

/* spatial: the number of dimensions; 0 for a sample of tokens, size[0] of them. patch divides
 * size. */
struct quell_patches {
    size_t spatial, channels;
    size_t size[QUELL_MOST_SPATIAL], patch[QUELL_MOST_SPATIAL];
};

size_t quell_patches_tokens(const struct quell_patches *patches);
size_t quell_patches_channels(const struct quell_patches *patches); /* of a token */

/* Element c of token t is element tokens[t] + channels[c] of the sample. Returns new memory, or
 * NULL. */
uint32_t *quell_patches_token_places(const struct quell_patches *patches);
uint32_t *quell_patches_channel_places(const struct quell_patches *patches);

/* A token's position in dimension d: its index there, or its number if spatial is 0. */
size_t quell_patches_position(const struct quell_patches *patches, size_t token, size_t d);

#endif
