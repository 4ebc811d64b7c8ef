/* SPDX-License-Identifier: MIT */
#include "models/network_architectures.h"
#include "models/network_fields.h"
#include "networks/mlp.h"

#include <string.h>

static quell_status read_mlp(const struct quell_document *document, size_t rank,
                             const size_t *shape, const struct quell_weights *from,
                             struct quell_network **network)
{
    struct quell_mlp_shape mlp = {.dim = 1};
    const char *activation = "silu";
    for (size_t i = 0; i < rank; i++) mlp.dim *= shape[i];
    quell_status status = quell_fields_conditioning(document, &mlp.conditioning);
    if (!status) status = quell_document_text(document, "activation", &activation);
    if (!status && !quell_field_activation(activation, &mlp.activation))
        status = quell_document_bad(document, "activation", "must be relu, relu2, silu or gelu");
    if (!status) status = quell_field_size(document, "hidden", QUELL_MOST_FEATURES, &mlp.hidden);
    if (!status) status = quell_field_size(document, "blocks", QUELL_MOST_BLOCKS, &mlp.blocks);
    return status ? status : quell_mlp_load(network, from, &mlp);
}

#define COMMON                                                                                   \
    "kind", "comment", "dim", "shape", "image", "schedule", "weights", "architecture", "output", \
        "precondition", "time_features", "time_omega", "mod_features", "classes"
#define TRANSFORMER                                                                               \
    "hid_channels", "hid_blocks", "attention_heads", "qkv_bias", "qk_norm", "rope", "ffn_factor", \
        "ffn_activation"

#define UNET                                                                              \
    "spatial", "hid_channels", "hid_blocks", "kernel_size", "stride", "periodic", "norm", \
        "groups", "ffn_factor"

static const struct architecture {
    const char *name;
    quell_network_reader *read;
    const char *fields[32];
} architectures[] = {
    {"mlp", read_mlp, {"hidden", "blocks", "activation", COMMON}},
    {"dit", quell_network_read_dit, {TRANSFORMER, COMMON}},
    {"vit", quell_network_read_vit, {"spatial", "patch_size", TRANSFORMER, COMMON}},
    {"unet", quell_network_read_unet, {UNET, COMMON}},
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
    return quell_document_bad(document, "architecture",
                              "must be mlp, dit, vit or unet, or 'programs' be there");
}
