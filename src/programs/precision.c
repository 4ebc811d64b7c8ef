/* SPDX-License-Identifier: MIT */
/* Rounds the weights of products to bfloat16 (docs/networks.md, "Precision"). */
#include "base/half.h"
#include "base/memory.h"
#include "programs/quantised.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* How a constant is read: as the weights of a product, or in another way. Weights of whole numbers
 * are bfloat16 numbers already. */
enum reader { OF_PRODUCTS = 1, OF_OTHERS = 2 };

static bool has_float_weights(const struct quell_instruction *now)
{
    const struct quell_packing *packing = now->kind->packing;
    /* Kinds with a form round and bound their weights when they pack them. */
    return packing && !now->kind->form;
}

static void find_readers(const struct quell_program *program, unsigned char *readers)
{
    readers[program->value[program->output].root] |= OF_OTHERS;
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (now->same || program->value[now->result].stage == QUELL_FROM_CONSTANTS) continue;
        for (size_t k = 0; k < now->operands; k++)
            readers[program->value[now->operand[k]].root] |=
                k == 1 && has_float_weights(now) ? OF_PRODUCTS : OF_OTHERS;
    }
}

static quell_status round_value(const struct quell_program *program, struct quell_value *value)
{
    size_t count = quell_elements(&value->shape);
    for (size_t i = 0; i < count; i++) {
        value->data[i] = quell_from_bfloat(quell_to_bfloat(value->data[i]));
        if (fabsf(value->data[i]) > FLT_MAX)
            return quell_program_bad(program,
                                     "element %zu of the weights '%.60s' is beyond bfloat16: load "
                                     "it with the precision 'stored'",
                                     i, value->name ? value->name : "");
    }
    return QUELL_OK;
}

quell_status quell_program_round(struct quell_program *program)
{
    quell_status status = QUELL_OK;
    unsigned char *readers = quell_new(program->values, sizeof *readers);
    if (!readers) return quell_program_no_memory(program);
    find_readers(program, readers);
    for (size_t i = 0; i < program->values && !status; i++)
        if (program->value[i].data && readers[i] == OF_PRODUCTS) {
            program->rounds = true;
            status = round_value(program, &program->value[i]);
        }
    free(readers);
    return status;
}
