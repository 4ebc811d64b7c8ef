/* SPDX-License-Identifier: MIT */
#include "io/network_fields.h"
#include "io/json.h"
#include "networks/dit.h"
#include "networks/mlp.h"

#include <string.h>

#define MOST_BLOCKS 1024
#define MOST_FEATURES 65536
#define MOST_FACTOR 64

static const char *const activations[QUELL_ACTIVATIONS] = {
    [QUELL_RELU] = "relu", [QUELL_RELU2] = "relu2", [QUELL_SILU] = "silu", [QUELL_GELU] = "gelu"};

static bool find_activation(const char *name, enum quell_activation *activation)
{
    for (int i = 0; i < QUELL_ACTIVATIONS; i++) {
        *activation = (enum quell_activation)i;
        if (!strcmp(activations[i], name)) return true;
    }
    return false;
}

/* A size up to `most`, which must be there if it is 0. */
static quell_status read_size(const struct quell_document *document, const char *field, size_t most,
                              size_t *size)
{
    quell_status status = quell_document_size(document, field, size);
    if (status) return status;
    if (*size >= 1 && *size <= most) return QUELL_OK;
    return quell_document_bad(document, field, "must be a whole number from 1 to %zu", most);
}

static quell_status read_truth(const struct quell_document *document, const char *field,
                               bool *truth)
{
    int value = *truth;
    quell_status status = quell_document_truth(document, field, &value);
    *truth = value != 0;
    return status;
}

static quell_status read_conditioning(const struct quell_document *document,
                                      struct quell_conditioning_shape *shape)
{
    quell_status status = read_size(document, "time_features", MOST_FEATURES, &shape->features);
    if (!status) status = read_size(document, "mod_features", MOST_FEATURES, &shape->width);
    if (!status) status = quell_document_size(document, "classes", &shape->classes);
    shape->omega = 1e4;
    if (!status) status = quell_document_number(document, "time_omega", &shape->omega);
    if (status) return status;
    if (shape->features % 2) return quell_document_bad(document, "time_features", "must be even");
    if (!(shape->omega >= 1))
        return quell_document_bad(document, "time_omega", "must be 1 or more");
    return QUELL_OK;
}

static quell_status read_mlp(const struct quell_document *document, size_t rank,
                             const size_t *shape, const struct quell_weights *from,
                             struct quell_network **network)
{
    struct quell_mlp_shape mlp = {.dim = 1};
    const char *activation = "silu";
    for (size_t i = 0; i < rank; i++) mlp.dim *= shape[i];
    quell_status status = read_conditioning(document, &mlp.conditioning);
    if (!status) status = quell_document_text(document, "activation", &activation);
    if (!status && !find_activation(activation, &mlp.activation))
        status = quell_document_bad(document, "activation", "must be relu, relu2, silu or gelu");
    if (!status) status = read_size(document, "hidden", MOST_FEATURES, &mlp.hidden);
    if (!status) status = read_size(document, "blocks", MOST_BLOCKS, &mlp.blocks);
    return status ? status : quell_mlp_load(network, from, &mlp);
}

static quell_status read_ffn(const struct quell_document *document, struct quell_dit_shape *dit)
{
    const char *activation = "silu";
    dit->factor = 4;
    quell_status status = read_size(document, "ffn_factor", MOST_FACTOR, &dit->factor);
    if (!status) status = quell_document_text(document, "ffn_activation", &activation);
    if (status) return status;
    dit->swiglu = !strcmp(activation, "swiglu");
    if (dit->swiglu || find_activation(activation, &dit->activation)) return QUELL_OK;
    return quell_document_bad(document, "ffn_activation",
                              "must be relu, relu2, silu, gelu or swiglu");
}

static quell_status read_attention(const struct quell_document *document,
                                   struct quell_dit_shape *dit)
{
    dit->heads = 1;
    dit->qkv_bias = dit->qk_norm = true;
    quell_status status = read_size(document, "attention_heads", MOST_FEATURES, &dit->heads);
    if (!status) status = read_truth(document, "qkv_bias", &dit->qkv_bias);
    if (!status) status = read_truth(document, "qk_norm", &dit->qk_norm);
    if (!status) status = read_truth(document, "rope", &dit->rope);
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
    quell_status status = read_conditioning(document, &dit->conditioning);
    if (!status) status = read_size(document, "hid_channels", MOST_FEATURES, &dit->hidden);
    if (!status && dit->hidden % 2)
        status = quell_document_bad(document, "hid_channels", "must be even");
    if (!status) status = read_size(document, "hid_blocks", MOST_BLOCKS, &dit->blocks);
    if (!status) status = read_attention(document, dit);
    return status ? status : read_ffn(document, dit);
}

static quell_status read_dit(const struct quell_document *document, size_t rank,
                             const size_t *shape, const struct quell_weights *from,
                             struct quell_network **network)
{
    struct quell_dit_shape dit = {.hidden = 0};
    if (rank != 2)
        return quell_document_bad(document, "shape", "must be [tokens, channels] for a dit");
    dit.patches.size[0] = shape[0];
    dit.patches.channels = shape[1];
    quell_status status = read_transformer(document, &dit);
    return status ? status : quell_dit_load(network, from, &dit);
}

/* One size for all dimensions, or a list of them. */
static quell_status read_patch(const struct quell_document *document, struct quell_patches *patches)
{
    size_t rank = patches->spatial, all = 1;
    for (size_t d = 0; d < rank; d++) patches->patch[d] = 1;
    quell_status status =
        quell_document_is_list(document, "patch_size")
            ? quell_document_shape(document, "patch_size", rank, &rank, patches->patch)
            : quell_document_size(document, "patch_size", &all);
    for (size_t d = 0; !status && d < patches->spatial; d++) {
        if (!quell_document_is_list(document, "patch_size")) patches->patch[d] = all;
        if (rank != patches->spatial || patches->size[d] % patches->patch[d])
            status = quell_document_bad(document, "patch_size",
                                        "must divide each of the %zu sizes of the shape",
                                        patches->spatial);
    }
    return status;
}

static quell_status read_vit(const struct quell_document *document, size_t rank,
                             const size_t *shape, const struct quell_weights *from,
                             struct quell_network **network)
{
    struct quell_dit_shape dit = {.patches = {.spatial = 2, .channels = 1}};
    struct quell_patches *patches = &dit.patches;
    quell_status status = read_size(document, "spatial", QUELL_MOST_SPATIAL, &patches->spatial);
    if (status) return status;
    if (rank != patches->spatial && rank != patches->spatial + 1)
        return quell_document_bad(document, "shape",
                                  "must have %zu sizes, or the channels and then so many",
                                  patches->spatial);
    size_t before = rank - patches->spatial;
    if (before) patches->channels = shape[0];
    memcpy(patches->size, shape + before, patches->spatial * sizeof *shape);
    status = read_patch(document, patches);
    if (!status) status = read_transformer(document, &dit);
    return status ? status : quell_dit_load(network, from, &dit);
}

#define COMMON                                                                                   \
    "kind", "comment", "dim", "shape", "image", "schedule", "weights", "architecture", "output", \
        "precondition", "time_features", "time_omega", "mod_features", "classes"
#define TRANSFORMER                                                                               \
    "hid_channels", "hid_blocks", "attention_heads", "qkv_bias", "qk_norm", "rope", "ffn_factor", \
        "ffn_activation"

static const struct architecture {
    const char *name;
    quell_status (*read)(const struct quell_document *document, size_t rank, const size_t *shape,
                         const struct quell_weights *from, struct quell_network **network);
    const char *fields[32];
} architectures[] = {
    {"mlp", read_mlp, {"hidden", "blocks", "activation", COMMON}},
    {"dit", read_dit, {TRANSFORMER, COMMON}},
    {"vit", read_vit, {"spatial", "patch_size", TRANSFORMER, COMMON}},
};

quell_status quell_network_described(const struct quell_document *document, size_t rank,
                                     const size_t *shape, const struct quell_weights *from,
                                     struct quell_network **network)
{
    const char *name = "";
    quell_status status = quell_document_text(document, "architecture", &name);
    if (status) return status;
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        if (strcmp(architectures[i].name, name)) continue;
        status = quell_document_known(document, architectures[i].fields);
        return status ? status : architectures[i].read(document, rank, shape, from, network);
    }
    return quell_document_bad(document, "architecture", "must be mlp, dit or vit");
}
