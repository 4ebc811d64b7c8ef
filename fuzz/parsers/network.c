/* SPDX-License-Identifier: MIT */
/* The description of a network. It gets all tensors that it asks for, if these are small, so that
 * the fuzzer gets as far as evaluating the network. */
#include "denoisers/network_denoiser.h"
#include "draw.h"
#include "input.h"
#include "models/document.h"
#include "models/model.h"
#include "models/network_architectures.h"

#include <stdlib.h>
#include <string.h>

#define MOST 65536

static quell_status give(void *user, const char *name, size_t rank, const size_t *shape, float *out)
{
    size_t count = 1, *left = user;
    for (size_t i = 0; i < rank; i++)
        if (__builtin_mul_overflow(count, shape[i], &count) || count > *left)
            return QUELL_BAD_MODEL;
    if (!out) return QUELL_OK;
    *left -= count;
    for (size_t i = 0; i < count; i++) out[i] = (float)((i * 7 + (size_t)*name) % 13) / 13 - 0.5f;
    return QUELL_OK;
}

static void run(struct quell_network *network)
{
    struct quell_parametrization plain;
    quell_denoiser *denoiser = NULL;
    if (quell_parametrization_named(&plain, "network", "x0", "none")) abort();
    if (!quell_denoiser_network(&denoiser, network, &plain)) draw(denoiser, "", "", "");
    quell_denoiser_free(denoiser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quell_document document;
    struct quell_network *network = NULL;
    size_t left = MOST, dim = 0;
    const struct quell_weights from = {give, &left};
    quell_model *model = calloc(1, sizeof *model);
    char *text = calloc(size + 1, 1);
    if (!text || !model) return 0;
    if (size) memcpy(text, data, size);
    if (!quell_document_parse(&document, "input", text)) {
        quell_status status = quell_model_settle_shape(&document, model, 0, &dim);
        if (!status && dim <= MOST)
            status = quell_network_described(&document, model->rank, model->shape, &from, &network);
        if (!status && network) run(network);
        quell_document_free(&document);
    }
    quell_model_free(model);
    free(text);
    return 0;
}
