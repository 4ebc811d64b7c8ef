/* SPDX-License-Identifier: MIT */
#include "cli/guidance.h"
#include "cli/cli.h"
#include "cli/sampling.h"
#include "base/memory.h"
#include "base/number.h"
#include "denoisers/denoiser.h"
#include "denoisers/guidance_mean.h"
#include "models/model.h"

#include <stdlib.h>
#include <string.h>

/* Reads a number up to the next character `end`, or to the end of the text, and moves *at past it.
 * Returns false if it is not a number. */
static bool take_number(const char **at, char end, double *value)
{
    const char *to = strchr(*at, end);
    size_t length = to ? (size_t)(to - *at) : strlen(*at);
    bool good = !quell_parse_double(*at, length, value);
    *at += length + (to != NULL);
    return good;
}

static int complain_weight(const char *text)
{
    return complain(EXIT_USAGE,
                    "--guidance %s: must be a number, or T:W,T:W,... with times T that rise", text);
}

/* Reads T:W,T:W,... into values[2 * points]: first the times, then the weights. */
static bool read_points(const char *text, size_t points, double *values)
{
    for (size_t i = 0; i < points; i++) {
        const char *colon = strchr(text, ':'), *comma = strchr(text, ',');
        if (!colon || (comma && comma < colon)) return false;
        if (!take_number(&text, ':', &values[i]) || !take_number(&text, ',', &values[points + i]))
            return false;
    }
    return true;
}

static int make_points(const char *text, quell_guidance *guidance, double **values)
{
    size_t points = 1;
    for (const char *at = text; *at; at++) points += *at == ',';
    *values = quell_new(2 * points, sizeof **values);
    if (!*values) return complain(EXIT_MEMORY, "no memory for --guidance");
    if (!read_points(text, points, *values)) return complain_weight(text);
    guidance->points = points;
    guidance->times = *values;
    guidance->weights = *values + points;
    return EXIT_DONE;
}

static int read_weight(const char *text, quell_guidance *guidance, double **values)
{
    if (strchr(text, ':')) return make_points(text, guidance, values);
    if (quell_parse_double(text, strlen(text), &guidance->weight)) return complain_weight(text);
    return EXIT_DONE;
}

/* Applies guidance. A weight of 1 means no guidance: the samples are those of the model alone. It
 * is allowed, so that weights from 1 on can be compared, but the other options are checked as with
 * any other weight. */
static int put_guided(quell_model *model, const quell_denoiser *guide,
                      const quell_guidance *guidance)
{
    quell_denoiser *guided = NULL;
    if (!guide && !quell_denoiser_classes(model->denoiser) &&
        !quell_denoiser_conditions(model->denoiser))
        return complain(EXIT_USAGE, "--guidance: the model has no classes: needs --guide M");
    quell_status status = quell_denoiser_from_guidance(&guided, model->denoiser, guide, guidance);
    if (status) return complain_status(status);
    bool none =
        !guidance->points && guidance->weight == 1 && guide; /* without a guide, it takes more */
    quell_denoiser_free(none ? guided : model->denoiser);
    if (!none) model->denoiser = guided;
    return EXIT_DONE;
}

int guidance_read(const struct guidance_options *options, quell_guidance *guidance, double **values)
{
    *guidance = quell_guidance_defaults();
    *values = NULL;
    guidance->low = options->low;
    guidance->high = options->high;
    guidance->rescale = options->rescale;
    return read_weight(options->weight, guidance, values);
}

int guidance_check_time(const struct guidance_options *options, double t)
{
    quell_guidance guidance;
    double *values;
    if (!options->weight) return EXIT_DONE;
    int code = guidance_read(options, &guidance, &values);
    if (code == EXIT_DONE && !quell_guidance_is_none(&guidance) &&
        !quell_guidance_acts(&guidance, t))
        code = complain(EXIT_USAGE,
                        "--guidance has no effect at --t %s: %s; leave it out, or give another "
                        "time",
                        QUELL_SAID(t),
                        t < guidance.low    ? "it begins at --guidance-low"
                        : t > guidance.high ? "it ends at --guidance-high"
                                            : "its weight there is 1");
    free(values);
    return code;
}

int guidance_apply(const struct guidance_options *options, bool labelled, quell_model *model,
                   uint64_t *digest)
{
    quell_guidance guidance;
    quell_model *guide = NULL;
    double *values;
    if (!options->weight) return EXIT_DONE;
    int code = guidance_read(options, &guidance, &values);
    if (code == EXIT_DONE && options->guide)
        code = sampling_open_model(&guide, options->guide, NULL);
    if (digest) *digest = quell_denoiser_digest(quell_model_denoiser(guide));
    if (code == EXIT_DONE) code = put_guided(model, quell_model_denoiser(guide), &guidance);
    if (code == EXIT_DONE && !labelled && !options->guide)
        code = complain(
            EXIT_USAGE, "--guidance: needs %s, or --guide M",
            model->denoiser->conditions
                ? "a --condition that is not none, or a class, to guide away from none"
                : "--class or --classes, to guide away from no class, or --negative-class");
    quell_model_free(guide);
    free(values);
    return code;
}
