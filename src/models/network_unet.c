/* SPDX-License-Identifier: MIT */
#include "models/network_architectures.h"
#include "models/network_fields.h"
#include "networks/unet.h"

#include <string.h>

#define MOST_KERNEL 63

/* Reads hid_channels and hid_blocks, one number for each depth. */
static quell_status read_depths(const struct quell_document *document,
                                struct quell_unet_shape *unet)
{
    size_t blocks = 0;
    quell_status status = quell_document_counts(document, "hid_channels", QUELL_MOST_DEPTHS,
                                                &unet->depths, unet->hidden);
    if (!status)
        status =
            quell_document_counts(document, "hid_blocks", QUELL_MOST_DEPTHS, &blocks, unet->blocks);
    if (status) return status;
    if (!unet->depths) return quell_document_bad(document, "hid_channels", "must be there");
    if (blocks != unet->depths)
        return quell_document_bad(document, "hid_blocks",
                                  "must have a number for each of the %zu of 'hid_channels'",
                                  unet->depths);
    for (size_t i = 0; i < unet->depths; i++) {
        if (unet->hidden[i] < 1 || unet->hidden[i] > QUELL_MOST_FEATURES)
            return quell_document_bad(document, "hid_channels", "must be from 1 to %d",
                                      QUELL_MOST_FEATURES);
        if (unet->blocks[i] > QUELL_MOST_BLOCKS)
            return quell_document_bad(document, "hid_blocks", "must be at most %d",
                                      QUELL_MOST_BLOCKS);
    }
    return QUELL_OK;
}

static quell_status read_norm(const struct quell_document *document, struct quell_unet_shape *unet)
{
    static const char *const names[] = {
        [QUELL_NORM_LAYER] = "layer", [QUELL_NORM_RMS] = "rms", [QUELL_NORM_GROUP] = "group"};
    const char *name = "layer";
    size_t norm = 0, most = sizeof names / sizeof *names;
    unet->groups = 16;
    quell_status status = quell_document_text(document, "norm", &name);
    if (!status) status = quell_field_size(document, "groups", QUELL_MOST_FEATURES, &unet->groups);
    if (status) return status;
    while (norm < most && strcmp(names[norm], name)) norm++;
    if (norm == most) return quell_document_bad(document, "norm", "must be layer, rms or group");
    unet->norm = (enum quell_unet_norm)norm;
    for (size_t i = 0; i < unet->depths; i++) {
        if (unet->norm == QUELL_NORM_LAYER && unet->hidden[i] < 2)
            return quell_document_bad(document, "hid_channels",
                                      "must be 2 or more for a layer norm");
        if (unet->norm == QUELL_NORM_GROUP && unet->groups < unet->hidden[i] &&
            unet->hidden[i] % unet->groups)
            return quell_document_bad(document, "groups", "must divide each of 'hid_channels'");
    }
    return QUELL_OK;
}

static quell_status read_convolutions(const struct quell_document *document,
                                      struct quell_unet_shape *unet)
{
    size_t *kernel = unet->kernel, *stride = unet->stride;
    kernel[0] = 3;
    stride[0] = 2;
    quell_status status =
        quell_field_sizes(document, "kernel_size", unet->spatial, MOST_KERNEL, kernel);
    if (!status) status = quell_field_sizes(document, "stride", unet->spatial, MOST_KERNEL, stride);
    if (!status) status = quell_field_truth(document, "periodic", &unet->periodic);
    for (size_t d = 0; !status && d < unet->spatial; d++)
        if (kernel[d] % 2 == 0) status = quell_document_bad(document, "kernel_size", "must be odd");
    return status;
}

/* Moves the sizes to the last dimensions: those of unused dimensions are 1 and come first. */
static void move_back(size_t spatial, size_t *sizes)
{
    size_t unused = QUELL_MOST_SPATIAL - spatial;
    memmove(sizes + unused, sizes, spatial * sizeof *sizes);
    for (size_t d = 0; d < unused; d++) sizes[d] = 1;
}

quell_status quell_network_read_unet(const struct quell_document *document, size_t rank,
                                     const size_t *shape, const struct quell_weights *from,
                                     struct quell_network **network)
{
    struct quell_unet_shape unet = {.factor = 1};
    quell_status status =
        quell_fields_spatial(document, rank, shape, &unet.spatial, &unet.channels, unet.size.size);
    if (!status) status = quell_fields_conditioning(document, &unet.conditioning);
    if (!status) status = read_depths(document, &unet);
    if (!status) status = read_convolutions(document, &unet);
    if (!status) status = read_norm(document, &unet);
    if (!status) status = quell_field_size(document, "ffn_factor", QUELL_MOST_FACTOR, &unet.factor);
    if (status) return status;
    move_back(unet.spatial, unet.size.size);
    move_back(unet.spatial, unet.kernel);
    move_back(unet.spatial, unet.stride);
    return quell_unet_load(network, from, &unet);
}
