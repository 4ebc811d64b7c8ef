/* SPDX-License-Identifier: MIT */
/* Trained networks (docs/networks.md): a description, in a file of its own or in the metadata of
 * the .safetensors file, and the tensors. The file of the weights is not trusted: every tensor must
 * be there in the shape that the description says, and there may be no others. */
#include "base/fail.h"
#include "denoisers/network.h"
#include "io/json.h"
#include "io/model.h"
#include "io/safetensors.h"
#include "networks/mlp.h"

#include <stdlib.h>
#include <string.h>

#define METADATA "quell"
#define MOST_BLOCKS 1024
#define MOST_FEATURES 65536

static const char *const activations[QUELL_ACTIVATIONS] = {
    [QUELL_RELU] = "relu", [QUELL_RELU2] = "relu2", [QUELL_SILU] = "silu", [QUELL_GELU] = "gelu"};

static quell_status read_tensor(void *user, const char *name, size_t rank, const size_t *shape,
                                float *out)
{
    return quell_tensors_read(user, name, rank, shape, out);
}

static quell_status read_activation(const struct quell_document *document,
                                    enum quell_activation *activation)
{
    const char *name = "silu";
    quell_status status = quell_document_text(document, "activation", &name);
    if (status) return status;
    for (int i = 0; i < QUELL_ACTIVATIONS; i++) {
        *activation = (enum quell_activation)i;
        if (!strcmp(activations[i], name)) return QUELL_OK;
    }
    return quell_document_bad(document, "activation", "must be relu, relu2, silu or gelu");
}

/* A size that must be there, at most `most`. */
static quell_status read_size(const struct quell_document *document, const char *field, size_t most,
                              size_t *size)
{
    quell_status status = quell_document_size(document, field, size);
    if (status) return status;
    if (*size >= 1 && *size <= most) return QUELL_OK;
    return quell_document_bad(document, field, "must be a whole number from 1 to %zu", most);
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

static quell_status load_mlp(const struct quell_document *document, struct quell_tensors *tensors,
                             size_t dim, struct quell_network **network)
{
    const struct quell_weights from = {read_tensor, tensors};
    struct quell_mlp_shape shape = {.dim = dim};
    quell_status status = read_conditioning(document, &shape.conditioning);
    if (!status) status = read_activation(document, &shape.activation);
    if (!status) status = read_size(document, "hidden", QUELL_MOST_ELEMENTS, &shape.hidden);
    if (!status) status = read_size(document, "blocks", MOST_BLOCKS, &shape.blocks);
    return status ? status : quell_mlp_load(network, &from, &shape);
}

static quell_status load_network(const struct quell_document *document,
                                 struct quell_tensors *tensors, size_t dim,
                                 struct quell_network **network)
{
    const char *architecture = "";
    quell_status status = quell_document_text(document, "architecture", &architecture);
    if (status) return status;
    if (strcmp(architecture, "mlp"))
        return quell_document_bad(document, "architecture", "must be mlp");
    status = load_mlp(document, tensors, dim, network);
    if (status) return status;
    const char *unread = quell_tensors_unread(tensors);
    if (!unread) return QUELL_OK;
    quell_network_free(*network);
    return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%s' is not part of the network described",
                      tensors->path, unread);
}

static quell_status make_denoiser(const struct quell_document *document,
                                  struct quell_tensors *tensors, quell_model *model, size_t dim)
{
    struct quell_parametrization parametrization;
    struct quell_network *network = NULL;
    const char *output = "x0", *precondition = "none";
    quell_status status = quell_document_text(document, "output", &output);
    if (!status) status = quell_document_text(document, "precondition", &precondition);
    if (!status)
        status = quell_parametrization_named(&parametrization, "network", output, precondition);
    if (!status) status = load_network(document, tensors, dim, &network);
    if (!status) status = quell_denoiser_network(&model->denoiser, network, &parametrization);
    return status;
}

/* The path of the weights, in fresh memory; a description in metadata lies beside none. */
static quell_status find_weights(const struct quell_document *document, char **path)
{
    const char *name = NULL;
    quell_status status = quell_document_text(document, "weights", &name);
    if (status) return status;
    if (document->embedded && name)
        return quell_document_bad(document, "weights",
                                  "does not belong into the weights' own file");
    if (!document->embedded && !name)
        return quell_document_bad(document, "weights", "must name a .safetensors file");
    *path = name ? quell_document_beside(document, name) : strdup(document->path);
    return *path ? QUELL_OK : quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
}

quell_status quell_model_read_network(const struct quell_document *document, quell_model *model,
                                      struct quell_description *description)
{
    struct quell_tensors tensors = {0};
    char *path = NULL;
    size_t dim = 0;
    (void)description;
    quell_status status = quell_model_settle_shape(document, model, 0, &dim);
    if (!status) status = find_weights(document, &path);
    if (!status) status = quell_tensors_open(&tensors, path);
    if (!status) status = make_denoiser(document, &tensors, model, dim);
    quell_tensors_close(&tensors);
    free(path);
    return quell_model_refused(document->path, status);
}

quell_status quell_model_read_tensors(quell_model *model, const char *path)
{
    struct quell_tensors tensors = {0};
    struct quell_document document = {.path = path, .embedded = true};
    quell_status status = quell_tensors_open(&tensors, path);
    if (status) return status;
    const char *text = quell_tensors_metadata(&tensors, METADATA);
    if (text)
        status = quell_document_parse(&document, path, text);
    else
        status = quell_fail(QUELL_BAD_MODEL,
                            "%s: has no description in its metadata under 'quell': export it with "
                            "one, or write a .json description whose 'weights' names it",
                            path);
    if (!status) status = quell_model_read_document(&document, model);
    quell_document_free(&document);
    quell_tensors_close(&tensors);
    return status;
}
