/* SPDX-License-Identifier: MIT */
/* builtin:glyphs draws the letter that it is asked for, says a judge that never saw a sample. */
#include "effort.h"
#include "glyph_judge.h"
#include "harness.h"
#include "models.h"

#include <stdlib.h>
#include <string.h>

enum { CLASSES = GLYPH_CLASSES, DIM = GLYPH_DIM };

static void draw(const quell_denoiser *denoiser, size_t count, const int32_t *classes, float *x)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("dpmpp_2m", denoiser, schedule, 10);
    quell_draw draw = quell_draw_defaults();
    draw.seed = 1, draw.count = count, draw.classes = classes;
    MUST(quell_sample(sampler, &draw, NULL, x));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
}

/* Brief, one letter: the classes and the bits of this network are in test_network_digests.c. */
static void check_with_class(const quell_denoiser *denoiser, float *x)
{
    quell_denoiser *guided = NULL;
    int32_t classes[CLASSES];
    size_t right = 0, count = by_effort(1, CLASSES, CLASSES);
    char wrong[2 * CLASSES + 1] = {0};
    for (int32_t i = 0; i < CLASSES; i++) classes[i] = i;
    MUST(quell_denoiser_from_guidance(&guided, denoiser, NULL, NULL));
    draw(guided, count, classes, x);
    for (size_t i = 0; i < count; i++) {
        char found = glyph_judged(x + i * DIM);
        if (found == glyph_merged[i])
            right++;
        else
            wrong[strlen(wrong)] = glyph_labels[i], wrong[strlen(wrong)] = found;
    }
    CHECK(10 * right >= 9 * count, "%zu of %zu are right; asked for and found: %s", right, count,
          wrong);
    quell_denoiser_free(guided);
}

/* No letter is drawn in the place of many others. */
static void check_without_class(const quell_denoiser *denoiser, float *x)
{
    size_t count[128] = {0}, kinds = 0;
    draw(denoiser, CLASSES, NULL, x);
    for (size_t i = 0; i < CLASSES; i++) count[(unsigned char)glyph_judged(x + i * DIM)]++;
    for (size_t c = 0; c < 128; c++) {
        kinds += count[c] > 0;
        CHECK(3 * count[c] <= CLASSES, "%zu of %d are %c", count[c], CLASSES, (char)c);
    }
    CHECK(kinds >= 15, "only %zu classes", kinds);
}

TEST(glyphs, are_what_they_should_be)
{
    quell_model *model = NULL;
    float *x = malloc(CLASSES * DIM * sizeof *x);
    MUST(quell_model_load(&model, "builtin:glyphs"));
    check_with_class(quell_model_denoiser(model), x);
    if (!is_brief()) check_without_class(quell_model_denoiser(model), x);
    quell_model_free(model);
    free(x);
}
