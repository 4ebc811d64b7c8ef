/* SPDX-License-Identifier: MIT */
/* What cannot be a sampler, or a transition, is refused with a message that names it. */
#include "fixture.h"
#include "harness.h"

#include <math.h>
#include <string.h>

static int to_nothing(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1 - t, *sigma = t;
    return 0;
}

static void refused(const char *spec, quell_status status, const char *says)
{
    quell_sampler *sampler = NULL;
    quell_status found = quell_sampler_create(&sampler, spec, denoiser, schedule, &options);
    CHECK(found == status && !sampler, "'%s': %s", spec, quell_status_name(found));
    CHECK(strstr(quell_error_message(), says), "'%s': %s", says, quell_error_message());
    options = quell_sampler_defaults();
}

TEST(refusals, specs)
{
    begin("vp");
    refused("", QUELL_NOT_FOUND, "no such sampler");
    refused("dd", QUELL_NOT_FOUND, "'dd'");
    refused("ddimm", QUELL_NOT_FOUND, "'ddimm'");
    refused("heum", QUELL_NOT_FOUND, "(did you mean 'heun'?)");
    refused("dpm2m", QUELL_NOT_FOUND, "(did you mean 'dpmpp_2m'?)");
    refused("dpm_3m", QUELL_NOT_FOUND, "(did you mean 'dpmpp_3m'?)");
    refused("seeds", QUELL_NOT_FOUND, "(did you mean 'seeds2'?)");
    refused("ddpm:eta=1", QUELL_BAD_ARGUMENT, "no option 'eta'");
    refused("ddim:", QUELL_BAD_ARGUMENT, "no option");
    refused("ddim:eta", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("ddim:eta=x", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("ddim:eta=1 ", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("ddim:eta=-0.1", QUELL_BAD_ARGUMENT, "from 0");
    refused("ddim:eta=nan", QUELL_BAD_ARGUMENT, "must be a number from");
    refused("ddim:eta=inf", QUELL_BAD_ARGUMENT, "from 0");
    refused("ddim:eta=0.1,eta=0.9", QUELL_BAD_ARGUMENT, "option 'eta' is there twice");
    refused("euler_a:eta=1,s_noise=1,eta=1", QUELL_BAD_ARGUMENT, "option 'eta' is there twice");
    refused("dpmpp_2m:order=3", QUELL_BAD_ARGUMENT, "for another order take 'xeab'");
    refused("uni_pc:variant=bh2", QUELL_BAD_ARGUMENT, "for another variant take 'unipc'");
    refused("dpmpp_2m_karras", QUELL_NOT_FOUND, "'dpmpp_2m' is meant, with the grid 'karras'");
    refused("_karras", QUELL_NOT_FOUND, "no such sampler");
    quell_sampler *sampler = NULL;
    CHECK(quell_sampler_create(NULL, "ddim", denoiser, schedule, NULL) == QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, NULL, denoiser, schedule, NULL) ==
                  QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, "ddim", NULL, schedule, NULL) == QUELL_BAD_ARGUMENT &&
              quell_sampler_create(&sampler, "ddim", denoiser, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "NULL accepted");
    end();
}

/* An alias gives the same plan. */
static void same(const char *alias, const char *spec)
{
    static char plans[2][1 << 16];
    for (int i = 0; i < 2; i++) {
        quell_sampler *sampler = NULL;
        MUST(quell_sampler_create(&sampler, i ? spec : alias, denoiser, schedule, &options));
        CHECK(quell_sampler_print(sampler, plans[i], sizeof plans[i]) < sizeof plans[i],
              "too long");
        quell_sampler_free(sampler);
    }
    CHECK(!strcmp(plans[0], plans[1]), "%s is not %s", alias, spec);
}

TEST(refusals, names_of_others)
{
    begin("vp");
    same("euler_ancestral", "euler_a");
    same("euler_ancestral:eta=0.5", "euler_a:eta=0.5");
    same("dpm_2", "dpm2");
    same("dpm_2_ancestral", "dpm2_a");
    same("dpmpp_2s_ancestral", "dpmpp_2s_a");
    same("uni_pc", "unipc:order=3,variant=bh1");
    same("uni_pc_bh2:use_corrector=no", "unipc:order=3,variant=bh2,use_corrector=no");
    same("seeds_2", "seeds2");
    same("seeds_3", "seeds3");
    same("lms:order=4", "zab:order=4");
    end();
}

TEST(refusals, options)
{
    const double nan = (double)NAN, values[] = {1, 2, nan, 4, 5}, variances[] = {1, 1, -1, 1, 1};
    begin("vp");
    const double flat[] = {0.9, 0.5, 0.5}, rising[] = {0.9, 0.5, 0.6}, out[] = {1.1, 0.5, 0};
    options.steps = 1000001, refused("ddim", QUELL_BAD_ARGUMENT, "steps is 1000001");
    options.start = 0, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.start = 1.5, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.start = 1.0000001, refused("ddim", QUELL_BAD_ARGUMENT, "start is 1.0000001 and");
    options.threshold = 1.0000001, refused("ddim", QUELL_BAD_ARGUMENT, "threshold is 1.0000001 ");
    options.clamp_low = options.clamp_high = 0;
    refused("ddim", QUELL_BAD_ARGUMENT, "both 0, and would make all samples 0; leave them out");
    memset(&options, 0, sizeof options), options.size = sizeof options;
    refused("ddim", QUELL_BAD_ARGUMENT, "start from quell_sampler_defaults()");
    options.threshold_max = 0;
    refused("ddim", QUELL_BAD_ARGUMENT,
            "a bound of 1 or more: start from quell_sampler_defaults()");
    options.stop = -0.5, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.stop = nan, refused("ddim", QUELL_BAD_ARGUMENT, "times must fall");
    options.steps = 2, options.times = flat, refused("ddim", QUELL_BAD_ARGUMENT, "time 2");
    options.steps = 2, options.times = rising, refused("ddim", QUELL_BAD_ARGUMENT, "time 2");
    options.steps = 2, options.times = out, refused("ddim", QUELL_BAD_ARGUMENT, "time 0");
    const double good[] = {0.9, 0.5, 0.1}, sigmas[] = {10, 1, 0};
    options.steps = 2, options.times = good, options.grid = "karras";
    refused("ddim", QUELL_BAD_ARGUMENT, "times are given and so is grid");
    options.steps = 2, options.times = good, options.start = 0.8;
    refused("ddim", QUELL_BAD_ARGUMENT, "so are start, 0.8, and stop, 0; leave these out");
    options.steps = 2, options.times = good, options.stop = 0.2;
    refused("ddim", QUELL_BAD_ARGUMENT, "so are start");
    options.steps = 2, options.sigmas = sigmas, options.start = 0.9;
    refused("ddim", QUELL_BAD_ARGUMENT, "sigmas are given");
    options.steps = 2, options.sigmas = sigmas, options.grid = "beta";
    refused("ddim", QUELL_BAD_ARGUMENT, "sigmas are given");
    options.clamp_low = 1, options.clamp_high = 0;
    refused("ddim", QUELL_BAD_ARGUMENT, "clamp_low");
    options.clamp_low = nan, refused("ddim", QUELL_BAD_ARGUMENT, "clamp_low");
    options.clamp_low = 1e39, refused("ddim", QUELL_BAD_ARGUMENT, "no float");
    options.clamp_low = INFINITY, refused("ddim", QUELL_BAD_ARGUMENT, "no float");
    options.clamp_high = -INFINITY, refused("ddim", QUELL_BAD_ARGUMENT, "no float");
    options.threshold_max = 2, refused("ddim", QUELL_BAD_ARGUMENT, "threshold is 0");
    options.brownian = 2, refused("ddpm", QUELL_BAD_ARGUMENT, "brownian is 2");
    options.brownian = -1, refused("ddpm", QUELL_BAD_ARGUMENT, "brownian is -1");
    options.prior_dim = 2, refused("ddim", QUELL_BAD_ARGUMENT, "prior_dim is 2");
    options.prior_dim = 0, refused("ddim", QUELL_BAD_ARGUMENT, "prior_dim is 0");
    options.prior_dim = DIM, options.prior_mean = values;
    refused("ddim", QUELL_BAD_ARGUMENT, "prior_mean[2]");
    options.prior_dim = DIM, options.prior_variance = variances;
    refused("ddim", QUELL_BAD_ARGUMENT, "prior_variance[2]");
    const double large = 1e300;
    options.prior_mean = &large, refused("ddim", QUELL_BAD_ARGUMENT, "from -1e30 to 1e30");
    options.prior_variance = &large, refused("ddim", QUELL_BAD_ARGUMENT, "from 0 to 1e30");
    end();
}

/* Draws from a sampler of these options and schedule. */
static void draws(const char *spec, quell_status right)
{
    const double mean[] = {1e-3};
    float x[DIM];
    quell_schedule *own = must_schedule(spec);
    for (int given = 0; given < 2; given++) {
        quell_sampler *sampler = NULL;
        options.prior_mean = given ? mean : NULL;
        MUST(quell_sampler_create(&sampler, "ddim", denoiser, own, &options));
        quell_status prior = quell_sample_prior(sampler, NULL, NULL, x);
        quell_status whole = quell_sample(sampler, NULL, NULL, x);
        CHECK(prior == (given ? QUELL_OK : right) && whole == prior, "%s from %g, given %d: %s, %s",
              spec, options.start, given, quell_status_name(prior), quell_error_message());
        CHECK(prior == QUELL_OK || strstr(quell_error_message(), "give its mean and variance"),
              "%s", quell_error_message());
        for (size_t i = 0; i < DIM; i++) x[i] = 1;
        CHECK(quell_sample_from(sampler, NULL, NULL, x) == QUELL_OK, "%s", quell_error_message());
        quell_sampler_free(sampler);
    }
    options = quell_sampler_defaults();
    quell_schedule_free(own);
}

/* States that depend on the law of X are drawn only where it is given. */
TEST(refusals, prior)
{
    const double times[] = {0.5, 0.1}, sigmas[] = {2, 0.5};
    begin("vp");
    draws("vp", QUELL_OK);
    draws("beta_laplace", QUELL_OK);
    draws("edm:sigma_max=5", QUELL_OK);
    draws("vp:alpha_min=0.9", QUELL_BAD_ARGUMENT);
    draws("edm:sigma_max=2", QUELL_BAD_ARGUMENT);
    options.start = 0.99, draws("vp", QUELL_OK);
    options.start = 0.5, draws("vp", QUELL_BAD_ARGUMENT);
    options.start = 0.5, draws("beta_linear", QUELL_BAD_ARGUMENT);
    options.steps = 1, options.times = times, draws("cosine", QUELL_BAD_ARGUMENT);
    options.steps = 1, options.sigmas = sigmas, draws("ve", QUELL_BAD_ARGUMENT);
    end();
}

/* A schedule whose alpha / sigma rises, and one that is noiseless before its end. */
/* Noise that is new at each point is no part of a path. */
TEST(refusals, brownian)
{
    static const char *const none[] = {"lcm", "tcd", "consistency", "pc", "pc:corrector=langevin"};
    static const char *const some[] = {"ddpm", "ddim:eta=0.5", "restart", "euler:s_churn=1",
                                       "dpmpp_sde"};
    begin("vp");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        options.brownian = 1, refused(none[i], QUELL_BAD_ARGUMENT, "no part of a path");
    options.brownian = 1;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        quell_sampler *sampler = NULL;
        MUST(quell_sampler_create(&sampler, some[i], denoiser, schedule, &options));
        quell_sampler_free(sampler);
    }
    end();
}

/* A grid on which sigma / alpha falls nowhere is refused, since it would leave x_1 as it is. One on
 * which it falls in some steps is allowed. */
static int constant(void *user, double t, double *alpha, double *sigma)
{
    (void)t, (void)user;
    *alpha = 0.5, *sigma = 0.25;
    return 0;
}

static int falls_late(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1, *sigma = t < 0.5 ? 2 * t + 0.1 : 1.1;
    return 0;
}

TEST(refusals, schedules_that_do_not_fall)
{
    static const char *const grids[] = {"linear", "linear:final=zero", "simple",
                                        "beta",   "beta:final=zero",   "sgm_uniform"};
    const double times[] = {1, 0.7, 0.5};
    begin("vp");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, constant, NULL, NULL));
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++)
        options.grid = grids[i], options.steps = 4,
        refused("ddim", QUELL_BAD_ARGUMENT, "no step would do anything");
    refused("ddpm", QUELL_BAD_ARGUMENT, "sigma / alpha is 0.5 at t = 1 and at 0, so that no step");
    options.grid = "linear:final=zero", options.steps = 1;
    quell_sampler *sampler = NULL;
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, falls_late, NULL, NULL));
    options = quell_sampler_defaults();
    MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
    quell_sampler_free(sampler);
    options.steps = 2, options.times = times;
    refused("ddim", QUELL_BAD_ARGUMENT, "at t = 1 and at 0.5, so that no step would do anything");
    end();
}

/* With little left of X at t = 0: x_0 had a mean of 0.67, 0.69, 0.04 and 0.006 for 1. */
TEST(refusals, ends_in_noise)
{
    static const char *const specs[] = {"beta_laplace:train=2", "beta_cosine:train=2",
                                        "beta_linear:first=0.999,last=0.999", "vp_sde:eps=0.999"};
    static const char *const fine[] = {"beta_laplace", "beta_cosine:train=10", "ve:sigma_min=0.9"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        begin(specs[i]);
        refused("ddim", QUELL_BAD_ARGUMENT, "sampler: at its end, t = 0, alpha is 0.");
        refused("dpm_single", QUELL_BAD_ARGUMENT, "so that x_0 has little of X");
        options.stop = 0.001;
        quell_sampler *sampler = NULL;
        MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
        quell_sampler_free(sampler);
        options.stop = 0, options.grid = "linear:final=zero";
        MUST(quell_sampler_create(&sampler, "ddim", denoiser, schedule, &options));
        quell_sampler_free(sampler);
        end();
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        begin(fine[i]);
        quell_sampler_free(must_sampler("ddim", denoiser, schedule, 4));
        end();
    }
}

static int rises(void *user, double t, double *alpha, double *sigma)
{
    (void)user;
    *alpha = 1, *sigma = 10 - 9.9 * t;
    return 0;
}

TEST(refusals, schedules)
{
    begin("vp");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, rises, NULL, NULL));
    refused("ddim", QUELL_BAD_ARGUMENT, "must fall in t");
    quell_schedule_free(schedule);
    MUST(quell_schedule_from_function(&schedule, to_nothing, NULL, NULL));
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 4);
    quell_draw draw = quell_draw_defaults();
    float x[DIM] = {1, 2, 3, 4, 5}, out[DIM];
    draw.count = 1;
    MUST(quell_step(sampler, &draw, NULL, 0, 0, x));
    CHECK(quell_step(sampler, &draw, NULL, 0.5, 0.75, x) == QUELL_BAD_ARGUMENT, "t < s");
    CHECK(quell_step(sampler, &draw, NULL, 1.5, 0.75, x) == QUELL_BAD_ARGUMENT, "t > 1");
    CHECK(quell_step(sampler, &draw, NULL, 1.0000001, 0.75, x) == QUELL_BAD_ARGUMENT, "t > 1");
    CHECK(strstr(quell_error_message(), "t = 1.0000001"), "%s", quell_error_message());
    CHECK(quell_denoise(sampler, &draw, NULL, 1.0000001, x, out) == QUELL_BAD_ARGUMENT, "t > 1");
    CHECK(strstr(quell_error_message(), "t is 1.0000001"), "%s", quell_error_message());
    CHECK(quell_step(sampler, &draw, NULL, 0.5, -0.5, x) == QUELL_BAD_ARGUMENT, "s < 0");
    CHECK(quell_step(sampler, &draw, NULL, (double)NAN, 0.5, x) == QUELL_BAD_ARGUMENT, "NaN");
    CHECK(quell_step(sampler, &draw, NULL, 0.5, (double)NAN, x) == QUELL_BAD_ARGUMENT, "NaN");
    CHECK(quell_denoise(sampler, &draw, NULL, 1.5, x, out) == QUELL_BAD_ARGUMENT, "denoise at 1.5");
    CHECK(quell_denoise(sampler, &draw, NULL, (double)NAN, x, out) == QUELL_BAD_ARGUMENT, "at NaN");
    for (size_t e = 0; e < DIM; e++) CHECK(x[e] == (float)(e + 1), "x was changed");
    quell_sampler_free(sampler);
    end();
}

TEST(refusals, past_the_end)
{
    CHECK(quell_sampler_dim(NULL) == 0 && quell_sampler_steps(NULL) == 0, "NULL");
    quell_sampler_free(NULL);
}

/* A message of the caller's own is kept as the library's are. */
TEST(refusals, set_by_the_caller)
{
    char wide[600];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    CHECK(quell_error_set(QUELL_IO_FAILED, "one\nline") == QUELL_IO_FAILED, "its status");
    CHECK(!strcmp(quell_error_message(), "one?line"), "%s", quell_error_message());
    quell_error_set(QUELL_IO_FAILED, quell_error_message() + 4);
    CHECK(!strcmp(quell_error_message(), "line"), "%s", quell_error_message());
    quell_error_set(QUELL_IO_FAILED, wide);
    CHECK(strlen(quell_error_message()) == 511, "%zu", strlen(quell_error_message()));
    quell_error_set(QUELL_IO_FAILED, NULL);
    CHECK(!*quell_error_message(), "%s", quell_error_message());
}

/* UTF-8 to the last byte, wherever it is cut. */
static void check_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t more = *at < 0x80 ? 0 : *at < 0xE0 ? 1 : *at < 0xF0 ? 2 : 3;
        CHECK(*at < 0x80 || (*at >= 0xC2 && *at < 0xF5), "byte %02x of '%s'", *at, text);
        for (at++; more; more--, at++) CHECK(*at >> 6 == 2, "byte %02x of '%s'", *at, text);
    }
}

TEST(refusals, messages_are_utf8)
{
    static const char *const broken[] = {"\xff",
                                         "\x80",
                                         "\xc3",
                                         "a\xe2\x82",
                                         "\xc0\xaf",
                                         "\xe0\x9f\xbf",
                                         "\xed\xa0\x80",
                                         "\xf0\x8f\xbf\xbf",
                                         "\xf4\x90\x80\x80",
                                         "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        quell_error_set(QUELL_IO_FAILED, broken[i]);
        check_text(quell_error_message());
        CHECK(strchr(quell_error_message(), '?'), "%zu: '%s'", i, quell_error_message());
    }
    static const char *const good[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xb2",
                                       "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[700] = "";
        quell_error_set(QUELL_IO_FAILED, good[i]);
        CHECK(!strcmp(quell_error_message(), good[i]), "%zu: '%s'", i, quell_error_message());
        for (size_t length = 0; length + 4 < sizeof text; length = strlen(text)) {
            strcat(text, length % 7 ? good[i] : "x");
            quell_error_set(QUELL_IO_FAILED, text);
            check_text(quell_error_message());
        }
    }
}

/* A long name leaves the reason in the line. */
TEST(refusals, long_paths)
{
    static char path[4000];
    for (size_t length = 300; length < sizeof path; length += 397) {
        memset(path, 'd', length);
        for (size_t i = 0; i < length; i += 200) path[i] = '/';
        strcpy(path + length - 5, ".json");
        quell_model *none = NULL;
        CHECK(quell_model_load(&none, path) == QUELL_IO_FAILED, "%zu", length);
        CHECK(strstr(quell_error_message(), "No such file"), "%s", quell_error_message());
        CHECK(!strncmp(quell_error_message(), "/ddd", 4), "%s", quell_error_message());
        CHECK(strlen(quell_error_message()) < 512, "%zu", strlen(quell_error_message()));
    }
    char own[1000];
    memset(own, 'd', sizeof own);
    strcpy(own + 900, ": the reason");
    quell_error_set(QUELL_IO_FAILED, own);
    CHECK(strstr(quell_error_message(), ": the reason"), "%s", quell_error_message());
}
