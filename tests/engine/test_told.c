/* SPDX-License-Identifier: MIT */
/* Classes, conditions, negative classes and conditions, seeds and indices, for all samples or for
 * each, in random combinations. A sample has the bits that it has alone, in whatever tile, thread
 * or part of the run it is, with guidance by the denoiser itself and by another one. */
#include "effort.h"
#include "harness.h"
#include "models.h"
#include "names.h"
#include "base/draw_rows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 3, MOST = 23, CLASSES = 4 };

static const float none[] = {0.5f, -0.25f};
static const quell_condition takes[] = {{"a", none, 0, 2}, {"b", NULL, 0, 1}};

/* A function of everything that a row is told, in exact arithmetic. */
static int tell(void *user, const quell_call *call, const float *input, float *output)
{
    const size_t *conditions = user;
    for (size_t r = 0; r < call->rows; r++) {
        uint64_t index = call->indices ? call->indices[r] : call->first + r;
        float sum = (float)(index % 11);
        if (call->condition_count != *conditions) return -1;
        if (call->seeds) sum += (float)(call->seeds[r] % 5);
        if (call->classes) sum += 4 * (float)call->classes[r];
        for (size_t k = 0; k < *conditions; k++) {
            const quell_condition *one = &call->conditions[k];
            for (size_t e = 0; e < one->size; e++)
                sum += one->values[(one->count ? r : 0) * one->size + e] * (float)(k + 1);
        }
        for (size_t e = 0; e < DIM; e++) output[r * DIM + e] = input[r * DIM + e] / 2 + sum;
    }
    return 0;
}

static quell_denoiser *function_of(const size_t *conditions, size_t classes)
{
    quell_denoiser *denoiser = NULL;
    quell_function_options how = quell_function_defaults();
    how.reproducible = 1, how.classes = classes;
    how.conditions = *conditions ? takes + 2 - *conditions : NULL;
    how.condition_count = *conditions;
    MUST(quell_denoiser_from_function(&denoiser, DIM, tell, (void *)(uintptr_t)conditions, &how));
    return denoiser;
}

/* 0: as it is; 1: guided by itself; 2: by another that takes one of the conditions and no classes;
 * 3: by itself, and that by another. */
static quell_denoiser *denoiser_of(int kind)
{
    static const size_t both = 2, last = 1;
    quell_guidance how = quell_guidance_defaults();
    quell_denoiser *plain = function_of(&both, CLASSES), *guide = function_of(&last, 0);
    how.weight = 1.5;
    for (int step = 1; step <= 2; step++) {
        quell_denoiser *guided = NULL;
        if (!(kind & step)) continue;
        MUST(quell_denoiser_from_guidance(&guided, plain, step == 2 ? guide : NULL, &how));
        quell_denoiser_free(plain);
        plain = guided;
    }
    quell_denoiser_free(guide);
    return plain;
}

/* What a draw may give. */
struct given {
    int32_t classes[MOST], negative[MOST];
    uint64_t seeds[MOST], indices[MOST];
    float a[2][2 * MOST], b[2][MOST];
    quell_condition conditions[2][2];
};

static size_t upto(uint64_t *state, size_t most) { return (size_t)(uniform(state) * (double)most); }

static void fill(struct given *given, uint64_t *state)
{
    for (size_t i = 0; i < MOST; i++) {
        given->classes[i] = (int32_t)upto(state, CLASSES + 1) - 1;
        given->negative[i] = (int32_t)upto(state, CLASSES + 1) - 1;
        given->seeds[i] = upto(state, 4) ? upto(state, 3) : UINT64_MAX - upto(state, 9);
        given->indices[i] = upto(state, 4) ? upto(state, 3) : UINT64_MAX - 1 - upto(state, 9);
        for (size_t k = 0; k < 2; k++) {
            given->a[k][2 * i] = (float)upto(state, 8), given->a[k][2 * i + 1] = (float)i;
            given->b[k][i] = (float)upto(state, 8);
        }
    }
}

/* For all samples, or for each. */
static quell_condition condition(const quell_condition *of, const float *values, size_t count,
                                 uint64_t *state)
{
    return (quell_condition){of->name, values, upto(state, 2) ? count : 0, of->size};
}

static quell_draw draw_of(struct given *given, bool guides, uint64_t *state)
{
    quell_draw draw = quell_draw_defaults();
    fill(given, state);
    draw.count = 1 + upto(state, MOST);
    if (upto(state, 2)) draw.classes = given->classes;
    if (upto(state, 2)) draw.seeds = given->seeds;
    if (upto(state, 2)) draw.indices = given->indices;
    if (!draw.seeds) draw.seed = upto(state, 100);
    if (!draw.indices) draw.first = upto(state, 100);
    for (size_t k = 0; k < 2; k++) {
        given->conditions[k][0] = condition(&takes[0], given->a[k], draw.count, state);
        given->conditions[k][1] = condition(&takes[1], given->b[k], draw.count, state);
    }
    draw.conditions = given->conditions[0], draw.condition_count = 2;
    if (!guides) return draw;
    if (upto(state, 2)) draw.negative_classes = given->negative;
    draw.negative_condition_count = 1 + upto(state, 2); /* "b" has no none */
    draw.negative_conditions = given->conditions[1] + 2 - draw.negative_condition_count;
    return draw;
}

/* Draws sample i alone, cut out by hand. */
static void draw_alone(const quell_sampler *sampler, const quell_draw *all, size_t i, float *x)
{
    quell_draw alone = *all;
    quell_condition conditions[2][2];
    alone.count = 1, alone.part = 1;
    if (all->seeds) alone.seeds = &all->seeds[i];
    if (all->indices) alone.indices = &all->indices[i];
    if (!all->seeds && !all->indices) alone.first = all->first + i;
    if (all->classes) alone.classes = &all->classes[i];
    if (all->negative_classes) alone.negative_classes = &all->negative_classes[i];
    for (size_t k = 0; k < all->condition_count + all->negative_condition_count; k++) {
        bool negative = k >= all->condition_count;
        size_t at = negative ? k - all->condition_count : k;
        quell_condition one = (negative ? all->negative_conditions : all->conditions)[at];
        if (one.count) one.values += i * one.size, one.count = 1;
        conditions[negative][at] = one;
    }
    alone.conditions = conditions[0];
    if (alone.negative_condition_count) alone.negative_conditions = conditions[1];
    MUST(quell_sample(sampler, &alone, NULL, x));
}

static void same(const quell_draw *draw, const float *x, const float *alone, size_t turn,
                 const char *way)
{
    for (size_t i = 0; i < draw->count * DIM; i++)
        CHECK(x[i] == alone[i], "draw %zu, %s: sample %zu of %zu: %g, alone %g", turn, way, i / DIM,
              draw->count, (double)x[i], (double)alone[i]);
}

/* Whether guidance is away from what all samples have. */
static bool in_vain(const quell_draw *draw)
{
    for (size_t i = 0; i < draw->count; i++) {
        int32_t has = draw->classes ? draw->classes[i] : -1;
        if (has != (draw->negative_classes ? draw->negative_classes[i] : -1)) return false;
    }
    for (size_t k = 0; k < 2; k++) {
        const quell_condition *own = &draw->conditions[k];
        size_t at = 2 - draw->negative_condition_count;
        for (size_t i = 0; i < draw->count; i++) {
            const float *has = own->values + (own->count ? i * own->size : 0), *away = none;
            if (k >= at) {
                const quell_condition *negative = &draw->negative_conditions[k - at];
                away = negative->values + (negative->count ? i * negative->size : 0);
            }
            if (memcmp(has, away, own->size * sizeof(float)) != 0) return false;
        }
    }
    return true;
}

static void hold(const quell_sampler *sampler, const quell_draw *draw, bool guides, size_t turn,
                 uint64_t *state)
{
    float x[MOST * DIM], alone[MOST * DIM];
    struct quell_draw_rows piece;
    quell_run run = quell_run_defaults();
    run.threads = 1 + upto(state, 3), run.tile = upto(state, 9);
    if (guides && in_vain(draw)) {
        CHECK(quell_sample(sampler, draw, &run, x) == QUELL_BAD_ARGUMENT, "draw %zu", turn);
        return;
    }
    for (size_t i = 0; i < draw->count; i++) draw_alone(sampler, draw, i, alone + i * DIM);
    MUST(quell_sample(sampler, draw, &run, x));
    same(draw, x, alone, turn, "whole");
    for (size_t done = 0, rows; done < draw->count; done += rows) {
        rows = 1 + upto(state, draw->count - done);
        run.tile = upto(state, 5);
        quell_draw_rows(&piece, draw, done, rows);
        MUST(quell_sample(sampler, &piece.draw, &run, x + done * DIM));
    }
    same(draw, x, alone, turn, "in parts");
}

TEST(told, random_draws)
{
    static struct given given;
    uint64_t state = 12345;
    size_t turns = by_effort(10, 30, 10000);
    quell_schedule *schedule = must_schedule("rectified");
    for (int kind = 0; kind < 4; kind++) {
        quell_denoiser *denoiser = denoiser_of(kind);
        quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 2);
        for (size_t turn = 0; turn < turns; turn++) {
            quell_draw draw = draw_of(&given, kind & 1, &state);
            hold(sampler, &draw, kind & 1, turn, &state);
        }
        quell_sampler_free(sampler);
        quell_denoiser_free(denoiser);
    }
    quell_schedule_free(schedule);
}

static void refused(quell_status status, const char *says)
{
    CHECK(status == QUELL_BAD_ARGUMENT && !strcmp(quell_error_message(), says), "%d, %s", status,
          quell_error_message());
}

/* Draws two samples of class 1 and of a condition, away from those of other arrays. differs: 1
 * where the second sample's class does, 2 where its condition does, else 0. */
static quell_status away_from_itself(const quell_sampler *sampler, int differs, int part)
{
    const int32_t classes[2] = {1, 1}, negative[2] = {1, differs == 1 ? 2 : 1};
    const float a[4] = {1, 2, 3, 4}, b[2] = {5, 6}, others[2] = {5, differs == 2 ? 7 : 6};
    const float copy[4] = {1, 2, 3, 4};
    const quell_condition has[2] = {{"a", a, 2, 2}, {"b", b, 2, 1}};
    const quell_condition away[2] = {{"b", others, 2, 1}, {"a", copy, 2, 2}};
    float x[2 * DIM];
    quell_draw draw = quell_draw_defaults();
    draw.count = 2, draw.part = part;
    draw.classes = classes, draw.negative_classes = negative;
    draw.conditions = has, draw.condition_count = 2;
    draw.negative_conditions = away, draw.negative_condition_count = 2;
    return quell_sample(sampler, &draw, NULL, x);
}

/* Guidance away from equal values has no effect whether these are in the same array or in another
 * one, and is refused, but not in a draw that is a part. */
TEST(told, equal_values)
{
    quell_schedule *schedule = must_schedule("rectified");
    quell_denoiser *denoiser = denoiser_of(1);
    quell_sampler *sampler = must_sampler("ddpm", denoiser, schedule, 2);
    refused(away_from_itself(sampler, 0, 0),
            "run: guidance has no effect: it is away from the classes and the conditions that the "
            "samples have; leave the negative ones out, or give others");
    MUST(away_from_itself(sampler, 0, 1));
    MUST(away_from_itself(sampler, 1, 0));
    MUST(away_from_itself(sampler, 2, 0));
    refused(away_from_itself(sampler, 1, 2), "run: part is 2, must be 0 or 1");
    quell_sampler_free(sampler);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}

/* Samples that have no class, of which each says so. */
TEST(told, no_class_at_all)
{
    static const size_t no_conditions = 0;
    const int32_t none_at_all[3] = {-1, -1, -1}, one[3] = {-1, -1, 2};
    float x[3 * DIM];
    quell_denoiser *plain = function_of(&no_conditions, CLASSES), *guided = NULL;
    MUST(quell_denoiser_from_guidance(&guided, plain, NULL, NULL));
    quell_schedule *schedule = must_schedule("rectified");
    quell_sampler *sampler = must_sampler("ddpm", guided, schedule, 2);
    quell_draw draw = quell_draw_defaults();
    draw.count = 3, draw.classes = none_at_all;
    refused(quell_sample(sampler, &draw, NULL, x),
            "run: guidance has no effect: it is away from no class, which is what the samples "
            "have; give one of them a class, or leave guidance out");
    draw.part = 1;
    MUST(quell_sample(sampler, &draw, NULL, x));
    draw.part = 0, draw.classes = one;
    MUST(quell_sample(sampler, &draw, NULL, x));
    quell_sampler_free(sampler);
    quell_denoiser_free(guided);
    quell_denoiser_free(plain);
    quell_schedule_free(schedule);
}
