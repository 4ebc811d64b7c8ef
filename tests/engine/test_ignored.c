/* SPDX-License-Identifier: MIT */
/* What would be ignored with the rest of what is asked for is refused, and named. */
#include "fixture.h"
#include "harness.h"

#include <string.h>

static void refused(const char *spec, const char *says)
{
    quell_sampler *sampler = NULL;
    quell_status found = quell_sampler_create(&sampler, spec, denoiser, schedule, &options);
    CHECK(found == QUELL_BAD_ARGUMENT && !sampler, "'%s': %s", spec, quell_status_name(found));
    CHECK(strstr(quell_error_message(), says), "'%s': %s", says, quell_error_message());
}

/* An option that would be ignored with the others, and an eta that is too much in most steps. */
TEST(ignored, options_without_effect)
{
    static const char *const specs[][2] = {
        {"heun:s_noise=2,s_tmin=1", "'s_tmin' has no effect but with 's_churn', which is 0"},
        {"euler:s_tmin=1", "'s_tmin'"},
        {"heunpp2:s_tmax=1", "'s_tmax'"},
        {"dpm2:s_noise=2", "'s_noise'"},
        {"dpm_2:s_noise=2", "'s_noise'"},
        {"res_multistep:s_noise=2", "'s_noise' has no effect but with 'eta', which is 0"},
        {"dpm_adaptive:s_noise=2", "'s_noise'"},
        {"euler_a:eta=0,s_noise=2", "'s_noise'"},
        {"euler_a:eta=0,form=rf", "'form' has no effect but with 'eta', which is 0"},
        {"euler:s_churn=.5,s_tmax=0,s_noise=2",
         "s_churn has no effect: no step begins at a sigma / alpha from s_tmin, 0, to s_tmax, 0; "
         "these go from 1000 to "},
        {"heun:s_churn=.5,s_tmin=2e3", "s_churn has no effect: no step begins"},
        {"dpm2:s_churn=.5,s_tmin=5,s_tmax=5.1", "s_churn has no effect: no step begins"},
        {"heunpp2:s_churn=.5,s_tmax=1e-4", "s_churn has no effect: no step begins"},
        {"restart:s_tmin=1e4,s_tmax=1e5",
         "restart: s_tmin is 10000, but sigma / alpha goes from 1000"},
        {"restart:s_tmin=1e-5", "so that there is no restart; must be between"},
        {"consistency:sigma_min=1e3", "consistency: sigma_min is 1000, but sigma / alpha is"},
        {"consistency:sigma_min=500", "consistency: sigma_min is 500, but sigma / alpha is"},
        {"sa_solver:s_tmin=1e6", "tau has no effect: no step begins"},
        {"pc:delta=0", "'delta' must be a number from 1e-06 to 0.5"},
        {"pc:corrector=langevin,snr=0", "'snr' must be a number from 1e-06 to 0.4"},
        {"dpm2_a:eta=0,s_noise=2", "'s_noise'"},
        {"dpmpp_2s_a:eta=0,s_noise=2", "'s_noise'"},
        {"dpmpp_sde:s_noise=2,eta=0", "'s_noise'"},
        {"dpmpp_2m_sde:eta=0,s_noise=2", "'s_noise'"},
        {"dpmpp_3m_sde:eta=0,s_noise=2", "'s_noise'"},
        {"seeds2:eta=0,s_noise=2", "'s_noise'"},
        {"seeds3:eta=0,s_noise=2", "'s_noise'"},
        {"sa_solver:tau=0,s_noise=2", "'s_noise'"},
        {"sa_solver:tau=0,s_tmin=2", "'s_tmin'"},
        {"sa_solver:tau=0,s_tmax=2", "'s_tmax'"},
        {"sa_solver:s_tmax=1,s_tmin=2", "s_tmin must not be above s_tmax"},
        {"er_sde:scaler=ode,s_noise=2", "'s_noise' has no effect but with scaler=er|sde"},
        {"er_sde:order=2,formula=paper", "'formula' has no effect but with order=3"},
        {"restart:restarts=0,inner=3", "'inner'"},
        {"restart:restarts=0,s_tmax=3", "'s_tmax'"},
        {"restart:restarts=0,s_noise=3", "'s_noise'"},
        {"pc:snr=0.3,formula=paper", "'snr' has no effect but with corrector=langevin"},
        {"pc:formula=paper", "'formula' has no effect but with corrector=langevin"},
        {"pc:corrector=langevin,delta=0.5", "'delta' has no effect but with corrector=azula"},
        {"pc:corrections=0,delta=0.5", "'delta' has no effect but with 'corrections', which is 0"},
        {"pc:corrections=0,corrector=langevin", "'corrector'"},
        {"xeab:order=1,formula=k_diffusion", "'formula' has no effect but with order=2|3"},
        {"xeab:order=3,solver=midpoint", "'solver' has no effect but with order=2"},
        {"xeab:formula=k_diffusion,solver=midpoint",
         "'solver' has no effect but with formula=quell"},
        {"dpm_single:order=1,prediction=x0", "'prediction' has no effect but with order=2|3"},
        {"dpm_single:order=1,fast=yes", "'fast' has no effect but with order=2|3"},
        {"heun:s_churn=1,s_tmin=2,s_tmax=1", "s_tmin must not be above s_tmax"},
        {"euler_a:eta=2", "the eta of 'euler_a' is 2: most steps would replace over 3/4 of the "
                          "noise and make the law "
                          "too narrow; on these steps it may be up to 1"},
        {"euler_a:form=rf,eta=1e3", "make the law too narrow"},
        {"ddim:eta=5", "the eta of 'ddim' is 5: most steps"},
        {"ito:eta=50", "the eta of 'ito' is 50: most steps"},
        {"seeds2:eta=50", "the eta of 'seeds2' is 50: most steps"},
        {"seeds3:eta=1e6", "the eta of 'seeds3' is 1e+06: most steps"},
        {"sa_solver:predictor_order=1,tau=50", "the tau of 'sa_solver' is 50: most steps"},
        {"pc:eta=5", "the eta of 'pc' is 5"},
        {"dpm2_a:eta=1.01", "must be a number from 0 to 1"},
        {"dpmpp_2s_a:eta=1.01", "must be a number from 0 to 1"},
        {"dpmpp_sde:eta=7", "must be a number from 0 to 1"},
        {"res_multistep:eta=7", "must be a number from 0 to 1"},
        {"dpm_adaptive:eta=7", "must be a number from 0 to 1"},
    };
    static const char *const taken[] = {"heun:s_noise=1,s_tmin=0",
                                        "heun:s_churn=1,s_noise=2,s_tmin=1",
                                        "pc:corrector=langevin,snr=0.3,formula=paper",
                                        "dpmpp_2m:formula=k_diffusion",
                                        "dpm_single:order=1,steady=no",
                                        "euler_a:form=rf,eta=1.01",
                                        "euler_a:eta=1.001"};
    begin("vp");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        options.steps = 4, refused(specs[i][0], specs[i][1]);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        quell_sampler_free(must_sampler(taken[i], denoiser, schedule, 20));
    quell_sampler_free(must_sampler("ddim:eta=1.5", denoiser, schedule, 100));
    end();
    static const char *const tables[][2] = {
        {"beta_cosine:cap=1e-30,offset=0.5", "'offset' has no effect with the others"},
        {"beta_exp:cap=1e-30,rate=5", "'rate' has no effect with the others"},
        {"beta_exp:cap=0.5", "'cap' has no effect with the others"},
        {"beta_laplace:cap=0.9", "'cap' has no effect with the others"},
        {"flow:tokens=1000,max_shift=0.5,base_tokens=9", "'base_tokens' has no effect"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        quell_schedule *none = NULL;
        CHECK(quell_schedule_create(&none, tables[i][0]) == QUELL_BAD_ARGUMENT, "%s", tables[i][0]);
        CHECK(strstr(quell_error_message(), tables[i][1]), "%s", quell_error_message());
    }
    static const char *const flows[] = {"flow:max_shift=3,base_shift=2", "flow:max_shift=3",
                                        "flow:base_tokens=9", "flow:shift=2,max_tokens=9"};
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        quell_schedule *none = NULL;
        CHECK(quell_schedule_create(&none, flows[i]) == QUELL_BAD_ARGUMENT, "%s", flows[i]);
        CHECK(strstr(quell_error_message(), "no effect but with 'tokens', which is 0"), "%s",
              quell_error_message());
    }
}

static int goes_on(void *user, const quell_progress *progress)
{
    (void)user, (void)progress;
    return 0;
}

/* Data for a function that is not given. */
TEST(ignored, users_without_functions)
{
    begin("vp");
    quell_sampler *sampler = must_sampler("ddim", denoiser, schedule, 4);
    quell_run run = quell_run_defaults();
    float x[DIM];
    for (int i = 0; i < 3; i++) {
        static const char *const says[] = {"host is set, but parallel is NULL",
                                           "progress_user is set, but progress is NULL",
                                           "observe_user is set, but observe is NULL"};
        run.host = i == 0 ? x : NULL;
        run.progress_user = i == 1 ? x : NULL;
        run.observe_user = i == 2 ? x : NULL;
        CHECK(quell_sample(sampler, NULL, &run, x) == QUELL_BAD_ARGUMENT, "%s", says[i]);
        CHECK(strstr(quell_error_message(), says[i]), "%s", quell_error_message());
    }
    run.observe_user = NULL, run.progress_user = x, run.progress = goes_on;
    MUST(quell_sample(sampler, NULL, &run, x));
    float in_place[DIM], out[DIM], both[2 * DIM] = {0};
    memcpy(in_place, x, sizeof x);
    MUST(quell_denoise(sampler, NULL, NULL, 0.5, x, out));
    MUST(quell_denoise(sampler, NULL, NULL, 0.5, in_place, in_place));
    CHECK(!memcmp(out, in_place, sizeof out), "denoised in place");
    CHECK(quell_denoise(sampler, NULL, NULL, 0.5, both, both + 1) == QUELL_BAD_ARGUMENT, "in part");
    CHECK(strstr(quell_error_message(), "must be x, or another array"), "%s",
          quell_error_message());
    quell_sampler_free(sampler);
    end();
}

static int no_answer(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)call, (void)input, (void)output;
    return -1;
}

/* A message says that an argument is NULL, and shows on which side a range is open. */
TEST(ignored, said_as_they_are)
{
    quell_function_options how = quell_function_defaults();
    quell_denoiser *function = NULL;
    quell_schedule *none = NULL;
    quell_sampler *sampler = NULL;
    how.output = NULL;
    CHECK(quell_denoiser_from_function(&function, 2, no_answer, NULL, &how) == QUELL_BAD_ARGUMENT,
          "output NULL");
    CHECK(strstr(quell_error_message(), "output is NULL"), "%s", quell_error_message());
    CHECK(quell_schedule_create(&none, NULL) == QUELL_BAD_ARGUMENT, "no spec");
    CHECK(strstr(quell_error_message(), "its spec is NULL"), "%s", quell_error_message());
    begin("vp");
    CHECK(quell_sampler_create(&sampler, "ddim", denoiser, NULL, NULL) == QUELL_BAD_ARGUMENT,
          "no schedule");
    CHECK(strstr(quell_error_message(), "the schedule is NULL"), "%s", quell_error_message());
    end();
    CHECK(quell_schedule_create(&none, "vp:alpha_min=1") == QUELL_BAD_ARGUMENT, "alpha_min");
    CHECK(strstr(quell_error_message(), "from 1e-30 to 0.999999999"), "%s", quell_error_message());
}

TEST(ignored, two_weights)
{
    const double times[] = {0, 1}, weights[] = {1, 2};
    quell_guidance guidance = quell_guidance_defaults();
    quell_denoiser *guide = NULL, *guided = NULL;
    begin("vp");
    MUST(quell_denoiser_from_isotropic(&guide, DIM, NULL, 2));
    guidance.points = 2, guidance.times = times, guidance.weights = weights, guidance.weight = 3;
    CHECK(quell_denoiser_from_guidance(&guided, denoiser, guide, &guidance) == QUELL_BAD_ARGUMENT,
          "a weight and weights");
    CHECK(strstr(quell_error_message(), "weight is 3 and weights are given, too"), "%s",
          quell_error_message());
    guidance.weight = 2;
    MUST(quell_denoiser_from_guidance(&guided, denoiser, guide, &guidance));
    quell_denoiser_free(guided);
    quell_denoiser_free(guide);
    end();
}
