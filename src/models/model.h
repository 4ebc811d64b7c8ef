/* SPDX-License-Identifier: MIT */
/* What a model is, and the readers of models, one for each form. Each fills a zeroed model. */
#ifndef QUELL_MODELS_MODEL_H
#define QUELL_MODELS_MODEL_H

#include <stdbool.h>
#include <quell/model.h>
#include <stdint.h>

struct quell_description;
struct quell_document;
struct quell_program;

/* decode: what makes of a sample what a reader wants to see; NULL: it is that already. schedule: ""
 * for the caller's choice. description: what quell_model_save stores; NULL in a model
 * that was not loaded, or that is no Gaussian or mixture. rounded: the weights of its products are
 * rounded to bfloat16; halves: and their other sides as well. */
struct quell_model {
    quell_denoiser *denoiser;
    size_t rank;
    size_t shape[QUELL_MAX_RANK];
    int image;
    char schedule[128];
    struct quell_description *description;
    struct quell_program *decode;
    bool rounded, halves;
};

/* A digest of the model's decoder; 0 if it has none. */
uint64_t quell_model_decoder_digest(const quell_model *model);

/* Creates the denoiser of a description for a model, which becomes the owner of the tables that are
 * stored. */
quell_status quell_model_describe(quell_model *model, struct quell_description *description);

quell_status quell_model_read_json(quell_model *model, const char *path);
quell_status quell_model_read_document(const struct quell_document *document, quell_model *model);

/* Sets shape and rank from "shape", from "dim" or from the number of elements `found` (0:
 * unknown). */
quell_status quell_model_settle_shape(const struct quell_document *document, quell_model *model,
                                      size_t found, size_t *dim);

/* Reads a network: from a description, which may be in a file's metadata, or from such a file. */
quell_status quell_model_read_network(const struct quell_document *document, quell_model *model,
                                      struct quell_description *description);
quell_status quell_model_read_tensors(quell_model *model, const char *path);

/* Like quell_model_read_network's file, from its bytes in memory; messages call it `name`. */
quell_status quell_model_read_memory(quell_model *model, const char *name, const void *bytes,
                                     size_t length);

/* Reads an .npy data set of shape (count, shape...); (count,) is read as (count, 1). */
quell_status quell_model_read_points(quell_model *model, const char *path);

/* Passes on the status of a constructor: what it refused is a fault of the model `path`. */
quell_status quell_model_refused(const char *path, quell_status status);

#endif
