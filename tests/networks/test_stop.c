/* SPDX-License-Identifier: MIT */
/* A run may be stopped within an evaluation of a network, which can take long: progress is called
 * between instructions, too. */
#include "harness.h"
#include "models.h"

#include <quell/quell.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 3 };

struct heard {
    int calls;
    uint64_t done;
};

static int stop(void *user, const quell_progress *now)
{
    struct heard *heard = user;
    heard->calls++;
    heard->done = now->done;
    return 1;
}

static void check_stop(const quell_sampler *sampler, size_t count, size_t threads,
                       const float *right)
{
    size_t dim = quell_sampler_dim(sampler);
    float *x = calloc(count * dim, sizeof *x);
    struct heard heard = {0};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.seed = 4, draw.count = count, run.threads = threads;
    MUST(quell_sample_prior(sampler, &draw, &run, x));
    run.progress = stop, run.progress_user = &heard;
    CHECK(quell_sample_from(sampler, &draw, &run, x) == QUELL_STOPPED, "%s", quell_error_message());
    CHECK(heard.calls == 1 && !heard.done, "%d calls, the last after %llu transitions", heard.calls,
          (unsigned long long)heard.done);
    run.progress = NULL, run.progress_user = NULL;
    MUST(quell_sample(sampler, &draw, &run, x));
    CHECK(!memcmp(x, right, count * dim * sizeof *x), "other samples after a stop");
    free(x);
}

TEST(stop, within_an_evaluation)
{
    quell_model *model = NULL;
    MUST(quell_model_load(&model, "builtin:glyphs"));
    quell_schedule *schedule = must_schedule(quell_model_schedule(model));
    quell_sampler *sampler = must_sampler("ddim", quell_model_denoiser(model), schedule, 2);
    float *right = calloc(COUNT * quell_sampler_dim(sampler), sizeof *right);
    quell_draw draw = quell_draw_defaults();
    draw.seed = 4, draw.count = COUNT;
    MUST(quell_sample(sampler, &draw, NULL, right));
    check_stop(sampler, COUNT, 1, right);
    check_stop(sampler, COUNT, 2, right);
    check_stop(sampler, 1, 2, right); /* two workers share each instruction */
    free(right);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
}
