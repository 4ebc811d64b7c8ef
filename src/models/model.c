/* SPDX-License-Identifier: MIT */
/* What a model has: its denoiser, the shape of a sample, and the schedule that it asks for. */
#include "models/model.h"
#include "base/fail.h"
#include "base/memory.h"
#include "denoisers/denoiser.h"
#include "engine/decode.h"
#include "models/description.h"
#include "programs/program.h"
#include <quell/schedule.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Whether dim is the product of shape[rank]. */
static int is_product(size_t dim, size_t rank, const size_t *shape)
{
    size_t product = 1;
    for (size_t i = 0; i < rank; i++)
        if (__builtin_mul_overflow(product, shape[i], &product)) return 0;
    return product == dim;
}

quell_status quell_model_from_denoiser(quell_model **model, const quell_denoiser *denoiser,
                                       size_t rank, const size_t *shape, const char *schedule)
{
    if (!model || !denoiser || !shape)
        return quell_fail(QUELL_BAD_ARGUMENT, "model: %s is NULL",
                          !model      ? "the place for it"
                          : !denoiser ? "its denoiser"
                                      : "its shape");
    if (rank < 1 || rank > QUELL_MAX_RANK)
        return quell_fail(QUELL_BAD_ARGUMENT, "model: its rank is %zu, must be 1 to %d", rank,
                          QUELL_MAX_RANK);
    if (!is_product(denoiser->dim, rank, shape))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "model: the product of its shape must be its denoiser's dim, %zu",
                          denoiser->dim);
    quell_schedule *asked = NULL;
    if (schedule && strlen(schedule) >= sizeof((quell_model *)0)->schedule)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "model: its schedule has %zu characters, must have at most %zu",
                          strlen(schedule), sizeof((quell_model *)0)->schedule - 1);
    quell_status status =
        schedule && *schedule ? quell_schedule_create(&asked, schedule) : QUELL_OK;
    quell_schedule_free(asked);
    if (status) return status;
    quell_model *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "model: no memory");
    /* The model never writes to its denoiser. */
    quell_denoiser_hold(denoiser);
    made->denoiser = (quell_denoiser *)(uintptr_t)denoiser;
    made->rank = rank;
    memcpy(made->shape, shape, rank * sizeof *shape);
    if (schedule) strcpy(made->schedule, schedule);
    *model = made;
    return QUELL_OK;
}

const quell_denoiser *quell_model_denoiser(const quell_model *model)
{
    return model ? model->denoiser : NULL;
}

size_t quell_model_rank(const quell_model *model) { return model ? model->rank : 0; }

const size_t *quell_model_shape(const quell_model *model) { return model ? model->shape : NULL; }

int quell_model_decodes(const quell_model *model) { return model && model->decode; }

static const struct quell_shape *decoded(const quell_model *model)
{
    return &model->decode->value[model->decode->output].shape;
}

size_t quell_model_decoded_rank(const quell_model *model)
{
    return quell_model_decodes(model) ? decoded(model)->rank : quell_model_rank(model);
}

const size_t *quell_model_decoded_shape(const quell_model *model)
{
    return quell_model_decodes(model) ? decoded(model)->size : quell_model_shape(model);
}

quell_status quell_model_decode(const quell_model *model, const quell_draw *draw,
                                const quell_run *run, const float *x, float *out)
{
    if (!model) return quell_fail(QUELL_BAD_ARGUMENT, "decode: the model is NULL");
    if (!model->decode)
        return quell_fail(QUELL_UNSUPPORTED,
                          "decode: the model has no decoder: its samples are what they show");
    return quell_decode(model->decode, model->denoiser, draw, run, x, out);
}

uint64_t quell_model_decoder_digest(const quell_model *model)
{
    struct quell_digest digest;
    if (!quell_model_decodes(model)) return 0;
    quell_digest_begin(&digest);
    quell_program_digest(model->decode, &digest);
    return quell_digest_end(&digest);
}

int quell_model_image(const quell_model *model) { return model && model->image; }

const char *quell_model_schedule(const quell_model *model) { return model ? model->schedule : ""; }

void quell_model_free(quell_model *model)
{
    if (!model) return;
    quell_denoiser_free(model->denoiser);
    if (model->description) quell_description_clear(model->description);
    free(model->description);
    if (model->decode) quell_program_free(model->decode);
    free(model->decode);
    free(model);
}
