/* SPDX-License-Identifier: MIT */
/* The table of options (src/base/options.inc) and the library: its defaults are those of the
 * table, the ends of a range are taken, and a value beyond is refused by a message that names the
 * option. */
#include "harness.h"
#include "models.h"

#include <quell/quell.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum kind { WHOLE, NUMBER, FLAG, TEXT, POINTER };

struct row {
    const char *owner, *member;
    enum kind kind;
    size_t offset, size;
    double value, low, high;
    const char *text;
};

#define ROW(owner, member, ...)                                       \
    {#owner, #member, __VA_ARGS__, .offset = offsetof(owner, member), \
     .size = sizeof((owner){0}.member)}
#define WHOLE(owner, member, value_, low_, high_) \
    ROW(owner, member, WHOLE, .value = value_, .low = low_, .high = (double)high_),
#define NUMBER(owner, member, value_, low_, high_) \
    ROW(owner, member, NUMBER, .value = value_, .low = low_, .high = high_),
#define FLAG(owner, member, value_) ROW(owner, member, FLAG, .value = value_, .low = 0, .high = 1),
#define TEXT(owner, member, text_) ROW(owner, member, TEXT, .text = text_),
#define VALUES(owner, member) ROW(owner, member, POINTER, .text = NULL),
#define FUNCTION(owner, member) ROW(owner, member, POINTER, .text = NULL),

#define ROWS (sizeof rows / sizeof *rows)
static const struct row rows[] = {
#include "base/options.inc"
};

/* All structs of options. Each row of the table belongs to one of them. */
struct all {
    quell_sampler_options sampler;
    quell_draw draw;
    quell_run run;
    quell_function_options function;
    quell_guidance guidance;
};

static struct all defaults(void)
{
    return (struct all){quell_sampler_defaults(), quell_draw_defaults(), quell_run_defaults(),
                        quell_function_defaults(), quell_guidance_defaults()};
}

/* Returns a pointer to the member that a row describes. */
static void *member_of(struct all *all, const struct row *row)
{
    void *structs[] = {&all->sampler, &all->draw, &all->run, &all->function, &all->guidance};
    static const char *const names[] = {"quell_sampler_options", "quell_draw", "quell_run",
                                        "quell_function_options", "quell_guidance"};
    size_t i = 0;
    while (strcmp(names[i], row->owner)) i++;
    return (char *)structs[i] + row->offset;
}

static double number_at(const struct row *row, const void *member)
{
    double number;
    uint64_t whole;
    int flag;
    if (row->kind == NUMBER) return memcpy(&number, member, sizeof number), number;
    if (row->kind == FLAG) return memcpy(&flag, member, sizeof flag), flag;
    return memcpy(&whole, member, sizeof whole), (double)whole;
}

static void put(const struct row *row, void *member, double value)
{
    uint64_t whole = row->kind == WHOLE ? (uint64_t)value : 0;
    int flag = row->kind == FLAG ? (int)value : 0;
    if (row->kind == NUMBER) memcpy(member, &value, sizeof value);
    if (row->kind == FLAG) memcpy(member, &flag, sizeof flag);
    if (row->kind == WHOLE) memcpy(member, &whole, sizeof whole);
}

TEST(option_table, defaults)
{
    struct all all = defaults();
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        const void *member = member_of(&all, row);
        const char *text = NULL;
        if (row->kind < TEXT) {
            CHECK(row->size == (row->kind == FLAG ? sizeof(int) : 8) &&
                      number_at(row, member) == row->value,
                  "%s.%s", row->owner, row->member);
            continue;
        }
        memcpy(&text, member, sizeof text);
        CHECK(text == row->text || (text && row->text && !strcmp(text, row->text)), "%s.%s",
              row->owner, row->member);
    }
}

static int copy(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user;
    memcpy(output, input, call->rows * call->dim * sizeof *output);
    return 0;
}

/* Passes all structs to the library. */
static quell_status try_all(const struct all *all)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL, *plain = NULL, *guide = NULL, *guided = NULL;
    quell_sampler *sampler = NULL;
    float x[2];
    MUST(quell_denoiser_from_isotropic(&plain, 2, NULL, 1));
    MUST(quell_denoiser_from_isotropic(&guide, 2, NULL, 2));
    quell_status status = quell_denoiser_from_function(&denoiser, 2, copy, NULL, &all->function);
    if (!status) status = quell_denoiser_from_guidance(&guided, plain, guide, &all->guidance);
    if (!status) status = quell_sampler_create(&sampler, "ddpm", guided, schedule, &all->sampler);
    if (!status) status = quell_sample(sampler, &all->draw, &all->run, x);
    quell_sampler_free(sampler);
    quell_denoiser_free(guided);
    quell_denoiser_free(guide);
    quell_denoiser_free(plain);
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
    return status;
}

/* Sets one option, and the others that it needs in order to have an effect. */
static quell_status try_with(const struct row *row, double value)
{
    struct all all = defaults();
    double some[] = {0.25, 0.5};
    if (!strcmp(row->member, "threshold_max")) all.sampler.threshold = 0.5;
    if (!strcmp(row->member, "points")) all.guidance.times = all.guidance.weights = some;
    put(row, member_of(&all, row), value);
    return try_all(&all);
}

static void refused(const struct row *row, double value)
{
    CHECK(try_with(row, value) == QUELL_BAD_ARGUMENT, "%s.%s = %g is taken", row->owner,
          row->member, value);
    CHECK(strstr(quell_error_message(), row->member), "%s.%s = %g: %s", row->owner, row->member,
          value, quell_error_message());
}

/* An end of a range; but no run goes from the time 0 to 0, or from 1 to 1, and none evaluates at
 * 0. Samples that become infinite, by a weight of a million, say that it was taken. */
static void taken(const struct row *row, double value)
{
    bool nowhere = (!strcmp(row->member, "start") && value == 0) ||
                   (!strcmp(row->member, "stop") && value == 1) ||
                   (!strcmp(row->member, "high") && value == 0);
    if (row->kind == WHOLE || isinf(value) || nowhere) return;
    quell_status status = try_with(row, value);
    CHECK(!status || status == QUELL_NOT_FINITE, "%s.%s = %g: %s", row->owner, row->member, value,
          quell_error_message());
}

TEST(option_table, ranges)
{
    struct all all = defaults();
    MUST(try_all(&all));
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        if (row->kind > FLAG) continue;
        double least = row->kind == NUMBER ? 1e-9 : 1;
        if (row->high < 1e18) refused(row, row->high + least);
        if (row->low > 0 || (row->kind != WHOLE && row->low > -INFINITY))
            refused(row, row->low - least);
        taken(row, row->low);
        taken(row, row->high);
    }
}

/* All members of quell_sampler_options that are given by their names stand beside a sampler's, and
 * not in its spec. */
TEST(option_table, beside_a_sampler)
{
    quell_schedule *schedule = must_schedule("vp");
    quell_denoiser *denoiser = NULL;
    quell_sampler *sampler = NULL;
    char spec[80], says[120];
    MUST(quell_denoiser_from_isotropic(&denoiser, 2, NULL, 1));
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].owner, "quell_sampler_options")) continue;
        if (!strcmp(rows[i].member, "prior_dim")) continue;
        snprintf(spec, sizeof spec, "ddim:%s=1", rows[i].member);
        snprintf(says, sizeof says, "'%s' is no part of a sampler's name", rows[i].member);
        CHECK(quell_sampler_create(&sampler, spec, denoiser, schedule, NULL) ==
                      QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), says),
              "%s: %s", spec, quell_error_message());
    }
    quell_denoiser_free(denoiser);
    quell_schedule_free(schedule);
}
