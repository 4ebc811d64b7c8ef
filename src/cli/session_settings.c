/* SPDX-License-Identifier: MIT */
/* Everything that the samples of a run depend on, as text: two runs with the same text have the
 * same samples. Of a file, the text contains a digest of its bytes. Threads, tiles and the
 * instruction set are not part of it, unless the denoiser is not reproducible. */
#include "cli/cli.h"
#include "cli/file_digest.h"
#include "cli/session.h"
#include "cli/text_file.h"
#include "base/digest.h"
#include "base/line.h"
#include "engine/sampler.h"
#include "models/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_text(FILE *file, const char *name, const char *value)
{
    fprintf(file, "%s %s\n", name, value ? value : "none");
}

static void put_count(FILE *file, const char *name, uint64_t value)
{
    fprintf(file, "%s %" PRIu64 "\n", name, value);
}

static void put_number(FILE *file, const char *name, double value)
{
    fprintf(file, "%s %.17g\n", name, value);
}

static quell_status put_digest(FILE *file, const char *name, const char *path,
                               quell_status take(const char *path, uint64_t *digest))
{
    uint64_t digest = 0;
    if (!path || !strncmp(path, "builtin:", 8)) {
        put_text(file, name, path);
        return QUELL_OK;
    }
    quell_status status = take(path, &digest);
    fprintf(file, "%s of digest %016" PRIx64 "\n", name, digest);
    return status;
}

/* Writes a model as the digest of its denoiser, so that the names of its files do not matter. */
static void put_model(FILE *file, const char *name, const char *path, uint64_t digest)
{
    if (!path || !strncmp(path, "builtin:", 8))
        put_text(file, name, path);
    else
        fprintf(file, "%s of digest %016" PRIx64 "\n", name, digest);
}

static void put_points(FILE *file, const char *name, const char *given, const double *values,
                       size_t count)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    if (given) quell_digest_add(&digest, values, count * sizeof *values);
    if (given)
        fprintf(file, "%s of digest %016" PRIx64 "\n", name, quell_digest_end(&digest));
    else
        put_text(file, name, NULL);
}

static void put_sampling(FILE *file, const struct sample_options *options)
{
    const struct sampling *sampling = &options->sampling;
    put_text(file, "sampler", options->sampler);
    put_text(file, "schedule", sampling->schedule);
    put_count(file, "steps", options->steps);
    put_text(file, "grid", sampling_grid(sampling));
    put_points(file, "times", sampling->times, sampling->points, options->steps + 1);
    put_points(file, "sigmas", sampling->sigmas, sampling->points, options->steps + 1);
    put_number(file, "start", sampling->start);
    put_number(file, "stop", sampling->stop);
    put_number(file, "prior-mean", sampling->prior_mean);
    put_number(file, "prior-variance", sampling->prior_variance);
    put_count(file, "brownian", sampling->brownian != 0);
    put_number(file, "clamp-low", sampling->clamp_low);
    put_number(file, "clamp-high", sampling->clamp_high);
    put_number(file, "threshold", sampling->threshold);
    put_number(file, "threshold-max", sampling->threshold_max);
}

static void put_shape(FILE *file, const struct session *session)
{
    fputs("shape", file);
    for (size_t i = 0; i < session->shown.rank; i++) fprintf(file, " %zu", session->shown.shape[i]);
    fputs(" float32\n", file);
}

/* Writes conditions: one that all samples share by its values, one for each sample by the bytes of
 * its file. */
static quell_status put_conditions(FILE *file, const struct conditions *conditions)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < conditions->count && !status; i++) {
        const struct condition *one = &conditions->one[i];
        char name[100];
        snprintf(name, sizeof name, "%s %.60s", one->option, one->taken->name);
        quell_make_line(name);
        if (one->file.path)
            status = put_digest(file, name, one->file.path, file_digest);
        else if (one->values)
            fprintf(file, "%s of digest %016" PRIx64 "\n", name, condition_digest(one));
        else
            put_text(file, name, NULL);
    }
    return status;
}

static quell_status put_all(FILE *file, const struct session *session)
{
    const struct sample_options *options = &session->options;
    put_text(file, "version", quell_version());
    quell_status status = QUELL_OK;
    put_model(file, "model", options->model, session->digest);
    put_text(file, "precision", options->precision ? options->precision : "stored");
    put_shape(file, session);
    put_count(file, "latent", session->options.latent != 0);
    fprintf(file, "decoder of digest %016" PRIx64 "\n", quell_model_decoder_digest(session->model));
    put_sampling(file, options);
    put_count(file, "seed", options->seed);
    if (!status) status = put_digest(file, "seeds", options->seeds, stream_list_digest);
    if (!status) status = put_digest(file, "indices", options->indices, stream_list_digest);
    put_count(file, "first", options->first);
    put_count(file, "count", options->count);
    put_text(file, "class", options->labels.class);
    if (!status) status = put_digest(file, "classes", options->labels.classes, labels_digest);
    if (!status) status = put_conditions(file, &session->conditions);
    if (!status) status = put_conditions(file, &session->negative);
    put_text(file, "negative-class", options->negative_class);
    put_text(file, "guidance", options->guidance.weight);
    put_model(file, "guide", options->guidance.guide, session->guide_digest);
    put_number(file, "guidance-low", options->guidance.low);
    put_number(file, "guidance-high", options->guidance.high);
    put_number(file, "guidance-rescale", options->guidance.rescale);
    if (!status) status = put_digest(file, "from", options->from, file_digest);
    fprintf(file, "denoiser of digest %016" PRIx64 "\n",
            quell_denoiser_digest(quell_model_denoiser(session->model)));
    if (!quell_denoiser_reproducible(quell_model_denoiser(session->model)))
        put_text(file, "isa", session->isa);
    return status;
}

char *session_settings(const struct session *session, int *code)
{
    struct text_file kept;
    FILE *file = text_file_open(&kept);
    quell_status status = file ? put_all(file, session) : QUELL_OK;
    *code = status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
    char *text = file ? text_file_close(file, &kept) : NULL;
    if (text && !status) return text;
    if (!status) *code = complain(EXIT_MEMORY, "no memory for the record of the run");
    free(text);
    return NULL;
}
