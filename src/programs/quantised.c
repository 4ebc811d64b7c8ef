/* SPDX-License-Identifier: MIT */
#include "programs/quantised.h"
#include "base/half.h"

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
    if (k <= QUELL_MOST_BYTES) return QUELL_OK;
    return quell_refuse(at, "a sum has %zu products, %zu at most", k, QUELL_MOST_BYTES);
}

quell_status quell_quantised_check(const struct quell_program *program,
                                   const struct quell_instruction *now)
{
    const struct quell_value *w = &program->value[program->value[now->operand[1]].root];
    size_t count = quell_elements(&w->shape);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(w->data[i]) <= 127) || w->data[i] != truncf(w->data[i]))
            return quell_program_bad(program,
                                     "instruction %zu (%s): element %zu of its weights is %g, must "
                                     "be a whole number from -127 to 127",
                                     (size_t)(now - program->instruction), now->kind->name, i,
                                     (double)w->data[i]);
    return QUELL_OK;
}

/* Below this, all elements are taken for zeros, so that 127 / m is finite. */
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
    struct quell_step step = quell_step_of(bytes->greatest(count, x));
    if (step.inverse != 0)
        bytes->quantise(count, x, step.inverse, to);
    else
        bytes->zeros(quell_round_up(count, QUELL_GROUP), to);
    return step.step;
}

size_t quell_quantised_channels(const struct quell_shape *w)
{
    return quell_round_up(w->size[1], QUELL_GROUP);
}

size_t quell_quantised_groups(const struct quell_shape *w)
{
    return quell_elements_of(w, 2, w->rank) * (quell_quantised_channels(w) / QUELL_GROUP);
}

size_t quell_quantised_floats(const struct quell_program *program,
                              const struct quell_instruction *now)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    size_t panels = (w->size[0] + QUELL_PANEL - 1) / QUELL_PANEL;
    return panels * quell_byte_panel(quell_quantised_groups(w));
}

/* The weight of column o, in group g, number i. */
static signed char *byte_of(float *panels, size_t groups, size_t o, size_t g, size_t i)
{
    float *panel = panels + o / QUELL_PANEL * quell_byte_panel(groups);
    return (signed char *)panel + (g * QUELL_PANEL + o % QUELL_PANEL) * QUELL_GROUP + i;
}

/* Where element i of w lies. */
static signed char *byte_at(const struct quell_shape *w, float *panels, size_t i)
{
    size_t taps = quell_elements_of(w, 2, w->rank), c = i / taps % w->size[1], t = i % taps;
    size_t group = t * (quell_quantised_channels(w) / QUELL_GROUP) + c / QUELL_GROUP;
    return byte_of(panels, quell_quantised_groups(w), i / taps / w->size[1], group,
                   c % QUELL_GROUP);
}

/* Writes the ends of the panels: for each column the sum of its weights, its scale and its bias. */
static void pack_ends(const struct quell_program *program, const struct quell_instruction *now,
                      float *panels)
{
    const float *scale = program->value[program->value[now->operand[2]].root].data, *bias = NULL;
    const struct quell_shape *w = quell_weights_of(program, now);
    size_t groups = quell_quantised_groups(w);
    if (now->operands > 3) bias = program->value[program->value[now->operand[3]].root].data;
    for (size_t o = 0; o < w->size[0]; o++) {
        float *end = panels + o / QUELL_PANEL * quell_byte_panel(groups) + groups * QUELL_PANEL +
                     o % QUELL_PANEL;
        int32_t sum = 0;
        for (size_t p = 0; p < groups * QUELL_GROUP; p++)
            sum += *byte_of(panels, groups, o, p / QUELL_GROUP, p % QUELL_GROUP);
        memcpy(end, &sum, sizeof sum);
        end[QUELL_PANEL] = scale[o];
        end[2 * QUELL_PANEL] = bias ? bias[o] : 0;
    }
}

void quell_quantised_pack(const struct quell_program *program, const struct quell_instruction *now,
                          const float *from, float *to)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    for (size_t i = 0; i < quell_elements(w); i++) *byte_at(w, to, i) = (signed char)from[i];
    pack_ends(program, now, to);
}

void quell_quantised_unpack(const struct quell_program *program,
                            const struct quell_instruction *now, size_t from, size_t count,
                            float *to)
{
    const struct quell_shape *w = quell_weights_of(program, now);
    for (size_t i = 0; i < count; i++) to[i] = *byte_at(w, now->packed, from + i);
}

bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now)
{
    (void)program;
    (void)now;
    return false;
}
