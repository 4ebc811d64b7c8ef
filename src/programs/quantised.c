/* SPDX-License-Identifier: MIT */
#include "programs/quantised.h"
#include "base/half.h"

#include <math.h>
#include <string.h>

static bool is_constant(const struct quell_inference *at, size_t operand)
{
    return at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS;
}

static quell_status check_row(const struct quell_inference *at, size_t operand, size_t out)
{
    const struct quell_shape *shape = quell_operand(at, operand);
    if (shape->rank == 1 && shape->size[0] == out) return QUELL_OK;
    return quell_refuse_operand(at, operand, "must be [%zu]", out);
}

quell_status quell_quantised_infer(const struct quell_inference *at, size_t out, size_t k)
{
    if (is_constant(at, 0))
        return quell_refuse_operand(at, 0, "depends on no input: work the result out before");
    for (size_t i = 1; i < at->of->operands; i++) {
        if (!is_constant(at, i))
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

size_t quell_quantised_floats(size_t out, size_t groups)
{
    return (out + QUELL_PANEL - 1) / QUELL_PANEL * quell_byte_panel(groups);
}

void quell_quantised_end(const struct quell_program *program, const struct quell_instruction *now,
                         size_t groups, float *panels)
{
    const float *scale = program->value[program->value[now->operand[2]].root].data, *bias = NULL;
    size_t out = quell_elements(&program->value[now->operand[2]].shape);
    if (now->operands > 3) bias = program->value[program->value[now->operand[3]].root].data;
    for (size_t o = 0; o < out; o++) {
        float *end = panels + o / QUELL_PANEL * quell_byte_panel(groups) + groups * QUELL_PANEL +
                     o % QUELL_PANEL;
        int32_t sum = 0;
        for (size_t p = 0; p < groups * QUELL_GROUP; p++)
            sum += *quell_byte_of(panels, groups, o, p / QUELL_GROUP, p % QUELL_GROUP);
        memcpy(end, &sum, sizeof sum);
        end[QUELL_PANEL] = scale[o];
        end[2 * QUELL_PANEL] = bias ? bias[o] : 0;
    }
}

bool quell_not_panels(const struct quell_program *program, const struct quell_instruction *now)
{
    (void)program;
    (void)now;
    return false;
}
