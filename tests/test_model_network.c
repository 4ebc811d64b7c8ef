/* SPDX-License-Identifier: MIT */
/* Networks as models: from a file with its description in it, and from a description beside it. */
#include "formula_weights.h"
#include "harness.h"
#include "model_files.h"
#include "denoisers/network.h"
#include "networks/mlp.h"
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

static void write_network(const struct scratch *scratch, const char *description, size_t classes)
{
    tensor_begin(&writer, description);
    tensor_add_mlp(&writer, 3, 20, 2, 6, 9, classes);
    scratch_write(scratch, "n.safetensors", file, tensor_finish(&writer, file));
}

static quell_denoiser *directly(void)
{
    struct formula_weights state = {0};
    struct quell_weights from = formula_weights(&state);
    const struct quell_mlp_shape shape = {3, 20, 2, QUELL_GELU, {6, 9, 0, 1e4}};
    const struct quell_parametrization karras = {QUELL_X0, QUELL_KARRAS};
    struct quell_network *network = NULL;
    quell_denoiser *denoiser = NULL;
    CHECK(!quell_mlp_load(&network, &from, &shape), "%s", quell_error_message());
    CHECK(!quell_denoiser_network(&denoiser, network, &karras), "%s", quell_error_message());
    return denoiser;
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

TEST(model_network, both_forms_are_the_network)
{
    struct scratch scratch = scratch_new();
    quell_denoiser *right = directly();
    quell_model model = {0};
    write_network(&scratch, GOOD, 0);
    CHECK(!quell_model_load(&model, scratch_path(&scratch, "n.safetensors").text), "%s",
          quell_error_message());
    CHECK(model.rank == 1 && model.shape[0] == 3 && !strcmp(model.schedule, "vp"),
          "not as described");
    CHECK(quell_denoiser_exact(model.denoiser), "the promise about bits is not kept");
    denoisers_same(model.denoiser, right, "from metadata");
    quell_model_free(&model);
    write_network(&scratch, NULL, 0);
    struct scratch_path json = write_json(
        &scratch,
        "{" MLP
        ", 'dim': 3, 'activation': 'gelu', 'precondition': 'karras', 'weights': 'n.safetensors'}");
    CHECK(!quell_model_load(&model, json.text), "%s", quell_error_message());
    denoisers_same(model.denoiser, right, "from a description beside it");
    quell_model_free(&model);
    quell_denoiser_free(right);
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
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 60000000, 'blocks': 2, "
         "'time_features': 6, 'mod_features': 9}",
         "must be [60000000, 3]"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 20, 'blocks': 2, "
         "'time_features': 5, 'mod_features': 9}",
         "'time_features' must be even"},
        {"{'kind': 'network', 'dim': 3, 'architecture': 'mlp', 'hidden': 20, 'blocks': 2, "
         "'mod_features': 9}",
         "'time_features'"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        quell_model model = {0};
        write_network(&scratch, cases[i].description, 0);
        quell_status status =
            quell_model_load(&model, scratch_path(&scratch, "n.safetensors").text);
        CHECK(status == QUELL_BAD_MODEL, "%zu: %s", i, quell_status_name(status));
        CHECK(strstr(quell_error_message(), cases[i].reason) &&
                  strstr(quell_error_message(), "n.safetensors"),
              "%zu: not '%s': %s", i, cases[i].reason, quell_error_message());
        CHECK(!model.denoiser, "%zu: a denoiser after a failure", i);
    }
    scratch_remove(&scratch);
}

TEST(model_network, a_description_needs_its_weights)
{
    struct scratch scratch = scratch_new();
    quell_model model = {0};
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
