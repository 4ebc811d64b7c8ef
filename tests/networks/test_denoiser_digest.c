/* SPDX-License-Identifier: MIT */
/* The digest of a denoiser and of a sampler sees whatever decides on samples, down to the last bit
 * of a weight that hardly ever counts, and nothing else. */
#include "harness.h"
#include "models.h"
#include "small_networks.h"
#include "engine/sampler_digest.h"
#include "io/safetensors.h"
#include "models/model.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t take(quell_denoiser *denoiser)
{
    uint64_t digest = quell_denoiser_digest(denoiser);
    CHECK(digest && digest == quell_denoiser_digest(denoiser), "another digest the second time");
    quell_denoiser_free(denoiser);
    return digest;
}

static uint64_t of_file(const char *file, size_t size)
{
    quell_model *model = calloc(1, sizeof *model);
    MUST(quell_model_read_memory(model, "a network", file, size));
    uint64_t digest = quell_denoiser_digest(quell_model_denoiser(model));
    quell_model_free(model);
    return digest;
}

/* The last bit of the last number of each tensor in turn. */
TEST(denoiser_digest, every_tensor)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) {
        struct quell_tensors tensors = {0};
        size_t size = small_network_file(name, file);
        uint64_t digest = of_file(file, size);
        CHECK(digest && of_file(file, size) == digest, "%s: the same has another digest", name);
        MUST(quell_tensors_open_memory(&tensors, name, file, size));
        for (size_t k = 0; k < tensors.count; k++) {
            char *last = file + tensors.data + tensors.tensors[k].end - sizeof(float);
            *last ^= 1;
            CHECK(of_file(file, size) != digest, "%s: %s is not in it", name,
                  tensors.tensors[k].name);
            *last ^= 1;
        }
        quell_tensors_close(&tensors);
    }
}

/* The description alone, with the same weights: what is computed, and what is around it. */
static uint64_t of_changed(const char *old, const char *new)
{
    static char file[SMALL_NETWORK_MOST_FILE], text[SMALL_NETWORK_MOST_FILE];
    char *own = small_network_description("plane"), *at = strstr(own, old);
    CHECK(at, "'%s' is not in %s", old, own);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - own), own, new, at + strlen(old));
    free(own);
    return of_file(file, small_network_described("plane", text, file));
}

TEST(denoiser_digest, descriptions)
{
    const uint64_t digests[] = {
        of_changed("\"silu\"", "\"silu\""),
        of_changed("\"silu\"", "\"gelu_tanh\""),
        of_changed("\"karras\"", "\"simple\""),
        of_changed("\"no_class\": 4", "\"no_class\": 3"),
        of_changed("\"classes\"", "\"time\": \"t\", \"classes\""),
    };
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        for (size_t k = 0; k < i; k++) CHECK(digests[i] != digests[k], "%zu and %zu", i, k);
}

/* Every number of every closed form, by its last bit. */
static double *number_of(struct model *model, size_t i)
{
    size_t components = model->components, all = components * model->dim;
    if (i < all) return model->means + i;
    if ((i -= all) < all && strcmp(model->kind, "empirical")) return model->variances + i;
    return NULL;
}

static void change(double *value)
{
    *value = *value == 0 ? 0x1p-20 : (double)nextafterf((float)*value, INFINITY);
}

TEST(denoiser_digest, closed_forms)
{
    const char *kind;
    uint64_t of_kind[32];
    for (size_t k = 0; (kind = model_kind(k)); k++) {
        struct model model = model_new(kind, 3);
        of_kind[k] = take(model_denoiser(&model));
        CHECK(take(model_denoiser(&model)) == of_kind[k], "%s: the same has another digest", kind);
        for (size_t i = 0; i < k; i++) CHECK(of_kind[i] != of_kind[k], "%s: another kind's", kind);
        bool one = !strcmp(kind, "isotropic") || !strcmp(kind, "mixture");
        double *number;
        for (size_t i = 0; strcmp(kind, "callback") && (number = number_of(&model, i)); i++) {
            double was = *number;
            change(number);
            bool copied = one && i >= model.components * 3 && (i % 3 || was == 0);
            CHECK(copied || take(model_denoiser(&model)) != of_kind[k],
                  "%s: number %zu is not in it", kind, i);
            *number = was;
        }
        model_free(&model);
    }
}

static uint64_t guided(double weight, double low, const double *weights, quell_denoiser *guide)
{
    static const double times[] = {0.25, 0.5};
    quell_denoiser *bare = small_network_denoiser("mlp"), *made = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = weight, guidance.low = low;
    if (weights) guidance.points = 2, guidance.times = times, guidance.weights = weights;
    MUST(quell_denoiser_from_guidance(&made, bare, guide, &guidance));
    quell_denoiser_free(bare);
    quell_denoiser_free(guide);
    return take(made);
}

static quell_denoiser *gaussian(double variance)
{
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_from_isotropic(&denoiser, 5, NULL, variance));
    return denoiser;
}

TEST(denoiser_digest, guidance)
{
    const double flat[] = {2, 2}, bent[] = {2, 3};
    const uint64_t digests[] = {
        guided(2, 0, NULL, NULL),
        guided(2.5, 0, NULL, NULL),
        guided(2, 0.1, NULL, NULL),
        guided(2, 0, flat, NULL),
        guided(2, 0, bent, NULL),
        guided(2, 0, NULL, gaussian(1)),
        guided(2, 0, NULL, gaussian(nextafter(1, 2))),
    };
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        for (size_t k = 0; k < i; k++) CHECK(digests[i] != digests[k], "%zu and %zu", i, k);
}

/* model: the digest of all. */
static struct quell_digests of_sampler(int how)
{
    struct quell_digests digests;
    double mean = 0, variance = 1;
    quell_sampler_options options = quell_sampler_defaults();
    quell_denoiser *denoiser = gaussian(1);
    quell_schedule *schedule =
        must_schedule(how == 1 ? "vp:sigma_min=0.0010000000000000002" : "vp");
    quell_sampler *sampler = NULL;
    options.steps = how == 9 || how == 10 ? 0 : 4;
    options.prior_mean = &mean, options.prior_variance = &variance;
    if (how == 2) options.clamp_low = -nextafterf(9, 10);
    if (how == 3) options.clamp_low = -9;
    if (how == 4) mean = 1e-30;
    if (how == 5) options.brownian = 1;
    if (how == 6) options.stop = 0x1p-60;
    if (how == 7) options.threshold = 0.5;
    if (how == 8) options.threshold = 0.5, options.threshold_max = 2;
    const char *spec = how == 9 ? "dpm_adaptive" : how == 10 ? "dpm_adaptive:rtol=0.051" : "ddpm";
    MUST(quell_sampler_create(&sampler, spec, denoiser, schedule, &options));
    MUST(quell_sampler_digests(sampler, NULL, &digests));
    digests.model = quell_sampler_digest(sampler);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return digests;
}

TEST(denoiser_digest, samplers)
{
    uint64_t digests[11];
    for (int how = 0; how < 11; how++) {
        digests[how] = of_sampler(how).sampler;
        CHECK(of_sampler(how).sampler == digests[how], "%d: the same has another digest", how);
        for (int k = 0; k < how; k++) CHECK(digests[how] != digests[k], "%d and %d", how, k);
        CHECK(of_sampler(how).model == of_sampler(how).model, "%d: the same, of all", how);
        CHECK(!how || of_sampler(how).model != of_sampler(0).model, "%d and 0, of all", how);
    }
    CHECK(!quell_sampler_digest(NULL) && !quell_denoiser_digest(NULL), "of nothing");
}

/* For a function of the host's that promises to be reproducible, its `digest` takes part. */
static int say(void *user, const quell_call *call, const float *input, float *output)
{
    (void)input;
    for (size_t i = 0; i < call->rows * call->dim; i++)
        output[i] = *(const float *)(user ? user : call->context);
    return 0;
}

static uint64_t of_host(float *user, float *context, int reproducible)
{
    quell_function_options options = quell_function_defaults();
    struct quell_digests digests;
    quell_denoiser *denoiser = NULL;
    options.reproducible = reproducible;
    MUST(quell_denoiser_from_function(&denoiser, 2, say, user, &options));
    quell_schedule *schedule = must_schedule("vp");
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 3);
    MUST(quell_sampler_digests(sampler, context, &digests));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return digests.model;
}

TEST(denoiser_digest, functions_of_the_host)
{
    float one = 1, other = nextafterf(1, 2), copy = 1;
    CHECK(of_host(&one, NULL, 1) == of_host(&copy, NULL, 1), "the same answers");
    CHECK(of_host(&one, NULL, 1) != of_host(&other, NULL, 1), "other answers");
    CHECK(of_host(NULL, &one, 1) == of_host(NULL, &copy, 1), "the same context");
    CHECK(of_host(NULL, &one, 1) != of_host(NULL, &other, 1), "another context");
    CHECK(of_host(&one, NULL, 0) == of_host(&other, NULL, 0), "was asked without a promise");
}

/* What the host says of its function is part of it. */
TEST(denoiser_digest, of_the_host)
{
    quell_function_options options = quell_function_defaults();
    uint64_t digests[3];
    float one = 1;
    for (uint64_t i = 0; i < 3; i++) {
        quell_denoiser *denoiser = NULL;
        options.digest = i == 2 ? UINT64_MAX : i;
        MUST(quell_denoiser_from_function(&denoiser, 2, say, &one, &options));
        digests[i] = quell_denoiser_digest(denoiser);
        quell_denoiser_free(denoiser);
    }
    CHECK(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2],
          "the host's own digest has no effect");
}
