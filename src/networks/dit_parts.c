/* SPDX-License-Identifier: MIT */
/* Loads a transformer, and computes what depends on the position alone. */
#include "networks/dit_parts.h"
#include "base/fail.h"
#include "base/maths.h"
#include "base/memory.h"
#include "networks/sine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSITION_OMEGA 1e2

static quell_status no_memory(void)
{
    return quell_fail(QUELL_NO_MEMORY, "network: no memory for its parts");
}

/* Loads NAME of block i. */
static quell_status load(struct quell_linear *linear, const struct quell_weights *from, size_t i,
                         const char *name, size_t in, size_t out, bool bias)
{
    char full[96];
    snprintf(full, sizeof full, "net.blocks.%zu.%s", i, name);
    return quell_linear_load(linear, from, full, in, out, bias);
}

/* Reads rows 0, 2, 4, ... first, then 1, 3, 5, ...: in azula's SwiGLU the two factors alternate. */
static quell_status read_split(void *user, const char *name, size_t rank, const size_t *shape,
                               float *out)
{
    const struct quell_weights *from = user;
    quell_status status = from->read(from->user, name, rank, shape, out);
    if (status || !out) return status;
    size_t rows = shape[0], row = rank > 1 ? shape[1] : 1;
    float *copy = quell_new(rows, row * sizeof *copy);
    if (!copy) return no_memory();
    memcpy(copy, out, rows * row * sizeof *copy);
    for (size_t i = 0; i < rows; i++)
        memcpy(out + (i / 2 + i % 2 * (rows / 2)) * row, copy + i * row, row * sizeof *copy);
    free(copy);
    return QUELL_OK;
}

/* The choice of kernels does not matter: all agree to the last bit. */
static void project(const struct quell_linear *linear, size_t rows, const float *x, float *y)
{
    quell_linear_apply(linear, quell_kernels_widest(), rows, x, linear->in, y, linear->bias, false);
}

/* Computes in_proj's bias + pos_embedding.2 (sine encodings of the position, side by side). */
static quell_status make_position(struct quell_dit *dit, const struct quell_weights *from)
{
    const struct quell_patches *patches = &dit->shape.patches;
    size_t hidden = dit->shape.hidden, spatial = patches->spatial ? patches->spatial : 1;
    size_t stride = quell_linear_stride(hidden);
    struct quell_linear embedding;
    double *frequency = quell_sine_frequencies(hidden, POSITION_OMEGA);
    float *encoded = quell_new(dit->tokens * spatial, hidden * sizeof *encoded);
    quell_status status =
        quell_linear_load(&embedding, from, "net.pos_embedding.2", spatial * hidden, hidden, false);
    dit->position = quell_new(dit->tokens, stride * sizeof(float));
    if (!status && (!frequency || !encoded || !dit->position)) status = no_memory();
    for (size_t t = 0; !status && t < dit->tokens; t++)
        for (size_t d = 0; d < spatial; d++)
            quell_sine_encode(frequency, hidden, (double)quell_patches_position(patches, t, d),
                              encoded + (t * spatial + d) * hidden);
    if (!status) project(&embedding, dit->tokens, encoded, dit->position);
    for (size_t i = 0; !status && i < dit->tokens * stride; i++)
        if (i % stride < hidden) dit->position[i] += dit->in.bias[i % stride];
    quell_linear_free(&embedding);
    free(encoded);
    free(frequency);
    return status;
}

/* Computes theta = theta_proj(position), as cosines and sines. */
static quell_status make_turn(struct quell_dit *dit, const struct quell_weights *from, size_t i)
{
    const struct quell_patches *patches = &dit->shape.patches;
    size_t half = dit->shape.hidden / 2, spatial = patches->spatial ? patches->spatial : 1;
    size_t stride = quell_linear_stride(half), tokens = dit->tokens;
    struct quell_linear linear;
    quell_status status = load(&linear, from, i, "msa.theta_proj", spatial, half, false);
    float *position = quell_new(tokens * spatial, sizeof *position);
    float *theta = quell_new(tokens, stride * sizeof *theta);
    float *turn = dit->blocks[i].turn = quell_new(tokens, 2 * half * sizeof *turn);
    if (!status && (!position || !theta || !turn)) status = no_memory();
    for (size_t p = 0; !status && p < tokens * spatial; p++)
        position[p] = (float)quell_patches_position(patches, p / spatial, p % spatial);
    if (!status) project(&linear, tokens, position, theta);
    for (size_t j = 0; !status && j < tokens * half; j++) {
        double angle = (double)theta[j / half * stride + j % half];
        turn[2 * j] = (float)quell_cos(angle);
        turn[2 * j + 1] = (float)quell_sin(angle);
    }
    quell_linear_free(&linear);
    free(position);
    free(theta);
    return status;
}

static quell_status load_block(struct quell_dit *dit, const struct quell_weights *from, size_t i)
{
    const struct quell_dit_shape *shape = &dit->shape;
    const struct quell_weights split = {read_split, (void *)(uintptr_t)from};
    struct quell_dit_block *block = &dit->blocks[i];
    size_t hidden = shape->hidden, wide = shape->factor * hidden;
    size_t width = shape->conditioning.width, inner = shape->swiglu ? wide / 2 : wide;
    char name[64];
    snprintf(name, sizeof name, "net.blocks.%zu", i);
    quell_status status = quell_modulation_load(&block->ada, from, name, width, hidden);
    if (!status)
        status = load(&block->qkv, from, i, "msa.qkv_proj", hidden, 3 * hidden, shape->qkv_bias);
    if (!status && shape->rope) status = make_turn(dit, from, i);
    if (!status) status = load(&block->y, from, i, "msa.y_proj", hidden, hidden, false);
    if (!status)
        status = load(&block->in, shape->swiglu ? &split : from, i, "ffn.0", hidden, wide, true);
    if (!status) status = load(&block->out, from, i, "ffn.3", inner, hidden, true);
    return status;
}

static quell_status load_all(struct quell_dit *dit, const struct quell_weights *from)
{
    size_t hidden = dit->shape.hidden, channels = dit->channels;
    dit->token_place = quell_patches_token_places(&dit->shape.patches);
    dit->channel_place = quell_patches_channel_places(&dit->shape.patches);
    dit->blocks = quell_new(dit->shape.blocks, sizeof *dit->blocks);
    if (!dit->token_place || !dit->channel_place || !dit->blocks) return no_memory();
    quell_status status =
        quell_conditioning_load(&dit->conditioning, from, &dit->shape.conditioning);
    if (!status) status = quell_linear_load(&dit->in, from, "net.in_proj", channels, hidden, true);
    if (!status) status = make_position(dit, from);
    for (size_t i = 0; i < dit->shape.blocks && !status; i++) status = load_block(dit, from, i);
    if (!status)
        status = quell_linear_load(&dit->out, from, "net.out_proj", hidden, channels, true);
    return status;
}

quell_status quell_dit_parts_load(struct quell_dit **out, const struct quell_network_class *type,
                                  const struct quell_weights *from,
                                  const struct quell_dit_shape *shape)
{
    struct quell_dit *dit = quell_new(1, sizeof *dit);
    if (!dit) return no_memory();
    size_t tokens = quell_patches_tokens(&shape->patches);
    size_t channels = quell_patches_channels(&shape->patches);
    dit->base = (struct quell_network){.type = type,
                                       .conditioning = &dit->conditioning,
                                       .inputs = tokens * channels,
                                       .outputs = tokens * channels,
                                       .classes = shape->conditioning.classes};
    dit->shape = *shape;
    dit->tokens = tokens;
    dit->channels = channels;
    dit->attention = (struct quell_attention){.tokens = tokens,
                                              .heads = shape->heads,
                                              .width = shape->hidden / shape->heads,
                                              .norm = shape->qk_norm};
    quell_status status = load_all(dit, from);
    if (status)
        quell_network_free(&dit->base);
    else
        *out = dit;
    return status;
}

void quell_dit_destroy(struct quell_network *network)
{
    struct quell_dit *dit = (struct quell_dit *)network;
    quell_conditioning_free(&dit->conditioning);
    quell_linear_free(&dit->in);
    quell_linear_free(&dit->out);
    for (size_t i = 0; dit->blocks && i < dit->shape.blocks; i++) {
        struct quell_dit_block *block = &dit->blocks[i];
        struct quell_linear *linears[] = {&block->qkv, &block->y, &block->in, &block->out};
        quell_modulation_free(&block->ada);
        for (size_t j = 0; j < sizeof linears / sizeof *linears; j++) quell_linear_free(linears[j]);
        free(block->turn);
    }
    free(dit->blocks);
    free(dit->position);
    free(dit->token_place);
    free(dit->channel_place);
}

static void add_block(const struct quell_dit *dit, const struct quell_dit_block *block,
                      struct quell_digest *digest)
{
    quell_modulation_digest(&block->ada, digest);
    quell_linear_digest(&block->qkv, digest);
    quell_linear_digest(&block->y, digest);
    quell_linear_digest(&block->in, digest);
    quell_linear_digest(&block->out, digest);
    if (block->turn) quell_digest_floats(digest, block->turn, dit->tokens * dit->shape.hidden);
}

static void add_shape(const struct quell_dit_shape *shape, struct quell_digest *digest)
{
    const size_t sizes[] = {shape->hidden, shape->blocks,  shape->heads,
                            shape->swiglu, shape->qk_norm, (size_t)shape->activation};
    quell_digest_sizes(digest, sizes, sizeof sizes / sizeof *sizes);
}

/* The arrays of positions are added, as they say how the sample is split into patches. */
void quell_dit_digest(const struct quell_network *network, struct quell_digest *digest)
{
    const struct quell_dit *dit = (const struct quell_dit *)network;
    size_t hidden = dit->shape.hidden, stride = quell_linear_stride(hidden);
    add_shape(&dit->shape, digest);
    quell_digest_add(digest, dit->token_place, dit->tokens * sizeof *dit->token_place);
    quell_digest_add(digest, dit->channel_place, dit->channels * sizeof *dit->channel_place);
    quell_linear_digest(&dit->in, digest);
    quell_linear_digest(&dit->out, digest);
    for (size_t t = 0; t < dit->tokens; t++)
        quell_digest_floats(digest, dit->position + t * stride, hidden);
    for (size_t i = 0; i < dit->shape.blocks; i++) add_block(dit, &dit->blocks[i], digest);
}
