/* SPDX-License-Identifier: MIT */
/* Steps and builders of the caller's that hand over NULL, or go on though quell has said no. */
#include "harness.h"
#include "models.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { DIM = 3, COUNT = 4 };

/* What a step does in its second transition, and what it returns then. */
enum mistake {
    NO_T,
    NO_X,
    NO_OUT,
    NO_NOISE,
    NO_POINT,
    LATE_TIME,
    NINTH_SLOT,
    OVERLAPS,
    ASKS_NAN,
    FAILS,
    STOPS,
    MENDS,
    MENDS_A_STOP,
    NONE
};
struct step {
    enum mistake mistake;
    int result;
    atomic_int silent; /* calls that should have failed */
};

static quell_status make(const struct step *own, quell_transition *at, const quell_point *t,
                         float *x, float *mean)
{
    quell_point point;
    switch (own->mistake) {
    case NO_T:
        return quell_transition_denoise(at, NULL, x, mean);
    case NO_X:
        return quell_transition_denoise(at, t, NULL, mean);
    case NO_OUT:
        return quell_transition_denoise(at, t, x, quell_transition_scratch(at, 7));
    case NO_NOISE:
        return quell_transition_noise(at, 0, NULL);
    case NO_POINT:
        return quell_transition_at(at, 0.5, NULL);
    case LATE_TIME:
        return quell_transition_at(at, 2, &point);
    case NINTH_SLOT:
        return quell_transition_noise(at, 8, mean);
    case OVERLAPS:
        return quell_transition_denoise(at, t, x, x);
    case ASKS_NAN:
        return quell_transition_denoise(at, t, mean, quell_transition_scratch(at, 1));
    default:
        return quell_transition_denoise(at, t, x, mean);
    }
}

/* Halves x, or adds the output that was asked for, whether or not there is one. */
static int step(void *user, quell_transition *at, const quell_point *t, const quell_point *s,
                float *x)
{
    struct step *own = user;
    float *mean = quell_transition_scratch(at, 0);
    size_t count = quell_transition_rows(at) * quell_transition_dim(at);
    (void)s;
    for (size_t i = 0; i < count; i++) x[i] /= 2, mean[i] = 1;
    if (quell_transition_index(at) != 1 || own->mistake == NONE) return 0;
    if (own->mistake == ASKS_NAN) mean[1] = (float)NAN;
    float *out = quell_transition_scratch(at, own->mistake == ASKS_NAN);
    if (!make(own, at, t, x, mean)) atomic_fetch_add(&own->silent, 1);
    if (own->mistake < MENDS)
        for (size_t i = 0; i < count; i++) x[i] += out[i];
    return own->result;
}

/* Fails, or stops, as `user` says, without a message of its own. */
static int failing(void *user, const quell_call *call, const float *input, float *output)
{
    (void)call, (void)input, (void)output;
    const enum mistake *mistake = user;
    return *mistake == STOPS || *mistake == MENDS_A_STOP ? 3 : -1;
}

/* By one thread: of steps that fail in several, any may be the first (docs/bits.md, "Failures"). */
static quell_status drawn(struct step *own, float *x)
{
    quell_denoiser *denoiser;
    quell_sampler *sampler;
    quell_schedule *schedule = must_schedule("vp");
    quell_draw draw = quell_draw_defaults();
    quell_sampler_options options = quell_sampler_defaults();
    quell_run how = quell_run_defaults();
    draw.count = COUNT, options.steps = 3, how.threads = 1;
    MUST(quell_denoiser_from_function(&denoiser, DIM, failing, &own->mistake, NULL));
    MUST(quell_sampler_from_step(&sampler, step, own, NULL, denoiser, schedule, &options));
    quell_status status = quell_sample(sampler, &draw, &how, x);
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return status;
}

/* A mistake ends the run whether the step goes on or stops; so does a missing output that is in
 * x. */
TEST(mistakes, steps)
{
    static const char *const says[] = {
        "transition: t is NULL",
        "transition: x is NULL",
        "transition: out is NULL",
        "transition: out is NULL",
        "transition: the point is NULL",
        "schedule: t is 2, must be from 0 to 1",
        "transition: noise slots are 0 to 7",
        "transition: out overlaps x; it must be another array",
        "transition: x[0][1] is nan where the denoiser is evaluated",
        "transition: the denoiser returned -1",
        "transition: the denoiser returned 3",
    };
    float x[COUNT * DIM];
    for (enum mistake mistake = NO_T; mistake <= STOPS; mistake++)
        for (int result = 0; result < 2; result++) {
            struct step own = {.mistake = mistake, .result = result};
            char message[200];
            quell_status wanted = mistake == STOPS ? QUELL_STOPPED : QUELL_DENOISER_FAILED;
            snprintf(message, sizeof message, "run: sample 0, transition 1: %s", says[mistake]);
            quell_status found = drawn(&own, x);
            CHECK(found == wanted && !own.silent && !strcmp(quell_error_message(), message),
                  "mistake %d, returned %d: %s, %s", (int)mistake, result, quell_status_name(found),
                  quell_error_message());
        }
}

/* A denoiser that fails is the step's to handle, if it does without its output. */
TEST(mistakes, handled)
{
    float x[COUNT * DIM], expected[COUNT * DIM];
    struct step none = {.mistake = NONE};
    MUST(drawn(&none, expected));
    for (enum mistake mistake = MENDS; mistake <= MENDS_A_STOP; mistake++) {
        struct step own = {.mistake = mistake};
        MUST(drawn(&own, x));
        CHECK(!own.silent && !memcmp(x, expected, sizeof x), "mistake %d", (int)mistake);
    }
}

/* What a builder hands over as NULL. */
enum {
    POINT,
    POINT_OF_TWO,
    VARIANCE,
    T,
    S,
    PIECE,
    STEP_T,
    STEP_S,
    TERM,
    NOISE,
    NO_REASON,
    NO_STATUS
};

static int builds(void *user, quell_plan *plan, const quell_point *grid, size_t steps)
{
    quell_register_id variance;
    quell_term term = {1, QUELL_STATE};
    (void)steps;
    switch (*(int *)user) {
    case POINT:
        quell_plan_denoise(plan, QUELL_STATE, NULL);
        break;
    case POINT_OF_TWO:
        quell_plan_denoise_variance(plan, QUELL_STATE, NULL, &variance);
        break;
    case VARIANCE:
        quell_plan_denoise_variance(plan, QUELL_STATE, grid, NULL);
        break;
    case T:
        quell_plan_noise(plan, 0, NULL, grid);
        break;
    case S:
        quell_plan_noise(plan, 0, grid, NULL);
        break;
    case PIECE:
        quell_plan_noise_piece(plan, 0, grid, NULL);
        break;
    case STEP_T:
        quell_plan_step(plan, NULL, grid + 1);
        break;
    case STEP_S:
        quell_plan_step(plan, grid, NULL);
        break;
    case TERM:
        quell_plan_combine(plan, QUELL_STATE, 1, NULL, 0, NULL);
        break;
    case NOISE:
        quell_plan_combine(plan, QUELL_STATE, 1, &term, 1, NULL);
        break;
    case NO_REASON:
        quell_plan_refuse(plan, QUELL_UNSUPPORTED, NULL);
        break;
    case NO_STATUS:
        quell_plan_refuse(plan, QUELL_OK, "the moon is full");
        break;
    }
    return 0;
}

TEST(mistakes, builders)
{
    static const char *const says[] = {
        "plan: in transition 0: the point is NULL",
        "plan: in transition 0: the point is NULL",
        "plan: in transition 0: variance is NULL",
        "plan: in transition 0: the point t is NULL",
        "plan: in transition 0: the point s is NULL",
        "plan: in transition 0: the point s is NULL",
        "plan: in transition 0: the point t is NULL",
        "plan: in transition 0: the point s is NULL",
        "plan: in transition 0: term is NULL",
        "plan: in transition 0: noise is NULL",
        "plan: the builder refuses it",
        "plan: it is refused with the status QUELL_OK: the moon is full; must be that of a failure",
    };
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser;
    MUST(quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1));
    for (int mistake = POINT; mistake <= NO_STATUS; mistake++) {
        quell_sampler *sampler = NULL;
        quell_status found =
            quell_sampler_from_builder(&sampler, builds, &mistake, NULL, denoiser, schedule, NULL);
        CHECK(found == (mistake == NO_REASON ? QUELL_UNSUPPORTED : QUELL_BAD_ARGUMENT) &&
                  !sampler && !strcmp(quell_error_message(), says[mistake]),
              "mistake %d: %s, %s", mistake, quell_status_name(found), quell_error_message());
    }
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* Without a plan or a transition there is nowhere to keep an error: the calls do nothing. */
TEST(mistakes, nothing_at_all)
{
    quell_point point = {0};
    quell_term term = {1, QUELL_STATE};
    float x[1];
    quell_plan_refuse(NULL, QUELL_BAD_ARGUMENT, "x");
    quell_plan_release(NULL, quell_plan_register(NULL));
    quell_plan_denoise(NULL, QUELL_STATE, &point);
    quell_plan_combine(NULL, QUELL_STATE, 1, &term, 0, NULL);
    quell_plan_langevin(NULL, 1, 2, 1, (quell_noise_term){1, 0});
    quell_plan_spread(NULL, 1, 2, 0, 1, 0);
    quell_plan_noise(NULL, 0, &point, &point);
    quell_plan_noise_piece(NULL, 0, &point, &point);
    quell_plan_step(NULL, &point, &point);
    CHECK(quell_plan_at(NULL, 0.5).alpha > 0 && quell_plan_at_lambda(NULL, 0).alpha > 0, "at");
    CHECK(quell_transition_denoise(NULL, &point, x, x) == QUELL_BAD_ARGUMENT &&
              quell_transition_noise(NULL, 0, x) == QUELL_BAD_ARGUMENT &&
              quell_transition_at(NULL, 0.5, &point) == QUELL_BAD_ARGUMENT,
          "%s", quell_error_message());
    CHECK(!quell_transition_told(NULL) && !quell_transition_context(NULL) &&
              !quell_transition_scratch(NULL, 0) && !quell_transition_rows(NULL) &&
              !quell_transition_dim(NULL) && !quell_transition_index(NULL) &&
              !quell_transition_first(NULL),
          "of no transition");
}

static void says(quell_status status, quell_status wanted, const char *message)
{
    CHECK(status == wanted && !strcmp(quell_error_message(), message), "%s, %s, not %s",
          quell_status_name(status), quell_error_message(), message);
}

/* Of two pointers the message names the one that is NULL. */
TEST(mistakes, which_is_null)
{
    const double betas[] = {0.1, 0.2};
    const size_t shape[] = {2};
    quell_schedule *schedule = NULL;
    quell_model *model = NULL;
    quell_denoiser *denoiser = NULL;
    quell_operation operation = quell_operation_init();
    MUST(quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1));
    const quell_status bad = QUELL_BAD_ARGUMENT;
    says(quell_schedule_from_betas(&schedule, 2, NULL), bad, "schedule: betas is NULL");
    says(quell_schedule_from_betas(NULL, 2, betas), bad, "schedule: the place for it is NULL");
    says(quell_schedule_from_betas(&schedule, 1, betas), bad,
         "schedule: needs a table of 2 betas or more, and has 1");
    says(quell_model_from_denoiser(NULL, denoiser, 1, shape, NULL), bad,
         "model: the place for it is NULL");
    says(quell_model_from_denoiser(&model, NULL, 1, shape, NULL), bad,
         "model: its denoiser is NULL");
    says(quell_model_from_denoiser(&model, denoiser, 1, NULL, NULL), bad,
         "model: its shape is NULL");
    says(quell_model_load(NULL, "builtin:rings"), bad, "model: the place for it is NULL");
    says(quell_model_load(&model, NULL), bad, "model: its name is NULL");
    says(quell_model_save(NULL, "x.json"), bad, "model: it is NULL");
    says(quell_sampler_operation(NULL, 0, &operation), bad, "operation: the sampler is NULL");
    says(quell_list_find(QUELL_LIST_GRIDS, "karras", NULL), bad, "list: the place is NULL");
    says(quell_model_load(&model, "net.onnx"), QUELL_NOT_FOUND,
         "model 'net.onnx': an .onnx network is loaded by quell_model_from_onnx (quell/onnx.h), "
         "and by the command; Python writes a .safetensors network by quell.export");
    quell_denoiser_free(denoiser);
}
