/* SPDX-License-Identifier: MIT */
#include "models/network_architectures.h"
#include "models/network_fields.h"
#include "networks/dit.h"

#include <string.h>

/* The time of attention grows with the square of the tokens. A token takes more memory than its
 * elements do, and no description may ask for much more memory than its file has. */
#define MOST_TOKENS 65536

static quell_status load(const struct quell_document *document, const struct quell_weights *from,
                         const struct quell_dit_shape *dit, struct quell_network **network)
{
    size_t tokens = quell_patches_tokens(&dit->patches);
    if (tokens <= MOST_TOKENS) return quell_dit_load(network, from, dit);
    return quell_document_bad(document, "shape", "makes %zu tokens, must make at most %d", tokens,
                              MOST_TOKENS);
}

static quell_status read_ffn(const struct quell_document *document, struct quell_dit_shape *dit)
{
    const char *activation = "silu";
    dit->factor = 4;
    quell_status status = quell_field_size(document, "ffn_factor", QUELL_MOST_FACTOR, &dit->factor);
    if (!status) status = quell_document_text(document, "ffn_activation", &activation);
    if (status) return status;
    dit->swiglu = !strcmp(activation, "swiglu");
    if (dit->swiglu || quell_field_activation(activation, &dit->activation)) return QUELL_OK;
    return quell_document_bad(document, "ffn_activation",
                              "must be relu, relu2, silu, gelu or swiglu");
}

static quell_status read_attention(const struct quell_document *document,
                                   struct quell_dit_shape *dit)
{
    dit->heads = 1;
    dit->qkv_bias = dit->qk_norm = true;
    quell_status status =
        quell_field_size(document, "attention_heads", QUELL_MOST_FEATURES, &dit->heads);
    if (!status) status = quell_field_truth(document, "qkv_bias", &dit->qkv_bias);
    if (!status) status = quell_field_truth(document, "qk_norm", &dit->qk_norm);
    if (!status) status = quell_field_truth(document, "rope", &dit->rope);
    if (status) return status;
    if (dit->hidden % dit->heads)
        return quell_document_bad(document, "attention_heads", "must divide 'hid_channels'");
    if (dit->rope && dit->hidden / dit->heads % 2)
        return quell_document_bad(document, "rope", "needs an even number of channels in a head");
    return QUELL_OK;
}

static quell_status read_transformer(const struct quell_document *document,
                                     struct quell_dit_shape *dit)
{
    quell_status status = quell_fields_conditioning(document, &dit->conditioning);
    if (!status)
        status = quell_field_size(document, "hid_channels", QUELL_MOST_FEATURES, &dit->hidden);
    if (!status && dit->hidden % 2)
        status = quell_document_bad(document, "hid_channels", "must be even");
    if (!status) status = quell_field_size(document, "hid_blocks", QUELL_MOST_BLOCKS, &dit->blocks);
    if (!status) status = read_attention(document, dit);
    return status ? status : read_ffn(document, dit);
}

quell_status quell_network_read_dit(const struct quell_document *document, size_t rank,
                                    const size_t *shape, const struct quell_weights *from,
                                    struct quell_network **network)
{
    struct quell_dit_shape dit = {.hidden = 0};
    if (rank != 2)
        return quell_document_bad(document, "shape", "must be [tokens, channels] for a dit");
    dit.patches.size[0] = shape[0];
    dit.patches.channels = shape[1];
    quell_status status = read_transformer(document, &dit);
    return status ? status : load(document, from, &dit, network);
}

static quell_status read_patch(const struct quell_document *document, struct quell_patches *patches)
{
    patches->patch[0] = 1;
    quell_status status = quell_field_sizes(document, "patch_size", patches->spatial,
                                            QUELL_MOST_ELEMENTS, patches->patch);
    for (size_t d = 0; !status && d < patches->spatial; d++)
        if (patches->size[d] % patches->patch[d])
            status = quell_document_bad(document, "patch_size",
                                        "must divide each of the %zu sizes of the shape",
                                        patches->spatial);
    return status;
}

quell_status quell_network_read_vit(const struct quell_document *document, size_t rank,
                                    const size_t *shape, const struct quell_weights *from,
                                    struct quell_network **network)
{
    struct quell_dit_shape dit = {.hidden = 0};
    struct quell_patches *patches = &dit.patches;
    quell_status status = quell_fields_spatial(document, rank, shape, &patches->spatial,
                                               &patches->channels, patches->size);
    if (!status) status = read_patch(document, patches);
    if (!status) status = read_transformer(document, &dit);
    return status ? status : load(document, from, &dit, network);
}
