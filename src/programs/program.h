/* SPDX-License-Identifier: MIT */
/* A network as a program: a straight line of instructions on arrays (docs/programs.md).
 *
 * A program is data, as a sampler's plan is. read.c reads it from a description; infer.c derives in
 * one pass the shape of every value and what it depends on; load.c loads the constants and computes
 * what depends on them alone; place.c gives the other values their places in memory; and run.c runs
 * the program. Each kind of instruction has a file of its own in kinds/.
 *
 * A program describes the computation for one sample: there is no batch in it. */
#ifndef QUELL_PROGRAMS_PROGRAM_H
#define QUELL_PROGRAMS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "base/crew.h"
#include "base/lookout.h"
#include "base/digest.h"
#include "base/json.h"
#include "programs/shape.h"
#include "simd/kernels.h"

#define QUELL_MOST_INSTRUCTIONS 65536
#define QUELL_MOST_OPERANDS 1024
#define QUELL_MOST_PROGRAM_INPUTS 32
#define QUELL_MOST_ATTRIBUTES 9

/* float32 has all whole numbers up to here, and so all indices. */
#define QUELL_MOST_INDEX ((size_t)1 << 24)

/* What a value depends on, and with that when it is computed. The first four are sums of bits; a
 * value that depends on the sample is computed for each sample, whatever else it depends on. */
enum quell_stage {
    QUELL_FROM_CONSTANTS = 0,
    QUELL_FROM_TIME = 1,
    QUELL_FROM_CONDITIONS = 2,
    QUELL_FROM_TIME_AND_CONDITIONS = 3,
    QUELL_FROM_SAMPLE = 4,
    QUELL_STAGES
};

/* How a value is divided among the workers of a crew: it is made of blocks of `length` elements,
 * and each block of so many units, of which each worker has the same number (divide.h). length 0:
 * it is divided in some other way. */
struct quell_division {
    size_t length, units;
};

/* name: the name of an input or a tensor. data: the elements of a constant, once it is loaded.
 * root: the value that this one shares its elements with, under another shape; the value itself, if
 * the elements are its own. Two members are set for roots only: last, the last instruction that
 * reads the value, and place, its offset in the memory of its stage, in floats. division: that of
 * the root, if it is computed for each sample. apart: the elements of a worker lie apart from the
 * others', if the workers are as many as allow it. */
struct quell_value {
    enum quell_origin { QUELL_INPUT, QUELL_TENSOR, QUELL_NUMBER, QUELL_RESULT } origin;
    const char *name;
    float number;
    size_t tensor; /* the source's index of it */
    struct quell_shape shape;
    enum quell_stage stage;
    size_t root, last, place;
    bool used, apart, kept; /* kept: to the end of its stage, as later ones read it */
    float *data;
    struct quell_division division;
    size_t packed; /* 1 + the instruction that alone has the elements of a constant, packed; or 0 */
};

/* The value of an attribute. A whole number, a truth value or a choice is in whole[0]. */
struct quell_setting {
    bool given;
    size_t count; /* of a list */
    int64_t whole[QUELL_MAX_RANK];
    float real;
};

/* The distances of a map's operands from one row to the next, from one column to the next, and from
 * one sample to the next, where rows and columns are those of the chain. running: as bits, the
 * operands that are the result so far. */
struct quell_steps {
    size_t row[3], column[3], skip[3];
    unsigned running;
};

/* How many of an instruction's operands may be views, the first ones. */
#define QUELL_MOST_VIEWS 3

/* An operand as a part of another value: its element (i, j, ...) is element offset + i stride[0] +
 * j stride[1] + ... of that. value SIZE_MAX: it is no view. */
struct quell_view {
    size_t value, offset, stride[QUELL_MAX_RANK];
};

/* operand: indices of values. set: the settings, by the index of the attribute in the kind's list.
 * same: the elements of the result are those of the first operand in the same order, so that there
 * is nothing to compute. scratch: the size of the scratch memory, in floats.
 *
 * view: the operands that are read where they lie, in other values, or NULL (view.c).
 *
 * next: the map that goes on with the result while it is in cache, and is computed with this
 * instruction (fuse.c); 0 for none. fused: an earlier instruction computes it, or it is a move of
 * which nobody reads a copy. writes: the value that is written, the result of the last one of such
 * a chain. packed: the constant weights in the form in which the kernels take them, or narrow: the
 * same in half of the memory, if all of them are bfloat16 numbers; and offset: where the rows of
 * the other operand begin (kind.h).
 *
 * told: it reads something that samples are told, the time, a class or a condition, or what was
 * computed of these; told_later: one of the maps of its chain does.
 *
 * own: as bits, the operands of which a worker reads no more than its own part if the result is
 * divided (divide.h). any: those that it can also read if they lie apart. grain: a number of
 * elements of which parts must be multiples for `own`, or 0. common: the size of the memory that
 * the workers share, in floats. */
struct quell_instruction {
    const struct quell_kind *kind;
    size_t operands, result;
    const uint32_t *operand;
    struct quell_setting set[QUELL_MOST_ATTRIBUTES];
    bool same, fused, told, told_later;
    uint64_t multiply_adds;
    size_t scratch, next, writes, rows;
    struct quell_view *view;
    struct quell_steps steps;
    float *packed;
    uint32_t *narrow;
    size_t *offset;
    unsigned own, any;
    size_t grain, common;
};

/* text: a copy of the description, which the names point into. path, name: the file and the
 * program, for messages. floats: the size of the memory of each stage. scratch: the largest scratch
 * memory of an instruction of each stage. apart, apart_floats: where the memory lies of the values
 * that may lie apart, and how many floats it has. units: the number of workers must divide this,
 * and so the units of all of them; 0: there are none. common, common_floats: the memory that the
 * workers share within an instruction. */
struct quell_program {
    char *text, *path, *name;
    size_t inputs, values, count, output;
    struct quell_value *value; /* the inputs first */
    struct quell_instruction *instruction;
    uint32_t *operand;
    size_t floats[QUELL_STAGES], scratch[QUELL_STAGES];
    size_t apart, apart_floats, units, common, common_floats;
    uint64_t multiply_adds[QUELL_STAGES], weights; /* floats that stay in memory */
    bool rounds; /* has weights or products that become bfloat16 numbers */
    bool halves; /* products are those of bfloat16 numbers where they can be */
};

/* Where the constants come from. most: how many operations on constants alone are allowed (0:
 * 2^32). rounded: weights of products are rounded to bfloat16. halves: products are those of
 * bfloat16 numbers where they can be. find: sets the index of the tensor
 * of that name; false if there is none. read: copies the tensor as float32. */
struct quell_constants {
    void *user;
    size_t count;
    uint64_t most;
    bool (*find)(void *user, const char *name, size_t *index);
    bool (*shape)(void *user, size_t index, struct quell_shape *shape);
    quell_status (*read)(void *user, size_t index, const struct quell_shape *shape, float *out);
    bool rounded, halves;
};

/* Reads a program from its description and makes it ready to run. Any error in the program is
 * QUELL_BAD_MODEL, with a message that names the program, the instruction, the operand and the
 * remedy. The program must be freed after a failure too. */
quell_status quell_program_load(struct quell_program *program, const char *path, const char *name,
                                const char *description, const struct quell_constants *from);
void quell_program_free(struct quell_program *program);

/* Returns the index of the input of that name, or program->inputs if there is none. */
size_t quell_program_input(const struct quell_program *program, const char *name);

/* What some samples are told, and what was computed of the time alone and of conditions alone: as
 * the members of those names of a quell_room, which they replace, for the inputs but x. */
struct quell_told_row {
    const float *at[QUELL_FROM_TIME_AND_CONDITIONS];
    const float *input[QUELL_MOST_PROGRAM_INPUTS];
};

/* The memory for a program's values. at[stage]: floats[stage] floats, which quell_program_run
 * writes for that stage; the memory of QUELL_FROM_SAMPLE has that many for each of the `samples`
 * that run together, and in it the elements of a value follow sample by sample; that of
 * QUELL_FROM_TIME_AND_CONDITIONS likewise for each of the `rows`. input: a pointer
 * for each input; x has its samples one after the other. sample: the index of the sample that is
 * being computed. scratch: the largest of the scratch memories of the stages that are run.
 *
 * row, rows, row_of: samples that are told different things, each of them row[row_of[i]]; best if
 * those of one row follow one another. NULL, 0, NULL: all are told what is in `at` and `input`.
 *
 * worker, workers: which of the workers of a crew this is; each has a room of its own, with the
 * same values and its own scratch memory. Without a crew (NULL) these are 0. share_all: small
 * instructions are shared as well, for tests. helps: its thread is not the one that leads, whatever
 * its number here is. lookout: asked before each instruction; once it says so nothing more is
 * computed, and the results are of no use. NULL: all is computed. */
struct quell_room {
    size_t samples, sample;
    float *at[QUELL_STAGES];
    const float *input[QUELL_MOST_PROGRAM_INPUTS];
    const struct quell_told_row *row;
    size_t rows;
    const uint32_t *row_of;
    float *scratch;
    size_t worker, workers;
    struct quell_crew *crew;
    const struct quell_lookout *lookout;
    bool share_all, helps;
};

/* Returns where the samples end that are told the same as sample `from`, among those up to
 * `end`. */
static inline size_t quell_told_end(const struct quell_room *room, size_t from, size_t end)
{
    size_t i = from + 1;
    if (!room->row_of) return end;
    while (i < end && room->row_of[i] == room->row_of[from]) i++;
    return i;
}

/* Runs the instructions of one stage. The stages that it depends on must have been run before with
 * the same room. All workers of a crew call it, each with its own room. */
void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room);

/* For tests and benchmarks, which count what runs do: called by each worker before each call of an
 * instruction, of that many samples (or rows of what is told). Set while no program runs; NULL. */
typedef void quell_program_observer(const struct quell_program *program,
                                    const struct quell_instruction *now,
                                    const struct quell_room *room, size_t samples, size_t workers);
extern quell_program_observer *quell_program_observe;

/* Returns the largest scratch memory of a stage from `from` on, in floats. */
size_t quell_program_scratch(const struct quell_program *program, enum quell_stage from);

/* Returns the elements of a value, for the sample that is being computed, or for another one. */
const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value);
const float *quell_value_for(const struct quell_program *program, const struct quell_room *room,
                             size_t value, size_t sample);

/* Prints a program, one instruction on a line. Buffer, size and result are those of snprintf. */
size_t quell_program_print(const struct quell_program *program, char *buffer, size_t size);

/* Adds everything that decides on the results to a digest. */
void quell_program_digest(const struct quell_program *program, struct quell_digest *digest);

/* The passes of quell_program_load, in order. */
quell_status quell_program_read(struct quell_program *program, char *description,
                                const struct quell_constants *from);
quell_status quell_program_infer(struct quell_program *program);
quell_status quell_program_fold(struct quell_program *program, const struct quell_constants *from);
quell_status quell_program_view(struct quell_program *program);
quell_status quell_program_fuse(struct quell_program *program);
quell_status quell_program_round(struct quell_program *program);
quell_status quell_program_pack(struct quell_program *program);
quell_status quell_program_divide(struct quell_program *program);
quell_status quell_program_place(struct quell_program *program);

/* These set the message and return the status: QUELL_BAD_MODEL, with "PATH: program 'NAME' ...", or
 * QUELL_NO_MEMORY. */
__attribute__((format(printf, 2, 3))) quell_status
quell_program_bad(const struct quell_program *program, const char *format, ...);
quell_status quell_program_no_memory(const struct quell_program *program);

#endif
