/* SPDX-License-Identifier: MIT */
/* Packs constant weights once, in the form in which the kernels take them, and gives up the
 * tensors that nobody else reads. */
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>
#include <string.h>

static quell_status find_offsets(const struct quell_program *program, struct quell_instruction *now)
{
    size_t count = now->kind->packing->offsets(program, now, NULL);
    now->offset = count ? quell_new(count, sizeof *now->offset) : NULL;
    if (count && !now->offset) return quell_program_no_memory(program);
    if (count) now->kind->packing->offsets(program, now, now->offset);
    return QUELL_OK;
}

static quell_status pack_one(const struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_packing *packing = now->kind->packing;
    const struct quell_value *w = &program->value[program->value[now->operand[1]].root];
    if (!now->offset || !w->data) return QUELL_OK;
    now->packed = quell_new(packing->floats(&program->value[now->operand[1]].shape), sizeof(float));
    if (!now->packed) return quell_program_no_memory(program);
    packing->pack(&program->value[now->operand[1]].shape, w->data, now->packed);
    return QUELL_OK;
}

quell_status quell_program_pack(struct quell_program *program)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < program->count && !status; i++) {
        struct quell_instruction *now = &program->instruction[i];
        if (program->value[now->result].stage == QUELL_FROM_CONSTANTS || !now->kind->packing)
            continue;
        status = find_offsets(program, now);
        if (!status) status = pack_one(program, now);
    }
    return status;
}
