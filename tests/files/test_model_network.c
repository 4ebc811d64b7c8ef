/* SPDX-License-Identifier: MIT */
/* Networks as models: from a file with its description in it, and from a description beside it. */
#include "harness.h"
#include "model_files.h"
#include "models.h"
#include "small_networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char file[SMALL_NETWORK_MOST_FILE], text[SMALL_NETWORK_MOST_FILE];

/* The description of "plane", with `new` in place of `old`, in `text`. */
static const char *changed(const char *old, const char *new)
{
    char *own = small_network_description("plane"), *at = strstr(own, old);
    CHECK(at, "'%s' is not in %s", old, own);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - own), own, new, at + strlen(old));
    free(own);
    return text;
}

static struct scratch_path write_network(const struct scratch *scratch, const char *name,
                                         const char *description)
{
    size_t size = small_network_described(name, description, file);
    return scratch_write(scratch, "n.safetensors", file, size);
}

static void check_loads(const char *path, const quell_denoiser *right)
{
    quell_model *model = NULL;
    MUST(quell_model_load(&model, path));
    CHECK(quell_denoiser_reproducible(quell_model_denoiser(model)),
          "the promise about bits is not kept");
    denoisers_same(quell_model_denoiser(model), right, path);
    quell_model_free(model);
}

TEST(model_network, both_forms_are_the_network)
{
    struct scratch scratch = scratch_new();
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) {
        quell_denoiser *right = small_network_denoiser(name);
        char *own = small_network_description(name);
        check_loads(write_network(&scratch, name, own).text, right);
        write_network(&scratch, name, NULL);
        snprintf(text, sizeof text, "{\"weights\": \"n.safetensors\", %s", own + 1);
        check_loads(scratch_write(&scratch, "n.json", text, 0).text, right);
        free(own);
        quell_denoiser_free(right);
    }
    scratch_remove(&scratch);
}

TEST(model_network, is_as_described)
{
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    struct scratch_path path =
        write_network(&scratch, "plane", changed("\"schedule\"", "\"comment\": 7, \"schedule\""));
    MUST(quell_model_load(&model, path.text));
    CHECK(quell_model_rank(model) == 1 && quell_model_shape(model)[0] == 2 &&
              !strncmp(quell_model_schedule(model), "vp", 2) &&
              quell_denoiser_classes(quell_model_denoiser(model)) == SMALL_NETWORK_CLASSES,
          "not as said");
    quell_model_free(model);
    scratch_remove(&scratch);
}

static void check_refused(const struct scratch *scratch, const char *description,
                          const char *reason)
{
    quell_model *model = NULL;
    struct scratch_path path = write_network(scratch, "plane", description);
    quell_status status = quell_model_load(&model, path.text);
    CHECK(status == QUELL_BAD_MODEL, "%s: %s", reason, quell_status_name(status));
    CHECK(strstr(quell_error_message(), reason) && strstr(quell_error_message(), "n.safetensors"),
          "not '%s': %s", reason, quell_error_message());
    CHECK(!quell_model_denoiser(model), "%s: a denoiser after a failure", reason);
}

TEST(model_network, refused)
{
    static const char *const cases[][3] = {
        {"\"shape\"", "\"hidden\": 3, \"shape\"", "'hidden' is not known"},
        {"\"shape\": [2]", "\"image\": false", "'dim'"},
        {"\"shape\": [2]", "\"shape\": [3]", "'shape'"},
        {"\"shape\"", "\"weights\": \"n.safetensors\", \"shape\"", "'weights'"},
        {"\"x0\"", "\"y\"", "output is 'y'"},
        {"\"x0\"", "\"v\"", "karras needs"},
        {"\"vp:", "\"no:", "'no"},
        {"\"version\": 1", "\"version\": 2", "'version' must be 1"},
        {"\"version\": 1, ", "", "'version' must be 1"},
        {"\"programs\"", "\"program\"", "'program' is not known"},
        {"\"silu\"", "\"swish\"", "'function' is none that is known"},
        {"\"in_proj.bias\"", "\"in_proj.weigh\"", "in_proj.weigh"},
        {", \"blocks.0.in_proj.bias\"", "", "'blocks.0.in_proj.bias' is used by no program"},
        {"\"classes\": 4", "\"classes\": 6", "classes"},
    };
    struct scratch scratch = scratch_new();
    check_refused(&scratch, NULL, "no description");
    check_refused(&scratch, "nothing", "not JSON");
    check_refused(&scratch, "{'kind': 'network', 'version': 1, 'dim': 3}", "'programs'");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(&scratch, changed(cases[i][0], cases[i][1]), cases[i][2]);
    scratch_remove(&scratch);
}

/* What quell 0.1 wrote, whatever it calls it. */
TEST(model_network, earlier_files_are_refused)
{
    struct scratch scratch = scratch_new();
    check_refused(&scratch,
                  "{'kind': 'network', 'architecture': 'mlp', 'dim': 2, 'hidden': 20, 'blocks': 1, "
                  "'time_features': 6, 'mod_features': 9, 'schedule': 'vp'}",
                  "is of a file of quell 0.1: networks are programs now: export it anew with "
                  "quell.export");
    scratch_remove(&scratch);
}

TEST(model_network, a_description_needs_its_weights)
{
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    char *own = small_network_description("plane");
    struct scratch_path path = scratch_write(&scratch, "n.json", own, 0);
    CHECK(quell_model_load(&model, path.text) == QUELL_BAD_MODEL, "no weights");
    CHECK(strstr(quell_error_message(), "'weights'"), "%s", quell_error_message());
    snprintf(text, sizeof text, "{\"weights\": \"m\", %s", own + 1);
    path = scratch_write(&scratch, "n.json", text, 0);
    CHECK(quell_model_load(&model, path.text) == QUELL_IO_FAILED, "weights that are not there");
    CHECK(strstr(quell_error_message(), "n.json: field 'weights': "), "%s", quell_error_message());
    free(own);
    scratch_remove(&scratch);
}
