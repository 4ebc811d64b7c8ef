/* SPDX-License-Identifier: MIT */
/* Trained networks (docs/networks.md): a description, in a file of its own or in the metadata of
 * the .safetensors file, and the tensors. The file is untrusted: every tensor that the programs
 * name must be present, and there may be no others. */
#include "base/fail.h"
#include "models/document.h"
#include "models/model.h"
#include "models/network_program.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

#define METADATA "quell"

/* Files of quell 0.1 named one of the networks that were written into it. */
static quell_status check_age(const struct quell_document *document)
{
    if (!quell_document_has(document, "architecture")) return QUELL_OK;
    return quell_document_bad(document, "architecture",
                              "is of a file of quell 0.1: networks are programs now: export it "
                              "anew with quell.export (docs/exporting.md)");
}

static quell_status make_denoiser(const struct quell_document *document,
                                  struct quell_tensors *tensors, quell_model *model)
{
    struct quell_parametrization parametrization;
    const char *output = "x0", *precondition = "none";
    quell_status status = quell_document_text(document, "output", &output);
    if (!status) status = quell_document_text(document, "precondition", &precondition);
    if (!status)
        status = quell_parametrization_named(&parametrization, "network", output, precondition);
    return status ? status : quell_model_read_programs(document, tensors, &parametrization, model);
}

/* Finds the path of the weights, in new memory. */
static quell_status find_weights(const struct quell_document *document, char **path)
{
    const char *name = NULL;
    quell_status status = quell_document_text(document, "weights", &name);
    if (status) return status;
    if (!name) return quell_document_bad(document, "weights", "must name a .safetensors file");
    *path = quell_document_beside(document, name);
    return *path ? QUELL_OK : quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
}

static quell_status check_embedded(const struct quell_document *document)
{
    if (!quell_document_has(document, "weights")) return QUELL_OK;
    return quell_document_bad(document, "weights", "does not belong into the weights' own file");
}

static quell_status check_shape(const struct quell_document *document)
{
    if (quell_document_has(document, "shape") || quell_document_has(document, "dim"))
        return QUELL_OK;
    return quell_document_bad(document, "shape", "is not there: give it, or 'dim'");
}

/* Opens the weights; if that fails, the message also says which field names the file. */
static quell_status open_weights(const struct quell_document *document, const char *path,
                                 struct quell_tensors *tensors)
{
    quell_status status = quell_tensors_open(tensors, path);
    if (!status) return QUELL_OK;
    return quell_fail(status, "%s: field 'weights': %s", document->path, quell_error_message());
}

quell_status quell_model_read_network(const struct quell_document *document, quell_model *model,
                                      struct quell_description *description)
{
    struct quell_tensors tensors = {0};
    char *path = NULL;
    size_t dim = 0;
    (void)description;
    quell_status status = check_age(document);
    if (!status) status = check_shape(document);
    if (!status) status = quell_model_settle_shape(document, model, 0, &dim);
    if (!status && document->tensors) status = check_embedded(document);
    if (!status && document->tensors)
        return quell_model_refused(document->path,
                                   make_denoiser(document, document->tensors, model));
    if (!status) status = find_weights(document, &path);
    if (!status) status = open_weights(document, path, &tensors);
    if (!status) status = make_denoiser(document, &tensors, model);
    quell_tensors_close(&tensors);
    free(path);
    return quell_model_refused(document->path, status);
}

/* Reads a model that is described in the file of its weights. */
static quell_status read_open(quell_model *model, struct quell_tensors *tensors)
{
    struct quell_document document = {0};
    const char *text = quell_tensors_metadata(tensors, METADATA);
    if (!text)
        return quell_fail(QUELL_BAD_MODEL,
                          "%s: has no description in its metadata under 'quell': export it with "
                          "one, or write a .json description whose 'weights' names it",
                          tensors->path);
    quell_status status = quell_document_parse(&document, tensors->path, text);
    document.tensors = tensors;
    if (!status) status = quell_model_read_document(&document, model);
    quell_document_free(&document);
    return status;
}

quell_status quell_model_read_tensors(quell_model *model, const char *path)
{
    struct quell_tensors tensors = {0};
    quell_status status = quell_tensors_open(&tensors, path);
    if (!status) status = read_open(model, &tensors);
    quell_tensors_close(&tensors);
    return status;
}

quell_status quell_model_read_memory(quell_model *model, const char *name, const void *bytes,
                                     size_t length)
{
    struct quell_tensors tensors = {0};
    quell_status status = quell_tensors_open_memory(&tensors, name, bytes, length);
    if (!status) status = read_open(model, &tensors);
    quell_tensors_close(&tensors);
    return status;
}
