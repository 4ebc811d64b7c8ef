/* SPDX-License-Identifier: MIT */
/* A model by its name, and data sets as models. */
#include "models/model.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "denoisers/program_denoiser.h"
#include "models/builtin.h"
#include "models/description.h"
#include "io/ending.h"
#include "io/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SIDE 8

quell_status quell_model_refused(const char *path, quell_status status)
{
    if (status != QUELL_BAD_ARGUMENT && status != QUELL_NOT_FOUND) return status;
    char message[512];
    snprintf(message, sizeof message, "%s", quell_error_message());
    return quell_fail(QUELL_BAD_MODEL, "%s: %s", path, message);
}

/* Whether the data look like images: (height, width), or with 1, 3 or 4 channels, all in [-1,
 * 1]. */
static int looks_like_images(const quell_model *model, const float *points, size_t values)
{
    const size_t *shape = model->shape;
    if (model->rank < 2 || model->rank > 3) return 0;
    if (shape[0] < LEAST_SIDE || shape[1] < LEAST_SIDE) return 0;
    if (model->rank == 3 && shape[2] != 1 && shape[2] != 3 && shape[2] != 4) return 0;
    for (size_t i = 0; i < values; i++)
        if (!(fabsf(points[i]) <= 1.0f)) return 0;
    return 1;
}

static quell_status read_points(quell_model *model, struct quell_npy *npy, const char *path)
{
    if (npy->rank < 1 || npy->values == 0)
        return quell_fail(QUELL_BAD_MODEL, "%s: has no points: its shape must be (count, dim...)",
                          path);
    float *points = quell_new(npy->values, sizeof *points);
    if (!points) return quell_fail(QUELL_NO_MEMORY, "%s: no memory for its points", path);
    model->rank = npy->rank > 1 ? npy->rank - 1 : 1;
    model->shape[0] = 1;
    for (size_t i = 1; i < npy->rank; i++) model->shape[i - 1] = npy->shape[i];
    quell_status status = quell_npy_floats(npy, npy->values, points);
    if (!status)
        status = quell_denoiser_from_points(&model->denoiser, npy->shape[0],
                                            npy->values / npy->shape[0], points);
    if (!status) model->image = looks_like_images(model, points, npy->values);
    free(points);
    return status;
}

quell_status quell_model_read_points(quell_model *model, const char *path)
{
    struct quell_npy npy;
    quell_status status = quell_npy_open(&npy, path);
    if (status) return status;
    status = read_points(model, &npy, path);
    quell_npy_close(&npy);
    return quell_model_refused(path, status);
}

/* "rings" means "builtin:rings". */
static struct quell_nearest nearest_builtin(const char *name)
{
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    const char *meant;
    for (size_t i = 0; (meant = quell_builtin_name(i)); i++)
        quell_nearest_try_as(&nearest, strchr(meant, ':') + 1, meant);
    return nearest;
}

/* The endings of files in which other programs store a network, and which only PyTorch can read. */
static bool is_checkpoint(const char *name)
{
    static const char *const ends[] = {".pt", ".pth", ".ckpt", ".bin", ".pkl"};
    size_t i = 0, count = sizeof ends / sizeof *ends;
    while (i < count && !quell_ending_is(name, ends[i])) i++;
    return i < count;
}

static quell_status load(quell_model *model, const char *name)
{
    if (!strncmp(name, "builtin:", 8)) return quell_builtin_load(model, name + 8);
    if (quell_ending_is(name, ".json")) return quell_model_read_json(model, name);
    if (quell_ending_is(name, ".npy")) return quell_model_read_points(model, name);
    if (quell_ending_is(name, ".safetensors")) return quell_model_read_tensors(model, name);
    if (is_checkpoint(name))
        return quell_fail(QUELL_NOT_FOUND,
                          "model '%s': a checkpoint has weights, and not what is done with them: "
                          "load it in Python, and write a .safetensors network by quell.export",
                          name);
    if (quell_ending_is(name, ".onnx"))
        return quell_fail(QUELL_NOT_FOUND,
                          "model '%s': an .onnx network is loaded by quell_model_from_onnx "
                          "(quell/onnx.h), and by the command; Python writes a .safetensors "
                          "network by quell.export",
                          name);
    return quell_fail(QUELL_NOT_FOUND,
                      "model '%s': must be builtin:NAME (see `quell list models`), a .json "
                      "description, a .safetensors network or an .npy data set%s",
                      name, nearest_builtin(name).hint);
}

/* Sets whether weights are rounded, and products are those of bfloat16 numbers. */
static quell_status read_precision(const char *precision, bool *rounded, bool *halves)
{
    *halves = precision && !strcmp(precision, "bf16_products");
    *rounded = *halves || (precision && !strcmp(precision, "bf16"));
    if (*rounded || !precision || !strcmp(precision, "stored")) return QUELL_OK;
    return quell_fail(QUELL_NOT_FOUND, "precision '%.80s': must be stored, bf16 or bf16_products",
                      precision);
}

static quell_status check_rounded(const quell_model *model, const char *name)
{
    if (!model->rounded) return QUELL_OK;
    const struct quell_program *program = quell_denoiser_is_program(model->denoiser);
    if (program && (program->rounds || (model->decode && model->decode->rounds))) return QUELL_OK;
    return quell_fail(QUELL_UNSUPPORTED,
                      "model '%s': %shas no weights that could be kept as bf16: leave the "
                      "precision out",
                      name, program ? "" : "is no network, and ");
}

quell_status quell_model_load(quell_model **model, const char *name)
{
    return quell_model_load_as(model, name, NULL);
}

quell_status quell_model_load_as(quell_model **model, const char *name, const char *precision)
{
    bool rounded, halves;
    if (!model || !name)
        return quell_fail(QUELL_BAD_ARGUMENT, "model: %s is NULL",
                          model ? "its name" : "the place for it");
    quell_status status = read_precision(precision, &rounded, &halves);
    if (status) return status;
    quell_model *loaded = quell_new(1, sizeof *loaded);
    if (!loaded) return quell_fail(QUELL_NO_MEMORY, "model '%s': no memory", name);
    QUELL_OWN_FLOATS;
    loaded->rounded = rounded;
    loaded->halves = halves;
    status = load(loaded, name);
    if (!status) status = check_rounded(loaded, name);
    if (status)
        quell_model_free(loaded);
    else
        *model = loaded;
    return status;
}
