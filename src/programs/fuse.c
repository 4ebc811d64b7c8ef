/* SPDX-License-Identifier: MIT */
/* Finds the maps that can be computed with the instruction before them, while its result is in
 * cache: no other instruction reads that result, and the maps' other operands are computed by then.
 * All roundings, and so all bits, stay the same. */
#include "base/memory.h"
#include "programs/tail.h"

#include <stdlib.h>

/* For each root: how often its elements are read, which instruction reads them, and which
 * instruction it is computed with. */
struct fusing {
    struct quell_program *program;
    uint32_t *reads, *reader, *made;
};

static size_t root_of(const struct fusing *f, size_t value)
{
    return f->program->value[value].root;
}

static void count_reads(struct fusing *f)
{
    struct quell_program *program = f->program;
    f->reads[root_of(f, program->output)] = 2;
    for (size_t number = 0; number < program->count; number++) {
        const struct quell_instruction *now = &program->instruction[number];
        f->made[now->result] = (uint32_t)number;
        for (size_t i = 0; i < now->operands && !now->same && !now->fused; i++) {
            size_t root = root_of(f, quell_value_read(now, i));
            f->reader[root] = (uint32_t)number;
            if (f->reads[root] < 2) f->reads[root]++;
        }
    }
}

/* Returns whether an operand is computed before instruction `number` runs. */
static bool is_there(const struct fusing *f, size_t operand, size_t number)
{
    size_t root = root_of(f, operand);
    const struct quell_value *value = &f->program->value[root];
    return value->origin != QUELL_RESULT || value->stage != QUELL_FROM_SAMPLE ||
           f->made[root] < number;
}

/* Returns, as bits, the numbers of leading dimensions that can be the rows of the result, so that
 * all operands of a map have a constant distance along rows and along columns. */
static unsigned splits_of(const struct quell_program *program, const struct quell_instruction *map,
                          size_t running)
{
    const struct quell_shape *shape = &program->value[map->result].shape;
    unsigned splits = 0;
    for (size_t rows = 0; rows <= shape->rank; rows++) {
        size_t row, column, k = 0;
        while (k < map->operands && (map->operand[k] == running ||
                                     quell_tail_strides(&program->value[map->operand[k]].shape,
                                                        shape, rows, &row, &column)))
            k++;
        if (k == map->operands) splits |= 1u << rows;
    }
    return splits;
}

/* Returns the splits with which the map `next` can continue the chain that begins at `head`, whose
 * result so far is `running`. */
static unsigned can_follow(const struct fusing *f, size_t head,
                           const struct quell_instruction *next, size_t running)
{
    const struct quell_value *value = f->program->value;
    size_t taken = 0;
    if (next->kind != &quell_kind_map ||
        !quell_same_shape(&value[next->result].shape, &value[running].shape))
        return 0;
    for (size_t k = 0; k < next->operands; k++) {
        taken += next->operand[k] == running;
        if (next->operand[k] != running && !is_there(f, next->operand[k], head)) return 0;
    }
    return taken ? splits_of(f->program, next, running) : 0;
}

static unsigned first_splits(const struct fusing *f, const struct quell_instruction *now)
{
    if (now->kind == &quell_kind_map) return splits_of(f->program, now, SIZE_MAX);
    return 1u << now->kind->rows(&f->program->value[now->result].shape);
}

/* Sets the distances of the operands of a map. `running` is the operand that is the result so
 * far. */
static void find_steps(struct quell_program *program, struct quell_instruction *map, size_t running,
                       size_t rows)
{
    const struct quell_value *value = program->value;
    struct quell_steps *steps = &map->steps;
    for (size_t k = 0; k < map->operands; k++) {
        const struct quell_value *operand = &value[map->operand[k]];
        if (map->operand[k] == running) {
            steps->running |= 1u << k;
            continue;
        }
        quell_tail_strides(&operand->shape, &value[map->result].shape, rows, &steps->row[k],
                           &steps->column[k]);
        if (value[operand->root].stage == QUELL_FROM_SAMPLE)
            steps->skip[k] = quell_elements(&operand->shape);
    }
}

static void find_all_steps(struct quell_program *program, struct quell_instruction *first)
{
    if (first->rows == SIZE_MAX) return;
    if (first->kind == &quell_kind_map) find_steps(program, first, SIZE_MAX, first->rows);
    for (const struct quell_instruction *now = first; now->next;) {
        struct quell_instruction *next = &program->instruction[now->next];
        find_steps(program, next, now->result, first->rows);
        now = next;
    }
}

static void fuse_from(struct fusing *f, size_t head)
{
    struct quell_program *program = f->program;
    struct quell_instruction *first = &program->instruction[head], *now = first;
    unsigned splits = first_splits(f, now);
    for (size_t links = 0; links < QUELL_MOST_LINKS && splits; links++) {
        if (f->reads[now->result] != 1) break;
        struct quell_instruction *next = &program->instruction[f->reader[now->result]];
        unsigned left = splits & can_follow(f, head, next, now->result);
        if (!left) break;
        splits = left;
        now->next = f->reader[now->result];
        next->fused = true;
        first->writes = next->result;
        f->made[next->result] = (uint32_t)head;
        now = next;
    }
    first->rows = splits ? (size_t)__builtin_ctz(splits) : SIZE_MAX;
    find_all_steps(program, first);
}

static void fuse_all(struct fusing *f)
{
    struct quell_program *program = f->program;
    for (size_t number = 0; number < program->count; number++) {
        struct quell_instruction *now = &program->instruction[number];
        if (!now->kind->rows || now->fused || now->same) continue;
        if (program->value[now->result].stage == QUELL_FROM_SAMPLE)
            fuse_from(f, number);
        else if (now->kind != &quell_kind_map)
            now->rows = now->kind->rows(&program->value[now->result].shape);
        else
            now->rows = SIZE_MAX;
    }
}

static bool reads_told(const struct quell_program *program, const struct quell_instruction *now)
{
    for (size_t i = 0; i < now->operands; i++) {
        enum quell_stage stage = program->value[program->value[now->operand[i]].root].stage;
        if (stage != QUELL_FROM_CONSTANTS && stage != QUELL_FROM_SAMPLE) return true;
    }
    return false;
}

static void find_told(struct quell_program *program)
{
    for (size_t number = 0; number < program->count; number++) {
        struct quell_instruction *first = &program->instruction[number];
        first->told = reads_told(program, first);
        for (const struct quell_instruction *now = first; now->next;) {
            now = &program->instruction[now->next];
            first->told_later |= reads_told(program, now);
        }
    }
}

quell_status quell_program_fuse(struct quell_program *program)
{
    uint32_t *memory = quell_new(program->values, 3 * sizeof *memory);
    if (!memory) return quell_program_no_memory(program);
    struct fusing f = {program, memory, memory + program->values, memory + 2 * program->values};
    count_reads(&f);
    fuse_all(&f);
    find_told(program);
    free(memory);
    return QUELL_OK;
}
