/* SPDX-License-Identifier: MIT */
/* Structs that begin with their size: an impossible size is refused, and so is a member that a
 * newer program sets and this library does not know; neither is silently replaced by a default. */
#include "base/sized.h"
#include "fixture.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* Calls of the library that take a struct. All its members but the size are valid. */
typedef quell_status call_fn(const void *given);

static quell_status create(const void *given)
{
    quell_sampler *sampler = NULL;
    quell_status status = quell_sampler_create(&sampler, "ddim", denoiser, schedule, given);
    quell_sampler_free(sampler);
    return status;
}

static int nothing(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    (void)user;
    for (size_t i = 0; i < steps; i++) quell_plan_step(plan, &grid[i], &grid[i + 1]);
    return 0;
}

static quell_status build(const void *given)
{
    quell_sampler *sampler = NULL;
    quell_status status =
        quell_sampler_from_builder(&sampler, nothing, NULL, NULL, denoiser, schedule, given);
    quell_sampler_free(sampler);
    return status;
}

static int stay(void *user, quell_transition *transition, const quell_point *t,
                const quell_point *s, float *x)
{
    (void)user, (void)transition, (void)t, (void)s, (void)x;
    return 0;
}

static quell_status step_by_hand(const void *given)
{
    quell_sampler *sampler = NULL;
    quell_status status =
        quell_sampler_from_step(&sampler, stay, NULL, NULL, denoiser, schedule, given);
    quell_sampler_free(sampler);
    return status;
}

static quell_status call_run(const void *draw, const void *run, int how)
{
    float x[DIM] = {1, 2, 3, 4, 5}, out[DIM];
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 4);
    quell_status status = how == 0   ? quell_sample_prior(sampler, draw, run, x)
                          : how == 1 ? quell_sample_from(sampler, draw, run, x)
                          : how == 2 ? quell_sample(sampler, draw, run, x)
                          : how == 3 ? quell_step(sampler, draw, run, 0.5, 0.25, x)
                                     : quell_denoise(sampler, draw, run, 0.5, x, out);
    if (status) CHECK(x[0] == 1 && x[4] == 5, "x was changed");
    quell_sampler_free(sampler);
    return status;
}

static quell_status prior(const void *given) { return call_run(NULL, given, 0); }
static quell_status from(const void *given) { return call_run(NULL, given, 1); }
static quell_status sample(const void *given) { return call_run(NULL, given, 2); }
static quell_status step(const void *given) { return call_run(NULL, given, 3); }
static quell_status denoise(const void *given) { return call_run(NULL, given, 4); }

static quell_status prior_of(const void *given) { return call_run(given, NULL, 0); }
static quell_status from_of(const void *given) { return call_run(given, NULL, 1); }
static quell_status sample_of(const void *given) { return call_run(given, NULL, 2); }
static quell_status step_of(const void *given) { return call_run(given, NULL, 3); }
static quell_status denoise_of(const void *given) { return call_run(given, NULL, 4); }

static int zero(void *user, const quell_call *call, const float *x, float *out)
{
    (void)user, (void)x;
    memset(out, 0, call->rows * call->dim * sizeof *out);
    return 0;
}

static quell_status callback(const void *given)
{
    quell_denoiser *made = NULL;
    quell_status status = quell_denoiser_from_function(&made, DIM, zero, NULL, given);
    quell_denoiser_free(made);
    return status;
}

static quell_status guided(const void *given)
{
    quell_denoiser *made = NULL, *guide = NULL;
    MUST(quell_denoiser_from_isotropic(&guide, DIM, NULL, 2));
    quell_status status = quell_denoiser_from_guidance(&made, denoiser, guide, given);
    quell_denoiser_free(made);
    quell_denoiser_free(guide);
    return status;
}

/* `whole` has `size` bytes, which hold the defaults. earlier: the size that the struct had in an
 * earlier release; 0: it had no other. */
static void check(const char *defaults, call_fn *call, const void *whole, size_t size,
                  size_t earlier)
{
    const size_t wrong[] = {0,        1,        8,    size / 2, (earlier ? earlier : size) - 8,
                            size - 4, size - 1, 5000, SIZE_MAX};
    unsigned char *given = calloc(1, size + 64);
    begin("vp");
    memcpy(given, whole, size);
    MUST(call(given));
    if (earlier) {
        memcpy(given, &earlier, sizeof earlier);
        memset(given + earlier, 0xff, size - earlier); /* is not read */
        MUST(call(given));
        memcpy(given, whole, size);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(given, &wrong[i], sizeof *wrong);
        CHECK(call(given) == QUELL_BAD_ARGUMENT, "%s: size %zu of %zu", defaults, wrong[i], size);
        CHECK(strstr(quell_error_message(), defaults), "%s", quell_error_message());
    }
    for (size_t more = 1; more <= 64; more++) { /* a newer program's, with its new members at 0 */
        const size_t longer = size + more;
        memcpy(given, &longer, sizeof longer);
        MUST(call(given));
        given[longer - 1] = 1;
        CHECK(call(given) == QUELL_BAD_ARGUMENT, "%s: byte %zu is set", defaults, longer);
        CHECK(strstr(quell_error_message(), "does not know"), "%s", quell_error_message());
        given[longer - 1] = 0;
    }
    end();
    free(given);
}

TEST(sized, sampler_options)
{
    quell_sampler_options whole = quell_sampler_defaults();
    call_fn *const calls[] = {create, build, step_by_hand};
    for (size_t i = 0; i < 3; i++)
        check("quell_sampler_defaults", calls[i], &whole, sizeof whole, 0);
}

TEST(sized, draw)
{
    quell_draw whole = quell_draw_defaults();
    call_fn *const calls[] = {prior_of, from_of, sample_of, step_of, denoise_of};
    for (size_t i = 0; i < 5; i++)
        check("quell_draw_defaults", calls[i], &whole, sizeof whole, offsetof(quell_draw, part));
}

TEST(sized, run)
{
    quell_run whole = quell_run_defaults();
    call_fn *const calls[] = {prior, from, sample, step, denoise};
    for (size_t i = 0; i < 5; i++) check("quell_run_defaults", calls[i], &whole, sizeof whole, 0);
}

TEST(sized, callback)
{
    quell_function_options whole = quell_function_defaults();
    check("quell_function_defaults", callback, &whole, sizeof whole, 0);
}

TEST(sized, guidance)
{
    quell_guidance whole = quell_guidance_defaults();
    check("quell_guidance_defaults", guided, &whole, sizeof whole, 0);
}

/* A struct that has grown: what an older program does not have keeps its default. */
TEST(sized, grown)
{
    struct grown {
        size_t size, first, second, third;
    } theirs = {0, 1, 2, 3};
    static const size_t earlier[] = {2 * sizeof(size_t), 3 * sizeof(size_t), 0};
    const struct quell_sized about = {"it", "grown", "grown_defaults", earlier};
    for (size_t members = 0; members <= 4; members++) {
        struct grown own = {sizeof own, 7, 8, 9};
        theirs.size = members * sizeof(size_t);
        quell_status status = quell_sized_copy(&about, &own, sizeof own, &theirs);
        CHECK(status == (members < 2 ? QUELL_BAD_ARGUMENT : QUELL_OK), "%zu members", members);
        CHECK(own.size == sizeof own && own.first == (members > 1 ? 1 : 7) &&
                  own.second == (members > 2 ? 2 : 8) && own.third == (members > 3 ? 3 : 9),
              "%zu members: %zu, %zu, %zu", members, own.first, own.second, own.third);
    }
}
