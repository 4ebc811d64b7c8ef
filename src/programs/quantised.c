/* SPDX-License-Identifier: MIT */
#include "programs/quantised.h"
#include "base/half.h"

#include <float.h>
#include <math.h>
#include <string.h>

static quell_status check_row(const struct quell_inference *at, size_t operand, size_t out)
{
    const struct quell_shape *shape = quell_operand(at, operand);
    if (shape->rank == 1 && shape->size[0] == out) return QUELL_OK;
    return quell_refuse_operand(at, operand, "must be [%zu]", out);
}

quell_status quell_quantised_infer(const struct quell_inference *at, size_t out, size_t k)
{
    if (quell_is_constant(at, 0))
        return quell_refuse_operand(at, 0, "depends on no input: work the result out before");
    for (size_t i = 1; i < at->of->operands; i++) {
        if (!quell_is_constant(at, i))
            return quell_refuse_operand(at, i, "depends on an input, must be a constant");
        quell_status status = i > 1 ? check_row(at, i, out) : QUELL_OK;
        if (status) return status;
    }
    if (k <= QUELL_MOST_BYTES || !at->of->kind->form->scaled) return QUELL_OK;
    return quell_refuse(at, "a sum has %zu products, %zu at most", k, QUELL_MOST_BYTES);
}

const struct quell_short quell_short_bytes = {.group = QUELL_GROUP,
                                              .widest = 2,
                                              .bias = 3,
                                              .scaled = true,
                                              .kernels = quell_byte_kernels_for};
const struct quell_short quell_short_halves = {
    .group = QUELL_HALVES, .widest = 4, .bias = 2, .kernels = quell_half_kernels_for};

/* Rounds to bfloat16, in the way of the kernels. */
static uint16_t to_half(float value)
{
    return fabsf(value) < 0x1p-56f ? 0 : quell_to_bfloat(value);
}

static quell_status check_halves(const struct quell_program *program,
                                 const struct quell_instruction *now)
{
    const struct quell_value *w = &program->value[program->value[now->operand[1]].root];
    size_t count = quell_elements(&w->shape);
    for (size_t i = 0; i < count; i++)
        if (fabsf(quell_from_bfloat(quell_to_bfloat(w->data[i]))) > FLT_MAX)
            return quell_program_bad(program,
                                     "instruction %zu (%s): element %zu of its weights is %g, "
                                     "which is beyond bfloat16",
                                     (size_t)(now - program->instruction), now->kind->name, i,
                                     (double)w->data[i]);
    return QUELL_OK;
}

quell_status quell_short_check(const struct quell_program *program,
                               const struct quell_instruction *now)
{
    const struct quell_value *w = &program->value[program->value[now->operand[1]].root];
    size_t count = quell_elements(&w->shape);
    if (!now->kind->form->scaled) return check_halves(program, now);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(w->data[i]) <= 127) || w->data[i] != truncf(w->data[i]))
            return quell_program_bad(program,
                                     "instruction %zu (%s): element %zu of its weights is %g, must "
                                     "be a whole number from -127 to 127",
                                     (size_t)(now - program->instruction), now->kind->name, i,
                                     (double)w->data[i]);
    return QUELL_OK;
}

/* If the greatest element is below this, all elements count as zeros, so that 127 / m is finite. */
#define LEAST 0x1p-100f

struct quell_step quell_step_of(uint32_t greatest)
{
    float m = quell_from_bits(greatest);
    if (!(m <= 0x1.fffffep127f)) return (struct quell_step){0, NAN};
    if (m < LEAST) return (struct quell_step){0, 0};
    return (struct quell_step){127 / m, m / 127};
}

float quell_quantise_row(const struct quell_byte_kernels *bytes, size_t count, const float *x,
                         void *to)
{
    if (!bytes->greatest) {
        bytes->quantise(count, x, 1, to);
        return 1;
    }
    struct quell_step step = quell_step_of(bytes->greatest(count, x));
    if (step.inverse != 0)
        bytes->quantise(count, x, step.inverse, to);
    else
        bytes->zeros(quell_round_up(count, QUELL_GROUP), to);
    return step.step;
}

size_t quell_short_channels(const struct quell_short *form, const struct quell_shape *w)
{
    return quell_round_up(w->size[1], form->group);
}

size_t quell_short_groups(const struct quell_instruction *now, const struct quell_shape *w)
{
    const struct quell_short *form = now->kind->form;
    return quell_elements_of(w, 2, w->rank) * (quell_short_channels(form, w) / form->group);
}

size_t quell_short_floats(const struct quell_program *program, const struct quell_instruction *now)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    size_t panels = (w->size[0] + QUELL_PANEL - 1) / QUELL_PANEL;
    return panels * quell_byte_panel(quell_short_groups(now, w));
}

/* Returns the weights of column o in group g. */
static signed char *group_of(float *panels, size_t groups, size_t o, size_t g)
{
    panels += o / QUELL_PANEL * quell_byte_panel(groups) + g * QUELL_PANEL + o % QUELL_PANEL;
    return (signed char *)panels;
}

/* Finds element i of w: returns its group, and sets *number to its index there. */
static signed char *group_at(const struct quell_instruction *now, const struct quell_shape *w,
                             float *panels, size_t i, size_t *number)
{
    const struct quell_short *form = now->kind->form;
    size_t taps = quell_elements_of(w, 2, w->rank), c = i / taps % w->size[1], t = i % taps;
    size_t group = t * (quell_short_channels(form, w) / form->group) + c / form->group;
    *number = c % form->group;
    return group_of(panels, quell_short_groups(now, w), i / taps / w->size[1], group);
}

/* Writes the ends of the panels: for each column the sum of its weights, its scale and its bias. */
static void pack_ends(const struct quell_program *program, const struct quell_instruction *now,
                      float *panels)
{
    const struct quell_short *form = now->kind->form;
    const float *scale = NULL, *bias = NULL;
    const struct quell_shape *w = quell_weights_of(program, now);
    size_t groups = quell_short_groups(now, w);
    if (form->scaled) scale = program->value[program->value[now->operand[2]].root].data;
    if (now->operands > form->bias)
        bias = program->value[program->value[now->operand[form->bias]].root].data;
    for (size_t o = 0; o < w->size[0]; o++) {
        float *end = panels + o / QUELL_PANEL * quell_byte_panel(groups) + groups * QUELL_PANEL +
                     o % QUELL_PANEL;
        int32_t sum = 0;
        for (size_t p = 0; p < groups * form->group && form->scaled; p++)
            sum += group_of(panels, groups, o, p / form->group)[p % form->group];
        memcpy(end, &sum, sizeof sum);
        end[QUELL_PANEL] = scale ? scale[o] : 1;
        end[2 * QUELL_PANEL] = bias ? bias[o] : 0;
    }
}

void quell_short_pack(const struct quell_program *program, const struct quell_instruction *now,
                      const float *from, float *to)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    for (size_t i = 0, number; i < quell_elements(w); i++) {
        signed char *group = group_at(now, w, to, i, &number);
        uint16_t half = to_half(from[i]);
        if (now->kind->form->scaled)
            group[number] = (signed char)from[i];
        else
            memcpy(group + number * sizeof half, &half, sizeof half);
    }
    pack_ends(program, now, to);
}

void quell_short_unpack(const struct quell_program *program, const struct quell_instruction *now,
                        size_t from, size_t count, float *to)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    for (size_t i = 0, number; i < count; i++) {
        const signed char *group = group_at(now, w, now->packed, from + i, &number);
        uint16_t half = 0;
        if (!now->kind->form->scaled) memcpy(&half, group + number * sizeof half, sizeof half);
        to[i] = now->kind->form->scaled ? group[number] : quell_from_bfloat(half);
    }
}

bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now)
{
    (void)program;
    (void)now;
    return false;
}
