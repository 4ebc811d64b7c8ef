/* SPDX-License-Identifier: MIT */
/* Networks as models: from a file with its description in it, and from a description beside it. */
#include "formula_weights.h"
#include "harness.h"
#include "model_files.h"
#include "denoisers/network_denoiser.h"
#include "networks/dit.h"
#include "networks/mlp.h"
#include "networks/unet.h"
#include "tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MLP                                                                                     \
    "'kind': 'network', 'architecture': 'mlp', 'hidden': 20, 'blocks': 2, 'time_features': 6, " \
    "'mod_features': 9"
#define GOOD "{" MLP ", 'dim': 3, 'activation': 'gelu', 'precondition': 'karras', 'schedule': 'vp'}"

static struct tensor_writer writer;
static char file[1 << 20];

static const struct quell_mlp_shape mlp = {3, 20, 2, QUELL_GELU, {6, 9, 0, 1e4}};
static const struct quell_dit_shape vit = {
    {2, 2, {4, 6}, {2, 3}}, 12, 2, 3, 2, QUELL_SILU, true, true, false, true, {6, 9, 4, 1e3}};
static const struct quell_dit_shape dit = {
    {0, 3, {5}, {0}}, 8, 1, 1, 4, QUELL_RELU2, false, false, true, false, {6, 9, 0, 1e4}};
static const struct quell_unet_shape unet = {2,
                                             2,
                                             3,
                                             {{1, 4, 6}},
                                             {4, 6, 10},
                                             {1, 0, 1},
                                             {1, 3, 5},
                                             {1, 2, 2},
                                             true,
                                             QUELL_NORM_GROUP,
                                             2,
                                             3,
                                             {6, 9, 4, 1e4}};
static const struct quell_unet_shape line = {1,
                                             1,
                                             1,
                                             {{1, 1, 9}},
                                             {4},
                                             {1},
                                             {1, 1, 3},
                                             {1, 1, 2},
                                             false,
                                             QUELL_NORM_LAYER,
                                             16,
                                             1,
                                             {6, 9, 0, 1e4}};

static quell_status load(const void *shape, const struct quell_weights *from,
                         struct quell_network **network)
{
    if (shape == &unet || shape == &line) return quell_unet_load(network, from, shape);
    return shape == &mlp ? quell_mlp_load(network, from, shape)
                         : quell_dit_load(network, from, shape);
}

/* The network's denoiser; with its file written as well if there is a folder. */
static quell_denoiser *make(const struct scratch *scratch, const char *description,
                            const void *shape)
{
    const struct quell_parametrization karras = {.output = QUELL_X0, .precondition = QUELL_KARRAS};
    const struct quell_weights from = tensor_recorder(&writer);
    struct quell_network *network = NULL;
    quell_denoiser *denoiser = NULL;
    tensor_begin(&writer, description);
    CHECK(!load(shape, &from, &network), "%s", quell_error_message());
    CHECK(!quell_denoiser_network(&denoiser, network, &karras), "%s", quell_error_message());
    scratch_write(scratch, "n.safetensors", file, tensor_finish(&writer, file));
    return denoiser;
}

static void write_network(const struct scratch *scratch, const char *description)
{
    quell_denoiser_free(make(scratch, description, &mlp));
}

static char *quoted(const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; *at; at++)
        if (*at == '\'') *at = '"';
    return copy;
}

static struct scratch_path write_json(const struct scratch *scratch, const char *text)
{
    char *json = quoted(text);
    struct scratch_path path = scratch_write(scratch, "n.json", json, 0);
    free(json);
    return path;
}

static void check_loads(const char *path, const quell_denoiser *right)
{
    quell_model *model = NULL;
    CHECK(!quell_model_load(&model, path), "%s", quell_error_message());
    CHECK(quell_denoiser_reproducible(quell_model_denoiser(model)),
          "the promise about bits is not kept");
    denoisers_same(quell_model_denoiser(model), right, path);
    quell_model_free(model);
}

TEST(model_network, both_forms_are_the_network)
{
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    quell_denoiser *right = make(&scratch, GOOD, &mlp);
    struct scratch_path path = scratch_path(&scratch, "n.safetensors");
    CHECK(!quell_model_load(&model, path.text), "%s", quell_error_message());
    CHECK(quell_model_rank(model) == 1 && quell_model_shape(model)[0] == 3 &&
              !strcmp(quell_model_schedule(model), "vp"),
          "not as said");
    quell_model_free(model);
    check_loads(path.text, right);
    quell_denoiser_free(right);
    right = make(&scratch, NULL, &mlp);
    check_loads(write_json(&scratch, "{" MLP ", 'dim': 3, 'activation': 'gelu', 'precondition': "
                                     "'karras', 'weights': 'n.safetensors'}")
                    .text,
                right);
    quell_denoiser_free(right);
    scratch_remove(&scratch);
}

#define TRANSFORMER \
    "{'kind': 'network', 'precondition': 'karras', 'time_features': 6, 'mod_features': 9, "
#define VIT                                                                                        \
    TRANSFORMER "'architecture': 'vit', 'hid_channels': 12, 'hid_blocks': 2, 'attention_heads': "  \
                "3, 'classes': 4, 'ffn_factor': 2, 'ffn_activation': 'swiglu', 'qk_norm': false, " \
                "'rope': true, 'time_omega': 1000"
#define DIT                                                                                     \
    TRANSFORMER "'architecture': 'dit', 'hid_channels': 8, 'hid_blocks': 1, 'ffn_activation': " \
                "'relu2', 'qkv_bias': false"

TEST(model_network, transformers)
{
    struct scratch scratch = scratch_new();
    struct scratch_path path = scratch_path(&scratch, "n.safetensors");
    quell_denoiser *right = make(&scratch, VIT ", 'shape': [2, 4, 6], 'patch_size': [2, 3]}", &vit);
    check_loads(path.text, right);
    quell_denoiser_free(right);
    right = make(&scratch, DIT ", 'shape': [5, 3]}", &dit);
    check_loads(path.text, right);
    quell_denoiser_free(right);
    scratch_remove(&scratch);
}

#define UNET TRANSFORMER "'architecture': 'unet', 'hid_channels': "
#define DEEP                                                                                      \
    UNET "[4, 6, 10], 'hid_blocks': [1, 0, 1], 'kernel_size': [3, 5], 'periodic': true, 'norm': " \
         "'group', 'groups': 2, 'ffn_factor': 3, 'classes': 4, 'shape': [2, 4, 6]}"

TEST(model_network, unets)
{
    struct scratch scratch = scratch_new();
    struct scratch_path path = scratch_path(&scratch, "n.safetensors");
    quell_denoiser *right = make(&scratch, DEEP, &unet);
    check_loads(path.text, right);
    quell_denoiser_free(right);
    right = make(&scratch, UNET "[4], 'hid_blocks': [1], 'spatial': 1, 'shape': [9]}", &line);
    check_loads(path.text, right);
    quell_denoiser_free(right);
    scratch_remove(&scratch);
}

TEST(model_network, fields_refused)
{
    static const struct {
        const char *description, *reason;
    } cases[] = {
        {UNET "[4, 6], 'hid_blocks': [1], 'shape': [2, 4, 6]}", "'hid_blocks' must have a number"},
        {UNET "[4, 6], 'shape': [2, 4, 6]}", "'hid_blocks'"},
        {UNET "[4, 6], 'hid_blocks': [1, 1025], 'shape': [2, 4, 6]}", "'hid_blocks' must be at"},
        {UNET "[4, 6], 'hid_blocks': [1, -1], 'shape': [2, 4, 6]}", "'hid_blocks' must be whole"},
        {UNET "4, 'hid_blocks': [1], 'shape': [2, 4, 6]}", "'hid_channels' must be a list"},
        {UNET "[0], 'hid_blocks': [1], 'shape': [2, 4, 6]}", "'hid_channels' must be from 1"},
        {UNET "[1], 'hid_blocks': [1], 'shape': [2, 4, 6]}", "'hid_channels' must be 2 or more"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [2, 4, 6], 'norm': 'batch'}", "'norm'"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [4, 6], 'norm': 'group', 'groups': 4}", "'groups'"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [4, 6], 'kernel_size': 2}", "'kernel_size' must"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [4, 6], 'kernel_size': [65, 3]}", "'kernel_size'"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [4, 6], 'stride': [1, 2, 3]}", "'stride'"},
        {UNET "[6], 'hid_blocks': [1], 'shape': [4]}", "'shape' must have 2 sizes"},
        {VIT ", 'shape': [2, 4, 6], 'patch_size': 4}", "'patch_size' must divide"},
        {VIT ", 'shape': [2, 4, 6], 'patch_size': [2]}", "'patch_size' must have 2 sizes"},
        {VIT ", 'shape': [2, 2, 4, 6]}", "'shape'"},
        {VIT ", 'shape': [8192, 8192]}", "'shape' makes 67108864 tokens"},
        {VIT ", 'shape': [24], 'spatial': 4}", "'spatial'"},
        {VIT ", 'shape': [2, 4, 6], 'hidden': 3}", "'hidden' is not known"},
        {DIT ", 'dim': 15}", "'shape' must be [tokens, channels]"},
        {DIT ", 'shape': [5, 3], 'attention_heads': 3}", "'attention_heads' must divide"},
        {DIT ", 'shape': [5, 3], 'attention_heads': 8, 'rope': true}", "'rope'"},
        {DIT ", 'shape': [5, 3], 'ffn_factor': 0}", "'ffn_factor'"},
        {DIT ", 'shape': [5, 3], 'qk_norm': 1}", "'qk_norm'"},
        {DIT ", 'shape': [5, 3], 'blocks': 1}", "'blocks' is not known"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_model *model = NULL;
        write_network(&scratch, cases[i].description);
        CHECK(quell_model_load(&model, scratch_path(&scratch, "n.safetensors").text) ==
                  QUELL_BAD_MODEL,
              "case %zu", i);
        CHECK(strstr(quell_error_message(), cases[i].reason), "not '%s': %s", cases[i].reason,
              quell_error_message());
    }
    scratch_remove(&scratch);
}

TEST(model_network, refused)
{
    static const struct {
        const char *description, *reason;
    } cases[] = {
        {NULL, "no description"},
        {"nothing", "not JSON"},
        {"{" MLP "}", "'dim'"},
        {"{" MLP ", 'dim': 3, 'weights': 'n.safetensors'}", "'weights'"},
        {"{" MLP ", 'dim': 3, 'what': 1}", "'what'"},
        {"{" MLP ", 'dim': 4}", "'in_proj.weight' is [20, 3], must be [20, 4]"},
        {"{" MLP ", 'dim': 3, 'classes': 5}", "'label.weight' is not there"},
        {"{" MLP ", 'dim': 3, 'activation': 'tanh'}", "'activation'"},
        {"{" MLP ", 'dim': 3, 'output': 'y'}", "output is 'y'"},
        {"{" MLP ", 'dim': 3, 'output': 'v', 'precondition': 'karras'}", "karras needs"},
        {"{" MLP ", 'dim': 3, 'time_omega': 0.5}", "'time_omega'"},
        {"{" MLP ", 'dim': 3, 'schedule': 'no'}", "'no'"},
        {"{'kind': 'network', 'dim': 3}", "'architecture'"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 20, 'blocks': 1, "
         "'time_features': 6, 'mod_features': 9}",
         "'blocks.1.in_proj.weight' is not part"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 60000, 'blocks': 2, "
         "'time_features': 6, 'mod_features': 9}",
         "must be [60000, 3]"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 20, 'blocks': 2, "
         "'time_features': 5, 'mod_features': 9}",
         "'time_features' must be even"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 20, 'blocks': 2, "
         "'mod_features': 9}",
         "'time_features'"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_model *model = NULL;
        write_network(&scratch, cases[i].description);
        quell_status status =
            quell_model_load(&model, scratch_path(&scratch, "n.safetensors").text);
        CHECK(status == QUELL_BAD_MODEL, "%zu: %s", i, quell_status_name(status));
        CHECK(strstr(quell_error_message(), cases[i].reason) &&
                  strstr(quell_error_message(), "n.safetensors"),
              "%zu: not '%s': %s", i, cases[i].reason, quell_error_message());
        CHECK(!quell_model_denoiser(model), "%zu: a denoiser after a failure", i);
    }
    scratch_remove(&scratch);
}

TEST(model_network, a_description_needs_its_weights)
{
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    CHECK(quell_model_load(&model, write_json(&scratch, "{" MLP ", 'dim': 3}").text) ==
              QUELL_BAD_MODEL,
          "no weights");
    CHECK(strstr(quell_error_message(), "'weights'"), "%s", quell_error_message());
    CHECK(quell_model_load(&model,
                           write_json(&scratch, "{" MLP ", 'dim': 3, 'weights': 'm'}").text) ==
              QUELL_IO_FAILED,
          "weights that are not there");
    scratch_remove(&scratch);
}
