/* SPDX-License-Identifier: MIT */
#include "small_networks.h"
#include "formula_weights.h"
#include "harness.h"
#include "tensor_file.h"
#include "denoisers/network_denoiser.h"
#include "networks/dit.h"
#include "networks/mlp.h"
#include "networks/unet.h"

#include <string.h>

#define TIME {8, 16, SMALL_NETWORK_CLASSES, 1e3}

static const struct quell_mlp_shape mlp = {5, 32, 2, QUELL_SILU, TIME};
static const struct quell_dit_shape dit = {
    {0, 3, {5}, {0}}, 24, 2, 3, 2, QUELL_SILU, true, false, true, true, TIME};
static const struct quell_dit_shape vit = {
    {2, 1, {4, 8}, {2, 4}}, 32, 2, 4, 4, QUELL_SILU, false, true, true, false, TIME};
static const struct quell_unet_shape unet = {.channels = 2,
                                             .spatial = 2,
                                             .depths = 2,
                                             .size = {{1, 5, 4}},
                                             .hidden = {8, 12},
                                             .blocks = {1, 1},
                                             .kernel = {1, 3, 3},
                                             .stride = {1, 2, 2},
                                             .norm = QUELL_NORM_GROUP,
                                             .groups = 4,
                                             .factor = 1,
                                             .conditioning = TIME};

static quell_status load_mlp(struct quell_network **network, const struct quell_weights *from)
{
    return quell_mlp_load(network, from, &mlp);
}

static quell_status load_dit(struct quell_network **network, const struct quell_weights *from)
{
    return quell_dit_load(network, from, &dit);
}

static quell_status load_vit(struct quell_network **network, const struct quell_weights *from)
{
    return quell_dit_load(network, from, &vit);
}

static quell_status load_unet(struct quell_network **network, const struct quell_weights *from)
{
    return quell_unet_load(network, from, &unet);
}

#define COMMON                                                                             \
    "{'kind': 'network', 'precondition': 'karras', 'schedule': 'vp', 'time_features': 8, " \
    "'mod_features': 16, 'classes': 4, 'time_omega': 1000, "

static const struct small {
    const char *name, *description;
    quell_status (*load)(struct quell_network **network, const struct quell_weights *from);
} networks[] = {
    {"mlp", COMMON "'architecture': 'mlp', 'dim': 5, 'hidden': 32, 'blocks': 2}", load_mlp},
    {"dit",
     COMMON "'architecture': 'dit', 'shape': [5, 3], 'hid_channels': 24, 'hid_blocks': 2, "
            "'attention_heads': 3, 'ffn_activation': 'swiglu', 'ffn_factor': 2, "
            "'qkv_bias': false, 'rope': true}",
     load_dit},
    {"vit",
     COMMON "'architecture': 'vit', 'shape': [4, 8], 'patch_size': [2, 4], 'hid_channels': 32, "
            "'hid_blocks': 2, 'attention_heads': 4}",
     load_vit},
    {"unet",
     COMMON "'architecture': 'unet', 'shape': [2, 5, 4], 'hid_channels': [8, 12], "
            "'hid_blocks': [1, 1], 'norm': 'group', 'groups': 4}",
     load_unet},
};
#define NETWORKS (sizeof networks / sizeof *networks)

static const struct small *find(const char *name)
{
    const struct small *small = networks;
    while (strcmp(small->name, name)) small++;
    return small;
}

const char *small_network_name(size_t i) { return i < NETWORKS ? networks[i].name : NULL; }

const char *small_network_description(const char *name) { return find(name)->description; }

quell_status small_network_load(const char *name, const struct quell_weights *from,
                                struct quell_network **network)
{
    return find(name)->load(network, from);
}

quell_status small_network_denoiser(const char *name, quell_denoiser **denoiser)
{
    const struct quell_parametrization karras = {.output = QUELL_X0, .precondition = QUELL_KARRAS};
    struct formula_weights state = {0};
    const struct quell_weights from = formula_weights(&state);
    struct quell_network *network = NULL;
    quell_status status = small_network_load(name, &from, &network);
    return status ? status : quell_denoiser_network(denoiser, network, &karras);
}

size_t small_network_file(const char *name, const char *description, char *file)
{
    static struct tensor_writer writer;
    const struct quell_weights from = tensor_recorder(&writer);
    struct quell_network *network = NULL;
    tensor_begin(&writer, description);
    CHECK(!small_network_load(name, &from, &network), "%s: %s", name, quell_error_message());
    quell_network_free(network);
    CHECK(4 * writer.floats + writer.used + 16 < SMALL_NETWORK_MOST_FILE, "%s is too large", name);
    return tensor_finish(&writer, file);
}

quell_denoiser *small_network_guided(const char *name, double weight)
{
    quell_denoiser *plain = NULL, *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = weight;
    CHECK(!small_network_denoiser(name, &plain), "%s: %s", name, quell_error_message());
    if (weight == 1) return plain;
    CHECK(!quell_denoiser_from_guidance(&guided, plain, NULL, &guidance), "%s",
          quell_error_message());
    quell_denoiser_free(plain);
    return guided;
}
