/* SPDX-License-Identifier: MIT */
/* Models whose weights are rounded when they are loaded: what is refused, and that they are others
 * for whoever asks by digest. tests/programs/test_narrow.c has the numbers. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <quell/quell.h>
#include <string.h>

static uint64_t digest_of(const char *name, const char *precision)
{
    quell_model *model = NULL;
    MUST(quell_model_load_as(&model, name, precision));
    uint64_t digest = quell_denoiser_digest(quell_model_denoiser(model));
    quell_model_free(model);
    return digest;
}

TEST(precision, is_another_model)
{
    uint64_t stored = digest_of("builtin:glyphs", NULL);
    CHECK(digest_of("builtin:glyphs", "stored") == stored, "stored is not the default");
    CHECK(digest_of("builtin:glyphs", "bf16") != stored, "bf16 has the digest of stored weights");
    uint64_t products = digest_of("builtin:glyphs", "bf16_products");
    CHECK(products != stored && products != digest_of("builtin:glyphs", "bf16"),
          "bf16_products has the digest of another precision");
    CHECK(digest_of("builtin:grid25", "stored") == digest_of("builtin:grid25", NULL),
          "a mixture has another digest");
}

static void check_refused(const char *name, const char *precision, quell_status wanted,
                          const char *words)
{
    quell_model *model = NULL;
    quell_status status = quell_model_load_as(&model, name, precision);
    CHECK(status == wanted && !model, "%s in %s: status %d", name, precision, status);
    CHECK(strstr(quell_error_message(), words), "'%s' does not say '%s'", quell_error_message(),
          words);
}

TEST(precision, refused)
{
    check_refused("builtin:glyphs", "fp8", QUELL_NOT_FOUND, "precision 'fp8': must be stored,");
    check_refused("builtin:glyphs", "", QUELL_NOT_FOUND, "must be stored, bf16 or bf16_products");
    check_refused("builtin:grid25", "bf16", QUELL_UNSUPPORTED, "is no network");
    check_refused(NULL, "bf16", QUELL_BAD_ARGUMENT, "NULL");
}

/* One step of a trained network stays near to that of its stored weights, and is not the same. */
TEST(precision, samples_are_near)
{
    static const char *const precisions[] = {"stored", "bf16", "bf16_products"};
    static float x[3][64 * 784];
    for (int i = 0; i < 3; i++) {
        quell_model *model = NULL;
        MUST(quell_model_load_as(&model, "builtin:glyphs", precisions[i]));
        quell_schedule *schedule = NULL;
        quell_sampler *sampler = NULL;
        quell_sampler_options options = quell_sampler_defaults();
        options.steps = 4;
        quell_draw draw = quell_draw_defaults();
        draw.count = 2;
        MUST(quell_schedule_create(&schedule, quell_model_schedule(model)));
        MUST(quell_sampler_create(&sampler, "ddim", quell_model_denoiser(model), schedule,
                                  &options));
        CHECK(quell_denoiser_dim(quell_model_denoiser(model)) <= 64 * 784, "too large");
        MUST(quell_sample(sampler, &draw, NULL, x[i]));
        quell_sampler_free(sampler);
        quell_schedule_free(schedule);
        quell_model_free(model);
    }
    for (int other = 1; other < 3; other++) {
        double moved = 0, size = 0;
        for (size_t i = 0; i < 2 * 256; i++) {
            moved += pow((double)x[0][i] - (double)x[other][i], 2);
            size += (double)x[0][i] * (double)x[0][i];
        }
        CHECK(moved > 0 && moved < 1e-3 * size, "%s: moved by %g of %g", precisions[other], moved,
              size);
    }
}
