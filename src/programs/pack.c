/* SPDX-License-Identifier: MIT */
/* Packs constant weights once, in the form that the kernels take, and frees the tensors that
 * nothing else reads. */
#include "base/half.h"
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>

/* The floats that packing may take beyond the tensors: as many as the tensors once more, and as
 * many as computed constants may take (load.c). A tensor that many instructions pack, or one that
 * packing pads, must not fill a machine's memory. */
#define MOST_MADE ((uint64_t)1 << 27)

/* For each root, `uses` is how many instructions still have to pack it, and `needed` says whether
 * something else reads its elements. `floats` is the memory for all packed weights. */
struct packing {
    struct quell_program *program;
    uint32_t *uses;
    bool *needed;
    uint64_t floats;
};

static size_t weights_of(const struct quell_program *program, const struct quell_instruction *now)
{
    return program->value[now->operand[1]].root;
}

/* Returns whether an instruction has weights to be packed. */
static bool will_pack(const struct quell_program *program, const struct quell_instruction *now)
{
    return !now->same && now->kind->packing &&
           program->value[now->result].stage != QUELL_FROM_CONSTANTS &&
           program->value[weights_of(program, now)].stage == QUELL_FROM_CONSTANTS &&
           now->kind->packing->offsets(program, now, NULL) > 0;
}

static quell_status count_floats(struct packing *p, size_t number)
{
    struct quell_program *program = p->program;
    const struct quell_instruction *now = &program->instruction[number];
    const struct quell_packing *packing = now->kind->packing;
    p->floats += packing->floats(program, now);
    p->floats += packing->offsets(program, now, NULL) * (sizeof(size_t) / sizeof(float));
    if (p->floats <= 2 * program->weights + MOST_MADE) return QUELL_OK;
    return quell_program_bad(program,
                             "instruction %zu (%s): its weights and those before it take more than "
                             "2^27 numbers beyond twice the tensors, in the form in which they are "
                             "used: use one instruction for many rows",
                             number, now->kind->name);
}

/* Counts the instructions that pack each constant, and finds the constants that others read. */
static quell_status count_uses(struct packing *p)
{
    struct quell_program *program = p->program;
    quell_status status = QUELL_OK;
    p->needed[program->value[program->output].root] = true;
    for (size_t i = 0; i < program->count && !status; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (now->same || program->value[now->result].stage == QUELL_FROM_CONSTANTS) continue;
        bool packs = will_pack(program, now);
        for (size_t k = 0; k < now->operands; k++)
            if (k != 1 || !packs) p->needed[program->value[now->operand[k]].root] = true;
        if (!packs) continue;
        p->uses[weights_of(program, now)]++;
        status = count_floats(p, i);
    }
    return status;
}

static quell_status find_offsets(const struct quell_program *program, struct quell_instruction *now)
{
    size_t count = now->kind->packing->offsets(program, now, NULL);
    now->offset = count ? quell_new(count, sizeof *now->offset) : NULL;
    if (count && !now->offset) return quell_program_no_memory(program);
    if (count) now->kind->packing->offsets(program, now, now->offset);
    return QUELL_OK;
}

float quell_packed_at(const struct quell_instruction *of, size_t place)
{
    if (of->packed) return of->packed[place];
    uint32_t word = of->narrow[place / QUELL_PANEL * QUELL_LANES + place % QUELL_LANES];
    bool upper = place % QUELL_PANEL >= QUELL_LANES;
    return quell_from_bfloat((uint16_t)(upper ? word >> 16 : word));
}

void quell_take_packed(struct quell_dots *dots, const struct quell_instruction *of, size_t place)
{
    if (of->narrow)
        dots->narrow = of->narrow + place / 2;
    else
        dots->b = of->packed + place;
}

static bool are_bfloats(const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (quell_bits_of(x[i]) & 0xFFFF) return false;
    return true;
}

/* Stores weights that are all bfloat16 numbers, as in some files, in half of the memory. All
 * results keep their bits. */
static quell_status narrow(struct quell_program *program, struct quell_instruction *now,
                           size_t floats)
{
    const struct quell_packing *packing = now->kind->packing;
    bool panels = !packing->panels || packing->panels(program, now);
    if (!panels || !are_bfloats(now->packed, floats)) return QUELL_OK;
    now->narrow = quell_new_large(floats / 2, sizeof *now->narrow);
    if (!now->narrow) return quell_program_no_memory(program);
    for (size_t i = 0; i < floats / 2; i++) {
        const float *pair = now->packed + i / QUELL_LANES * QUELL_PANEL + i % QUELL_LANES;
        now->narrow[i] =
            quell_bits_of(pair[0]) >> 16 | (quell_bits_of(pair[QUELL_LANES]) & 0xFFFF0000u);
    }
    free(now->packed);
    now->packed = NULL;
    program->weights -= floats / 2;
    return QUELL_OK;
}

static quell_status pack_one(struct packing *p, size_t number)
{
    struct quell_program *program = p->program;
    struct quell_instruction *now = &program->instruction[number];
    const struct quell_packing *packing = now->kind->packing;
    size_t root = weights_of(program, now), floats = packing->floats(program, now);
    struct quell_value *w = &program->value[root];
    now->packed = quell_new_large(floats, sizeof(float));
    if (!now->packed) return quell_program_no_memory(program);
    packing->pack(program, now, w->data, now->packed);
    program->weights += floats;
    quell_status status = narrow(program, now, floats);
    if (status) return status;
    if (--p->uses[root] || p->needed[root]) return QUELL_OK;
    program->weights -= quell_elements(&w->shape);
    free(w->data);
    w->data = NULL;
    w->packed = number + 1;
    return QUELL_OK;
}

/* Packs the weights of all instructions. An instruction whose weights are computed in each run has
 * only offsets. */
static quell_status pack_all(struct packing *p)
{
    struct quell_program *program = p->program;
    quell_status status = count_uses(p);
    for (size_t i = 0; i < program->count && !status; i++) {
        struct quell_instruction *now = &program->instruction[i];
        bool run = program->value[now->result].stage != QUELL_FROM_CONSTANTS;
        bool packs = will_pack(program, now);
        if (run && now->kind->packing) status = find_offsets(program, now);
        if (!status && packs) status = pack_one(p, i);
    }
    return status;
}

quell_status quell_program_pack(struct quell_program *program)
{
    struct packing p = {.program = program,
                        .uses = quell_new(program->values, sizeof *p.uses),
                        .needed = quell_new(program->values, sizeof *p.needed)};
    quell_status status = p.uses && p.needed ? pack_all(&p) : quell_program_no_memory(program);
    free(p.uses);
    free(p.needed);
    return status;
}
