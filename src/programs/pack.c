/* SPDX-License-Identifier: MIT */
/* Packs constant weights once, in the form in which the kernels take them, and gives up the
 * tensors that nobody else reads. */
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>

/* uses: for each value, a root, how many instructions still have to pack it; needed: whether
 * something else reads its elements. */
struct packing {
    struct quell_program *program;
    uint32_t *uses;
    bool *needed;
};

static size_t weights_of(const struct quell_program *program, const struct quell_instruction *now)
{
    return program->value[now->operand[1]].root;
}

static bool is_run(const struct quell_program *program, const struct quell_instruction *now)
{
    return !now->same && program->value[now->result].stage != QUELL_FROM_CONSTANTS;
}

static quell_status find_offsets(const struct quell_program *program, struct quell_instruction *now)
{
    size_t count = now->kind->packing->offsets(program, now, NULL);
    now->offset = count ? quell_new(count, sizeof *now->offset) : NULL;
    if (count && !now->offset) return quell_program_no_memory(program);
    if (count) now->kind->packing->offsets(program, now, now->offset);
    return QUELL_OK;
}

static bool will_pack(const struct quell_program *program, const struct quell_instruction *now)
{
    return now->offset && program->value[weights_of(program, now)].data;
}

/* Counts who reads which constant, and finds the offsets of those who pack. */
static quell_status count_uses(struct packing *p)
{
    struct quell_program *program = p->program;
    p->needed[program->value[program->output].root] = true;
    for (size_t i = 0; i < program->count; i++) {
        struct quell_instruction *now = &program->instruction[i];
        if (!is_run(program, now)) continue;
        quell_status status = now->kind->packing ? find_offsets(program, now) : QUELL_OK;
        if (status) return status;
        bool packs = now->kind->packing && will_pack(program, now);
        for (size_t k = 0; k < now->operands; k++)
            if (k != 1 || !packs) p->needed[program->value[now->operand[k]].root] = true;
        if (packs) p->uses[weights_of(program, now)]++;
    }
    return QUELL_OK;
}

/* Packs the weights of an instruction; the last one to do so frees the tensor, unless it is needed
 * as it is. */
static quell_status pack_one(struct packing *p, size_t number)
{
    struct quell_program *program = p->program;
    struct quell_instruction *now = &program->instruction[number];
    const struct quell_packing *packing = now->kind->packing;
    size_t root = weights_of(program, now), floats = packing->floats(program, now);
    struct quell_value *w = &program->value[root];
    now->packed = quell_new(floats, sizeof(float));
    if (!now->packed) return quell_program_no_memory(program);
    packing->pack(program, now, w->data, now->packed);
    program->weights += floats;
    if (--p->uses[root] || p->needed[root]) return QUELL_OK;
    program->weights -= quell_elements(&w->shape);
    free(w->data);
    w->data = NULL;
    w->packed = number + 1;
    return QUELL_OK;
}

static quell_status pack_all(struct packing *p)
{
    struct quell_program *program = p->program;
    quell_status status = count_uses(p);
    for (size_t i = 0; i < program->count && !status; i++) {
        struct quell_instruction *now = &program->instruction[i];
        if (is_run(program, now) && now->kind->packing && will_pack(program, now))
            status = pack_one(p, i);
    }
    return status;
}

quell_status quell_program_pack(struct quell_program *program)
{
    struct packing p = {program, quell_new(program->values, sizeof *p.uses),
                        quell_new(program->values, sizeof *p.needed)};
    quell_status status = p.uses && p.needed ? pack_all(&p) : quell_program_no_memory(program);
    free(p.uses);
    free(p.needed);
    return status;
}
