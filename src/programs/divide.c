/* SPDX-License-Identifier: MIT */
#include "programs/divide.h"

size_t quell_divided_dim(const struct quell_division *by, const struct quell_shape *shape)
{
    size_t inner = 1;
    for (size_t d = shape->rank; d-- > 0; inner *= shape->size[d])
        if (inner * shape->size[d] == by->length && shape->size[d] > 1) return d;
    return shape->rank;
}

size_t quell_greatest_divisor(size_t a, size_t b)
{
    return b ? quell_greatest_divisor(b, a % b) : a;
}

struct quell_division quell_divide_along(const struct quell_shape *shape, size_t dim, size_t units,
                                         size_t others)
{
    return (struct quell_division){quell_elements_of(shape, dim, shape->rank),
                                   quell_greatest_divisor(units, others)};
}

void quell_divide_rows(struct quell_program *program, struct quell_instruction *now, size_t least)
{
    const struct quell_division *of = quell_divided(program, now, 0);
    const struct quell_shape *w = &program->value[now->operand[1]].shape;
    size_t in = w->size[1], out = w->size[0];
    size_t rows = quell_elements(&program->value[now->result].shape) / out;
    if (rows < least) return;
    *quell_division_of(program, now) = (struct quell_division){rows * out, rows};
    if (of->length != rows * in || rows % of->units) return;
    quell_division_of(program, now)->units = of->units;
    now->own = 1;
}

static bool fits(const struct quell_program *program, size_t workers)
{
    return workers > 1 && program->units && program->units % workers == 0;
}

const struct quell_division *quell_division_for(const struct quell_program *program,
                                                const struct quell_instruction *now, size_t workers)
{
    const struct quell_division *by = &program->value[now->writes].division;
    return fits(program, workers) && by->length && by->units % workers == 0 ? by : NULL;
}

/* Marks the operands of the maps in a chain of which a worker reads only its own part. */
static void divide_tail(struct quell_program *program, const struct quell_instruction *first)
{
    const struct quell_division *by = &program->value[first->writes].division;
    size_t elements = quell_elements(&program->value[first->writes].shape);
    for (const struct quell_instruction *now = first; now->next;) {
        struct quell_instruction *next = &program->instruction[now->next];
        for (size_t k = 0; k < next->operands; k++)
            if (quell_same_division(quell_divided(program, next, k), by) &&
                quell_elements(&program->value[next->operand[k]].shape) == elements)
                next->own |= 1u << k;
        now = next;
    }
}

static bool is_run(const struct quell_program *program, const struct quell_instruction *now,
                   enum quell_stage stage)
{
    return program->value[now->result].stage == stage && !now->same && !now->fused;
}

/* One worker does less work than this sooner than the workers can wait for each other. */
#define SMALL_WORK 65536
#define MULTIPLY_ADDS 8 /* that take as long as one element of a simple instruction */

static bool is_large(const struct quell_program *program, const struct quell_instruction *now,
                     size_t samples)
{
    size_t written = quell_elements(&program->value[now->result].shape);
    size_t read = quell_elements(&program->value[now->operand[0]].shape);
    double elements = (double)(written > read ? written : read);
    double work = (double)now->multiply_adds + MULTIPLY_ADDS * elements;
    return now->kind->shared && work * (double)samples > SMALL_WORK;
}

bool quell_is_shared(const struct quell_program *program, const struct quell_instruction *now,
                     const struct quell_room *room, size_t samples)
{
    if (room->workers < 2 || !now->kind->shared) return false;
    return room->share_all || is_large(program, now, samples);
}

/* Returns whether a value may lie apart, as far as the instruction that writes it is concerned. */
static bool is_written_apart(const struct quell_program *program,
                             const struct quell_instruction *now)
{
    const struct quell_value *value = &program->value[now->writes];
    return value->division.length && value->division.units % 2 == 0 && !value->kept &&
           is_large(program, now, 1);
}

static void choose_written(struct quell_program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (is_run(program, now, QUELL_FROM_SAMPLE))
            program->value[now->writes].apart = is_written_apart(program, now);
    }
}

/* Values that are not read by the workers' own parts do not lie apart, unless the kind can read
 * them so. `first` is the instruction that `now` runs with. */
static void check_read(struct quell_program *program, const struct quell_instruction *first,
                       const struct quell_instruction *now)
{
    const struct quell_division *by = &program->value[first->writes].division;
    bool divided = by->length && by->units % 2 == 0 && is_large(program, first, 1);
    for (size_t k = 0; k < now->operands; k++) {
        struct quell_value *root = &program->value[program->value[quell_value_read(now, k)].root];
        bool own = divided && k < 32 && now->own >> k & 1, any = k < 32 && now->any >> k & 1;
        if (!own && !any) root->apart = false;
    }
}

/* The number of workers must divide the units of values that lie apart, and the units of results
 * that are computed from workers' own parts of such values. */
static void find_units(struct quell_program *program, const struct quell_instruction *first,
                       const struct quell_instruction *now)
{
    const struct quell_value *written = &program->value[first->writes];
    bool reads = false;
    for (size_t k = 0; k < now->operands; k++)
        reads |= program->value[program->value[quell_value_read(now, k)].root].apart && k < 32 &&
                 now->own >> k & 1;
    if (written->apart || (reads && written->division.length))
        program->units = quell_greatest_divisor(program->units, written->division.units);
}

/* Calls a function for each instruction that depends on the sample, and for the maps of its
 * chain. */
static void each(struct quell_program *program,
                 void (*call)(struct quell_program *, const struct quell_instruction *,
                              const struct quell_instruction *))
{
    for (size_t i = 0; i < program->count; i++) {
        const struct quell_instruction *first = &program->instruction[i], *now = first;
        if (!is_run(program, first, QUELL_FROM_SAMPLE)) continue;
        for (call(program, first, now); now->next; call(program, first, now))
            now = &program->instruction[now->next];
    }
}

quell_status quell_program_divide(struct quell_program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        struct quell_instruction *now = &program->instruction[i];
        if (!is_run(program, now, QUELL_FROM_SAMPLE)) continue;
        if (now->kind->divide) now->kind->divide(program, now);
        if (program->value[now->writes].division.length) divide_tail(program, now);
    }
    choose_written(program);
    each(program, check_read);
    each(program, find_units);
    return QUELL_OK;
}

static bool apart_in(const struct quell_program *program, const struct quell_room *room,
                     const struct quell_value *root)
{
    return root->apart && room->samples == 1 && fits(program, room->workers);
}

bool quell_lies_apart(const struct quell_execution *at, size_t operand)
{
    const struct quell_value *value = at->program->value;
    return apart_in(at->program, at->room, &value[value[at->of->operand[operand]].root]);
}

struct quell_piece_at quell_piece_of(const struct quell_execution *at, size_t value, size_t worker)
{
    const struct quell_program *program = at->program;
    const struct quell_value *root = &program->value[program->value[value].root];
    size_t workers = at->room->workers, length = root->division.length;
    if (!apart_in(program, at->room, root))
        return (struct quell_piece_at){(float *)(uintptr_t)quell_value_at(program, at->room, value),
                                       length};
    float *own = at->room->at[QUELL_FROM_SAMPLE] + program->apart +
                 worker * (program->apart_floats / workers);
    return (struct quell_piece_at){own + (root->place - program->apart) / workers -
                                       worker * (length / workers),
                                   length / workers};
}

/* A place in memory that an instruction reads or writes. `by` is the division by which each worker
 * accesses only its own part, or NULL if workers access more than that. */
struct access {
    const struct quell_value *root;
    const struct quell_division *by;
};

/* Returns whether one worker's part of one place may overlap another worker's part of the other
 * place. Workers' parts of values that lie apart never overlap, because each is in the worker's own
 * piece of the memory. */
static bool collide(const struct access *a, const struct access *b)
{
    size_t place = a->root->place, other = b->root->place;
    if (place >= other + quell_elements(&b->root->shape) ||
        other >= place + quell_elements(&a->root->shape))
        return false;
    if (!a->by || !b->by) return true;
    if (a->root->apart && b->root->apart) return false;
    return !quell_same_division(a->by, b->by) ||
           (place > other ? place - other : other - place) % a->by->length != 0;
}

/* An instruction that depends on the sample, with the maps of its chain: the number of workers that
 * run it, and how it is divided among them. */
struct step {
    const struct quell_program *program;
    const struct quell_instruction *first;
    size_t workers;
    const struct quell_division *by;
};

static struct step step_of(const struct quell_program *program, const struct quell_room *room,
                           size_t number, size_t samples)
{
    const struct quell_instruction *now = &program->instruction[number];
    struct step step = {program, now, 1, NULL};
    if (quell_is_shared(program, now, room, samples)) step.workers = room->workers;
    if (samples == 1) step.by = quell_division_for(program, now, step.workers);
    return step;
}

static struct access written_by(const struct step *step)
{
    return (struct access){&step->program->value[step->first->writes], step->by};
}

/* Returns whether a step reads memory that collides with a place. */
static bool reads(const struct step *step, const struct access *place)
{
    const struct quell_program *program = step->program;
    for (const struct quell_instruction *now = step->first;;) {
        bool own = step->by && (!now->grain || step->by->length / step->workers % now->grain == 0);
        for (size_t k = 0; k < now->operands; k++) {
            const struct quell_value *root =
                &program->value[program->value[quell_value_read(now, k)].root];
            bool part = own && k < 32 && now->own >> k & 1;
            struct access read = {root, part ? &root->division : NULL};
            if (root->origin == QUELL_RESULT && root->stage == QUELL_FROM_SAMPLE &&
                collide(&read, place))
                return true;
        }
        if (!now->next) return false;
        now = &program->instruction[now->next];
    }
}

bool quell_must_meet(const struct quell_program *program, const struct quell_room *room,
                     size_t since, size_t number, size_t samples)
{
    struct step now = step_of(program, room, number, samples);
    enum quell_stage stage = program->value[now.first->result].stage;
    bool known = stage == QUELL_FROM_SAMPLE && samples == 1;
    struct access out = written_by(&now);
    for (size_t i = since; i < number; i++) {
        if (!is_run(program, &program->instruction[i], stage)) continue;
        struct step then = step_of(program, room, i, samples);
        struct access written = written_by(&then);
        if (then.workers < 2 && now.workers < 2) continue; /* the first worker runs both */
        if (!known || collide(&out, &written) || reads(&now, &written) || reads(&then, &out))
            return true;
    }
    return false;
}
