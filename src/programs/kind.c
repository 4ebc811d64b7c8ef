/* SPDX-License-Identifier: MIT */
/* The list of the kinds, and the checks that several kinds share. */
#include "programs/kind.h"
#include "base/fail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const struct quell_kind *const kinds[] = {
    &quell_kind_attention,
    &quell_kind_attention_bf16,
    &quell_kind_attention_int8,
    &quell_kind_concat,
    &quell_kind_conv,
    &quell_kind_conv_bf16,
    &quell_kind_conv_int8,
    &quell_kind_conv_transpose,
    &quell_kind_gather,
    &quell_kind_interpolate,
    &quell_kind_linear,
    &quell_kind_linear_bf16,
    &quell_kind_linear_int8,
    &quell_kind_map,
    &quell_kind_matmul,
    &quell_kind_move,
    &quell_kind_nearest,
    &quell_kind_norm,
    &quell_kind_pad,
    &quell_kind_pool,
    &quell_kind_reduce,
    &quell_kind_softmax,
};

const struct quell_kind *quell_kind_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i] : NULL;
}

int quell_ends(const void *execution) { return quell_is_over(execution); }

quell_status quell_refuse(const struct quell_inference *at, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return quell_program_bad(at->program, "instruction %zu (%s): %s", at->number,
                             at->of->kind->name, text);
}

/* Writes the name of an operand: "operand 1, 'w.weight'" or "operand 0, the result of instruction
 * 4". */
static void name_operand(char *text, size_t size, const struct quell_inference *at, size_t operand)
{
    const struct quell_program *program = at->program;
    size_t index = at->of->operand[operand];
    const struct quell_value *value = &program->value[index];
    if (value->name)
        snprintf(text, size, "operand %zu, '%.60s'", operand, value->name);
    else if (value->origin == QUELL_NUMBER)
        snprintf(text, size, "operand %zu, [%g]", operand, (double)value->number);
    else
        snprintf(text, size, "operand %zu, the result of instruction %zu", operand,
                 index - (program->values - program->count));
}

quell_status quell_refuse_operand(const struct quell_inference *at, size_t operand,
                                  const char *format, ...)
{
    char text[192], name[96], shape[QUELL_SHAPE_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    name_operand(name, sizeof name, at, operand);
    return quell_refuse(at, "%s %s, %s", name, quell_shape_text(shape, quell_operand(at, operand)),
                        text);
}

static quell_status refuse_number(const struct quell_inference *at, size_t attribute)
{
    return quell_refuse_operand(at, 0, "is one number, without a dimension that '%s' could name",
                                at->of->kind->attributes[attribute].name);
}

quell_status quell_check_dim(const struct quell_inference *at, size_t attribute, size_t rank)
{
    int64_t dim = quell_set(at->of, attribute);
    if (dim >= 0 && (uint64_t)dim < rank) return QUELL_OK;
    if (!rank) return refuse_number(at, attribute);
    return quell_refuse(at, "'%s' is %" PRId64 ", must be from 0 to %zu, a dimension of operand 0",
                        at->of->kind->attributes[attribute].name, dim, rank - 1);
}

quell_status quell_check_dims(const struct quell_inference *at, size_t attribute, size_t rank)
{
    struct quell_setting *set = &at->of->set[attribute];
    if (!rank && set->count) return refuse_number(at, attribute);
    for (size_t i = 0; i < set->count; i++) {
        bool fits = set->whole[i] >= 0 && (uint64_t)set->whole[i] < rank;
        if (!fits || (i && set->whole[i] <= set->whole[i - 1]))
            return quell_refuse(at,
                                "'%s' must be dimensions of operand 0, from 0 to %zu, ascending",
                                at->of->kind->attributes[attribute].name, rank - 1);
    }
    return QUELL_OK;
}

quell_status quell_list_or(const struct quell_inference *at, size_t attribute, size_t count,
                           int64_t usual, int64_t least, int64_t most)
{
    struct quell_setting *set = &at->of->set[attribute];
    const char *name = at->of->kind->attributes[attribute].name;
    if (!set->given) {
        set->count = count;
        for (size_t i = 0; i < count; i++) set->whole[i] = usual;
    }
    if (set->count != count)
        return quell_refuse(at, "'%s' has %zu numbers, must have %zu", name, set->count, count);
    for (size_t i = 0; i < count; i++)
        if (set->whole[i] < least || set->whole[i] > most)
            return quell_refuse(at, "'%s' has %" PRId64 ", must be from %" PRId64 " to %" PRId64,
                                name, set->whole[i], least, most);
    return QUELL_OK;
}

quell_status quell_shape_from(struct quell_inference *at, size_t attribute)
{
    const struct quell_setting *set = &at->of->set[attribute];
    at->out.rank = set->count;
    for (size_t d = 0; d < set->count; d++) {
        if (set->whole[d] < 1)
            return quell_refuse(at, "'%s' must be sizes from 1 on",
                                at->of->kind->attributes[attribute].name);
        at->out.size[d] = (size_t)set->whole[d];
    }
    return QUELL_OK;
}
