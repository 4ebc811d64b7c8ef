/* SPDX-License-Identifier: MIT */
#include "damaged.h"
#include "harness.h"
#include "models.h"
#include "models/model.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ELEMENTS = 4096 };

/* What loaded is used, under the schedule that it asks for: it must not read beyond its weights. */
static void evaluate(const quell_model *model)
{
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    const char *asked = quell_model_schedule(model);
    static float x[MOST_ELEMENTS], out[MOST_ELEMENTS];
    quell_schedule *schedule = must_schedule(*asked ? asked : "vp");
    quell_sampler *sampler = NULL;
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    const int32_t class = (int32_t)quell_denoiser_classes(denoiser) - 1;
    run.threads = 1, draw.classes = &class;
    if (quell_denoiser_dim(denoiser) > MOST_ELEMENTS) return quell_schedule_free(schedule);
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, NULL));
    (void)quell_denoise(sampler, &draw, &run, 0.5, x, out); /* a sum may overflow */
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

void damaged_verdict(quell_status status, quell_model *model, const char *what)
{
    const char *message = quell_error_message();
    if (!status) {
        evaluate(model);
    } else {
        CHECK(status == QUELL_BAD_MODEL, "%s: %s: %s", what, quell_status_name(status), message);
        CHECK(*message && !strpbrk(message, "\n\r\t"), "%s: not one line: '%s'", what, message);
    }
    quell_model_free(model);
}

quell_status damaged_bytes(const char *bytes, size_t size, const char *what)
{
    quell_model *model = calloc(1, sizeof *model);
    char *copy = malloc(size + !size);
    memcpy(copy, bytes, size);
    quell_status status = quell_model_read_memory(model, "memory", copy, size);
    damaged_verdict(status, model, what);
    free(copy);
    return status;
}

size_t damaged_header(const char *bytes)
{
    size_t length = 8;
    for (size_t i = 0; i < 8; i++) length += (size_t)(unsigned char)bytes[i] << 8 * i;
    return length;
}
