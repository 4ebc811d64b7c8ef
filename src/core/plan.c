/* SPDX-License-Identifier: MIT */
/* Builds plans. An error stays in plan->status, so that builders need not check each call. */
#include "plan.h"
#include "schedule.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct quell_plan quell_plan_begin(const quell_schedule *schedule)
{
    return (struct quell_plan){.schedule = schedule,
                               .in_use = 1u << QUELL_STATE,
                               .written = 1u << QUELL_STATE,
                               .registers = 1};
}

void quell_plan_free(struct quell_plan *plan)
{
    free(plan->ops);
    free(plan->name);
    plan->ops = NULL;
    plan->name = NULL;
}

/* Returns whether a call does nothing, because of an earlier error or because the builder passes
 * NULL. */
static bool idle(const quell_plan *plan) { return !plan || plan->status; }

void quell_plan_refuse(quell_plan *plan, quell_status status, const char *message)
{
    if (idle(plan)) return;
    if (!status)
        plan->status = quell_fail(QUELL_BAD_ARGUMENT,
                                  "plan: it is refused with the status QUELL_OK"
                                  "%s%s; must be that of a failure",
                                  message ? ": " : "", message ? message : "");
    else
        plan->status = quell_fail(status, "plan: %s", message ? message : "the builder refuses it");
}

/* Refuses a request of a builder, with the transition that it is at. */
__attribute__((format(printf, 2, 3))) static void refuse(quell_plan *plan, const char *format, ...)
{
    char what[160];
    va_list list;
    if (idle(plan)) return;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    plan->status =
        quell_fail(QUELL_BAD_ARGUMENT, "plan: in transition %zu: %s", quell_plan_steps(plan), what);
}

/* Refuses a NULL pointer. */
static int there(quell_plan *plan, const void *pointer, const char *name)
{
    if (idle(plan)) return 0;
    if (!pointer) refuse(plan, "%s is NULL", name);
    return pointer != NULL;
}

/* Makes room for one more element in a list of `count`, and returns the list, which may have moved.
 * Returns NULL after an error, with the list unchanged. */
static void *grow(quell_plan *plan, void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return list;
    size_t more = *capacity ? 2 * *capacity : 16;
    void *longer = quell_new_untouched(more, size);
    if (!longer) {
        quell_plan_refuse(plan, QUELL_NO_MEMORY, "no memory for its operations");
        return NULL;
    }
    if (count) memcpy(longer, list, count * size);
    free(list);
    *capacity = more;
    return longer;
}

/* Appends a zeroed operation to the list and returns it, or NULL after an error. */
static struct quell_op *append(quell_plan *plan, enum quell_op_kind kind)
{
    if (idle(plan)) return NULL;
    void *ops = grow(plan, plan->ops, plan->count, &plan->capacity, sizeof *plan->ops);
    if (!ops) return NULL;
    plan->ops = ops;
    struct quell_op *op = &plan->ops[plan->count++];
    *op = (struct quell_op){0};
    op->kind = kind;
    return op;
}

static int in_use(quell_plan *plan, quell_register_id r)
{
    if (idle(plan)) return 0;
    if (r >= 0 && r < QUELL_MAX_REGISTERS && (plan->in_use >> r & 1)) return 1;
    refuse(plan, "register %d is not in use: it was released, or never taken", (int)r);
    return 0;
}

/* Refuses to read a register that was not written: it would hold values of an earlier tile. */
static int readable(quell_plan *plan, quell_register_id r)
{
    if (!in_use(plan, r)) return 0;
    if (plan->written >> r & 1) return 1;
    refuse(plan, "register %d is read before it is written", (int)r);
    return 0;
}

/* Adds the transition that a builder is at to the message for a point which the schedule does not
 * have. */
static void note(quell_plan *plan, quell_status status)
{
    char what[200];
    if (!status) return;
    snprintf(what, sizeof what, "%s", quell_error_message());
    plan->status = quell_fail(status, "plan: in transition %zu: %s", quell_plan_steps(plan), what);
}

quell_point quell_plan_at(quell_plan *plan, double t)
{
    quell_point point = {t, 1, 1, 0, 0};
    if (!idle(plan)) note(plan, quell_schedule_point(plan->schedule, t, &point));
    return point;
}

quell_point quell_plan_at_lambda(quell_plan *plan, double lambda)
{
    quell_point point = {0, 1, 1, 0, 0};
    if (!idle(plan)) note(plan, quell_schedule_at_lambda(plan->schedule, lambda, &point));
    return point;
}

quell_register_id quell_plan_register(quell_plan *plan)
{
    if (idle(plan)) return QUELL_STATE;
    for (quell_register_id r = 0; r < QUELL_MAX_REGISTERS; r++) {
        if (plan->in_use >> r & 1) continue;
        plan->in_use |= 1u << r;
        plan->written &= ~(1u << r);
        plan->reached[r] = (struct quell_reached){0};
        if (plan->registers <= (unsigned)r) plan->registers = (unsigned)r + 1;
        return r;
    }
    refuse(plan, "more than %d registers are in use at once; release those that are done with",
           QUELL_MAX_REGISTERS);
    return QUELL_STATE;
}

void quell_plan_release(quell_plan *plan, quell_register_id r)
{
    if (!in_use(plan, r)) return;
    if (r == QUELL_STATE)
        refuse(plan, "the state cannot be released");
    else
        plan->in_use &= ~(1u << r);
}

quell_register_id quell_plan_denoise(quell_plan *plan, quell_register_id x, const quell_point *t)
{
    if (!readable(plan, x) || !there(plan, t, "the point")) return QUELL_STATE;
    if (!(t->t >= 0 && t->t <= 1))
        refuse(plan, "the point has t = %g, must be from 0 to 1: the schedule's time", t->t);
    quell_register_id out = quell_plan_register(plan);
    struct quell_op *op = append(plan, QUELL_EVAL);
    if (!op) return QUELL_STATE;
    plan->written |= 1u << out;
    op->out = out;
    op->in[0] = x;
    op->t = *t;
    op->number = plan->evaluations++;
    return out;
}

quell_register_id quell_plan_denoise_apart(quell_plan *plan, quell_register_id x,
                                           const quell_point *t)
{
    quell_register_id out = quell_plan_denoise(plan, x, t);
    if (!idle(plan)) plan->ops[plan->count - 1].apart = true;
    return out;
}

quell_register_id quell_plan_denoise_variance(quell_plan *plan, quell_register_id x,
                                              const quell_point *t, quell_register_id *variance)
{
    if (!there(plan, variance, "variance")) return QUELL_STATE;
    quell_register_id out = quell_plan_denoise(plan, x, t);
    *variance = quell_plan_register(plan);
    if (plan->status) return QUELL_STATE;
    plan->ops[plan->count - 1].variance = *variance;
    plan->written |= 1u << *variance;
    return out;
}

/* The number of a noise for builders is its index in the list of names plus this offset, so that
 * other numbers (0, or a QUELL_STREAM) are refused. */
#define FIRST_NAME (UINT32_C(1) << 30)

static int named(quell_plan *plan, uint32_t noise)
{
    if (idle(plan)) return 0;
    if (noise >= FIRST_NAME && noise - FIRST_NAME < plan->names) return 1;
    refuse(plan, "a noise is not one of quell_plan_noise");
    return 0;
}

/* Appends coefficient[k] unless it is 0; returns 1 if it was kept. */
static int keep(quell_plan *plan, struct quell_op *op, double coefficient)
{
    float rounded = (float)coefficient;
    if (!isfinite(rounded))
        refuse(plan, "a coefficient is %g, which is not a finite float", coefficient);
    if (rounded == 0) return 0;
    op->coefficient[op->terms + op->noises] = coefficient;
    op->rounded[op->terms + op->noises] = rounded;
    return 1;
}

/* Moves the term whose source is `out`, if there is one, to the front. If its factor near 1 were
 * rounded to a float, the state would be wrong by up to 2^-25 of its size, and by the same amount
 * in each of a million equal steps. So the difference of the factor from 1 is rounded instead. */
static void lead(struct quell_op *op)
{
    unsigned k = 0;
    while (k < op->terms && op->in[k] != op->out) k++;
    if (k == op->terms) k = 0;
    quell_register_id source = op->in[k];
    double coefficient = op->coefficient[k];
    for (; k > 0; k--) {
        op->in[k] = op->in[k - 1];
        op->coefficient[k] = op->coefficient[k - 1];
        op->rounded[k] = op->rounded[k - 1];
    }
    op->update = coefficient >= 0.5 && coefficient <= 2;
    op->in[0] = source;
    op->coefficient[0] = coefficient;
    op->rounded[0] = (float)(op->update ? coefficient - 1 : coefficient);
}

void quell_plan_combine(quell_plan *plan, quell_register_id out, size_t terms,
                        const quell_term *term, size_t noises, const quell_noise_term *noise)
{
    if (!in_use(plan, out)) return;
    if (terms < 1 || terms > QUELL_MAX_TERMS || noises > QUELL_MAX_NOISES) {
        refuse(plan, "a combination has %zu terms and %zu noises; must have 1 to %d and 0 to %d",
               terms, noises, QUELL_MAX_TERMS, QUELL_MAX_NOISES);
        return;
    }
    if (!there(plan, term, "term") || (noises && !there(plan, noise, "noise"))) return;
    for (size_t k = 0; k < terms; k++)
        if (!readable(plan, term[k].source)) return;
    for (size_t j = 0; j < noises; j++)
        if (noise[j].coefficient != 0 && !named(plan, noise[j].stream)) return;
    struct quell_op *op = append(plan, QUELL_COMBINE);
    if (!op) return;
    plan->written |= 1u << out;
    op->out = out;
    for (size_t k = 0; k < terms; k++)
        if (keep(plan, op, term[k].coefficient)) op->in[op->terms++] = term[k].source;
    if (op->terms == 0) op->in[op->terms++] = term[0].source; /* 0 times this source */
    lead(op);
    for (size_t j = 0; j < noises; j++)
        if (keep(plan, op, noise[j].coefficient))
            op->stream[op->noises++] = noise[j].stream - FIRST_NAME;
}

uint32_t quell_plan_add_noise(quell_plan *plan, const struct quell_noise_name *name)
{
    if (!idle(plan) && plan->names >= FIRST_NAME) refuse(plan, "more than 2^30 noises are named");
    if (idle(plan)) return 0;
    void *list = grow(plan, plan->name, plan->names, &plan->room, sizeof *plan->name);
    if (!list) return 0;
    plan->name = list;
    plan->name[plan->names] = *name;
    return FIRST_NAME + (uint32_t)plan->names++;
}

uint32_t quell_plan_noise(quell_plan *plan, unsigned k, const quell_point *t, const quell_point *s)
{
    if (!there(plan, t, "the point t") || !there(plan, s, "the point s")) return 0;
    if (k > 7) refuse(plan, "noise slot %u: slots are 0 to 7", k);
    if (isnan(t->t) || isnan(s->t) || isnan(quell_lambda(t)) || isnan(quell_lambda(s)))
        refuse(plan, "a noise's point is not a number");
    if (plan->status) return 0;
    struct quell_noise_name name = quell_noise_between(plan->brownian, k, t, s);
    return quell_plan_add_noise(plan, &name);
}

uint32_t quell_plan_noise_piece(quell_plan *plan, unsigned piece, const quell_point *t,
                                const quell_point *s)
{
    if (!there(plan, t, "the point t") || !there(plan, s, "the point s")) return 0;
    bool joins =
        plan->brownian && piece < 8 && quell_brownian_cell_of(t) != quell_brownian_cell_of(s);
    return quell_plan_noise(plan, joins ? 0 : piece, t, s);
}

void quell_plan_step(quell_plan *plan, const quell_point *t, const quell_point *s)
{
    if (!there(plan, t, "the point t") || !there(plan, s, "the point s")) return;
    struct quell_op *op = append(plan, QUELL_STEP);
    if (!op) return;
    op->t = *t;
    op->s = *s;
}

void quell_plan_langevin(quell_plan *plan, quell_register_id x, quell_register_id eps,
                         double coefficient, quell_noise_term noise)
{
    if (!readable(plan, x) || !readable(plan, eps) || !named(plan, noise.stream)) return;
    if (x == eps || !isfinite(coefficient) || !isfinite(noise.coefficient)) {
        refuse(plan, "a Langevin step needs two registers and finite coefficients");
        return;
    }
    struct quell_op *op = append(plan, QUELL_LANGEVIN);
    if (!op) return;
    op->out = x;
    op->in[0] = eps;
    op->coefficient[0] = coefficient;
    op->coefficient[1] = noise.coefficient;
    op->stream[0] = noise.stream - FIRST_NAME;
    if (plan->cut == QUELL_ANY_PART) plan->cut = QUELL_WHOLE_SAMPLES;
}

void quell_plan_langevin_norms(quell_plan *plan, quell_register_id x, quell_register_id eps,
                               double coefficient, quell_noise_term noise)
{
    quell_plan_langevin(plan, x, eps, coefficient, noise);
    if (!plan->status) plan->ops[plan->count - 1].number = 1;
}

void quell_plan_spread(quell_plan *plan, quell_register_id x, quell_register_id v, double low,
                       double high, uint32_t stream)
{
    if (!readable(plan, x) || !readable(plan, v) || !named(plan, stream)) return;
    double middle = (low + high) / 2, half = (high - low) / 2;
    if (!isfinite((float)middle) || !isfinite((float)half)) {
        refuse(plan, "the bounds of a spread are %g and %g, must be finite", low, high);
        return;
    }
    struct quell_op *op = append(plan, QUELL_SPREAD);
    if (!op) return;
    op->out = x;
    op->in[0] = v;
    op->coefficient[0] = middle;
    op->coefficient[1] = half;
    op->stream[0] = stream - FIRST_NAME;
}

void quell_plan_adapt(quell_plan *plan, const double *option, const quell_point *t,
                      const quell_point *s)
{
    struct quell_op *op = append(plan, QUELL_ADAPT);
    if (!op) return;
    memcpy(plan->option, option, sizeof plan->option);
    op->t = *t;
    op->s = *s;
    plan->cut = QUELL_ONE_SAMPLE;
    plan->registers = QUELL_MAX_REGISTERS;
}

size_t quell_plan_steps(const struct quell_plan *plan)
{
    size_t steps = 0;
    for (size_t i = 0; i < plan->count; i++) steps += plan->ops[i].kind == QUELL_STEP;
    return steps;
}
