/* SPDX-License-Identifier: MIT */
/* The struct of a model, and the readers of models, one for each kind of file. Each reader fills in
 * a zeroed model. */
#ifndef QUELL_MODELS_MODEL_H
#define QUELL_MODELS_MODEL_H

#include <stdbool.h>
#include <quell/model.h>
#include <stdint.h>

struct quell_description;
struct quell_document;
struct quell_program;

/* decode: the program that decodes samples; NULL: there is no decoder. schedule: "" if the choice
 * is the caller's. description: what quell_model_save stores; NULL in a model that was not loaded
 * from a file, or that is not a Gaussian or a mixture. rounded: the weights of products are rounded
 * to bfloat16; halves: so are the other operands of these products. */
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

/* Reads such a file from its bytes in memory; messages call it `name`. */
quell_status quell_model_read_memory(quell_model *model, const char *name, const void *bytes,
                                     size_t length);

/* Reads an .npy data set of shape (count, shape...); (count,) is read as (count, 1). */
quell_status quell_model_read_points(quell_model *model, const char *path);

/* Returns the status of a constructor, but QUELL_BAD_MODEL, with a message that names `path`, for
 * what the constructor refused as a bad argument. */
quell_status quell_model_refused(const char *path, quell_status status);

#endif
