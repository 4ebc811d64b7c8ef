/* SPDX-License-Identifier: MIT */
/* Builders of the caller's that refuse, fail or slip: what the message says, and where. */
#include "builders.h"
#include "harness.h"
#include "models.h"
#include "core/plan.h"

#include <math.h>
#include <string.h>

static int says_no(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    (void)grid, (void)steps;
    const char *message = user;
    if (message) quell_plan_refuse(p, QUELL_UNSUPPORTED, message);
    return message ? 0 : -1;
}

static int fails_with_a_status(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    euler(user, p, grid, steps);
    return QUELL_NO_MEMORY;
}

static int has_no_ends(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    (void)user, (void)grid, (void)steps;
    quell_plan_combine(p, QUELL_STATE, 1, &(quell_term){0.5, QUELL_STATE}, 0, NULL);
    return 0;
}

/* A builder that slips in its third transition, in the way that `user` says. */
enum slip { RELEASED, UNWRITTEN, INFINITE, SLOT, TIME, THOUSANDTHS, RETURNED, EXPLAINED };

static int slips(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    for (size_t i = 0; i < steps; i++) {
        quell_point at = grid[i];
        if (i == 2 && *(enum slip *)user == THOUSANDTHS) at.t *= 1000;
        quell_register_id mean = quell_plan_denoise(p, QUELL_STATE, &at);
        if (i == 2 && *(enum slip *)user == RELEASED) quell_plan_release(p, mean);
        if (i == 2 && *(enum slip *)user == UNWRITTEN) mean = quell_plan_register(p);
        if (i == 2 && *(enum slip *)user == SLOT) quell_plan_noise(p, 9, &grid[i], &grid[i + 1]);
        if (i == 2 && *(enum slip *)user == TIME) quell_plan_at(p, 2);
        if (i == 2 && *(enum slip *)user == EXPLAINED)
            return (int)quell_error_set(QUELL_IO_FAILED, "the table is torn");
        if (i == 2 && *(enum slip *)user == RETURNED) return -1;
        quell_term terms[] = {{0.5, QUELL_STATE}, {0.5, mean}};
        if (i == 2 && *(enum slip *)user == INFINITE) terms[0].coefficient = INFINITY;
        quell_plan_combine(p, QUELL_STATE, 2, terms, 0, NULL);
        quell_plan_release(p, mean);
        quell_plan_step(p, &grid[i], &grid[i + 1]);
    }
    return 0;
}

/* A message says in which transition the builder slipped. */
TEST(builder, slips)
{
    static const char *const says[] = {
        "plan: in transition 2: register 1 is not in use: it was released, or never taken",
        "plan: in transition 2: register 2 is read before it is written",
        "plan: in transition 2: a coefficient is inf, which is not a finite float",
        "plan: in transition 2: noise slot 9: slots are 0 to 7",
        "plan: in transition 2: schedule: t is 2, must be from 0 to 1",
        "plan: in transition 2: the point has t = 500, must be from 0 to 1: the schedule's time",
        "plan: after 2 transitions: the builder returned an error",
        "plan: after 2 transitions: the table is torn",
    };
    for (enum slip slip = RELEASED; slip <= EXPLAINED; slip++) {
        CHECK(!built(slips, &slip, 4), "made with slip %d", (int)slip);
        CHECK(!strcmp(quell_error_message(), says[slip]), "%s", quell_error_message());
    }
}

/* A builder whose second transition does not end where it must, in the way that `user` says. */
enum misstep { BACKWARDS, AGAIN, BEYOND, ANOTHER_SIGMA, NOT_A_NUMBER };

static int missteps(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    enum misstep misstep = *(enum misstep *)user;
    for (size_t i = 0; i < steps; i++) {
        quell_point t = grid[i], s = grid[i + 1];
        if (i == 1 && misstep == BACKWARDS) t = grid[i + 1], s = grid[i];
        if (i == 1 && misstep == AGAIN) t = grid[0], s = grid[1];
        if (i == 1 && misstep == BEYOND) s = grid[i + 2];
        if (i == 1 && misstep == ANOTHER_SIGMA) s.sigma = 0.375;
        if (i == 1 && misstep == NOT_A_NUMBER) t.t = (double)NAN;
        quell_plan_step(p, &t, &s);
    }
    return 0;
}

/* The observer is told the points of the grid, so that a step between others is refused. */
TEST(builder, steps_along_the_grid)
{
    static const char *const says[] = {
        "plan: in transition 1: quell_plan_step from t = 0.5 to 0.75; must be from grid[1] to "
        "grid[2], t = 0.75 to 0.5",
        "plan: in transition 1: quell_plan_step from t = 1 to 0.75; must be from grid[1] to "
        "grid[2], t = 0.75 to 0.5",
        "plan: in transition 1: quell_plan_step from t = 0.75 to 0.25; must be from grid[1] to "
        "grid[2], t = 0.75 to 0.5",
        "plan: in transition 1: quell_plan_step from t = 0.75 (alpha 0.25075, sigma 0.75025) to "
        "0.5 (alpha 0.5005, sigma 0.375); must be from grid[1] to grid[2], t = 0.75 "
        "(alpha 0.25075, sigma 0.75025) to 0.5 (alpha 0.5005, sigma 0.5005)",
        "plan: in transition 1: quell_plan_step from t = nan to 0.5; must be from grid[1] to "
        "grid[2], t = 0.75 to 0.5",
    };
    for (enum misstep misstep = BACKWARDS; misstep <= NOT_A_NUMBER; misstep++) {
        quell_sampler *sampler = built(missteps, &misstep, 4);
        CHECK(!sampler, "made with misstep %d", (int)misstep);
        CHECK(!strcmp(quell_error_message(), says[misstep]), "%s", quell_error_message());
        quell_sampler_free(sampler);
    }
}

static int goes_on(void *user, quell_plan *p, const quell_point *grid, size_t steps)
{
    for (size_t i = 0; i < steps; i++) quell_plan_step(p, &grid[i], &grid[i + 1]);
    for (int i = 0; i < *(int *)user; i++) {
        quell_term term = {3, QUELL_STATE};
        quell_plan_combine(p, QUELL_STATE, 1, &term, 0, NULL);
    }
    return 0;
}

TEST(builder, ends_with_a_step)
{
    static const char *const says[] = {"plan: 1 operation after the last quell_plan_step",
                                       "plan: 2 operations after the last quell_plan_step"};
    for (int more = 1; more <= 2; more++) {
        CHECK(!built(goes_on, &more, 4), "made with %d operations too many", more);
        CHECK(strstr(quell_error_message(), says[more - 1]) == quell_error_message(), "%s",
              quell_error_message());
    }
}

TEST(builder, refuses)
{
    char reason[] = "the moon is full";
    CHECK(!built(says_no, reason, 3), "made");
    CHECK(strstr(quell_error_message(), reason), "%s", quell_error_message());
    CHECK(!built(says_no, NULL, 3), "made");
    CHECK(strstr(quell_error_message(), "builder"), "%s", quell_error_message());
    CHECK(!built(fails_with_a_status, NULL, 3), "made by a builder that failed");
    CHECK(!built(has_no_ends, NULL, 3), "made without the ends of transitions");
    CHECK(strstr(quell_error_message(),
                 "called quell_plan_step 0 times; must call it once for each "
                 "of the 3 transitions"),
          "%s", quell_error_message());
    quell_sampler *sampler = NULL;
    CHECK(quell_sampler_from_builder(&sampler, NULL, NULL, NULL, NULL, NULL, NULL) ==
              QUELL_BAD_ARGUMENT,
          "NULL builder");
}
