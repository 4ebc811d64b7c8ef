/* SPDX-License-Identifier: MIT */
/* A network as a program: a straight line of instructions on arrays (docs/programs.md).
 *
 * A program is data, as a sampler's plan is. read.c reads it from a description; infer.c derives in
 * one pass the shape of every value and what it depends on; load.c loads the constants and computes
 * what depends on them alone; place.c gives the other values their places in memory; and execute.c
 * runs the program. Each kind of instruction has a file of its own in kinds/.
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

/* float32 has all whole numbers up to this one, and so all indices. */
#define QUELL_MOST_INDEX ((size_t)1 << 24)

/* What a value depends on, which decides when it is computed. The first four are sums of bits. A
 * value that depends on the sample is computed for each sample, whatever else it depends on. */
enum quell_stage {
    QUELL_FROM_CONSTANTS = 0,
    QUELL_FROM_TIME = 1,
    QUELL_FROM_CONDITIONS = 2,
    QUELL_FROM_TIME_AND_CONDITIONS = 3,
    QUELL_FROM_SAMPLE = 4,
    QUELL_STAGES
};

/* The division of a value among the workers of a crew. The value consists of blocks of `length`
 * elements, and each block of `units` units, of which each worker has the same number (divide.h).
 * length 0: it is divided in some other way. */
struct quell_division {
    size_t length, units;
};

/* A value of a program. */
struct quell_value {
    enum quell_origin { QUELL_INPUT, QUELL_TENSOR, QUELL_NUMBER, QUELL_RESULT } origin;
    const char *name; /* of an input or a tensor */
    float number;
    size_t tensor; /* the index of the tensor in its source */
    struct quell_shape shape;
    enum quell_stage stage;
    /* `root` is the value that this one shares its elements with, in another shape, or the value
     * itself. For roots only: `last` is the last instruction that reads the value, and `place` is
     * its offset in the memory of its stage, in floats. */
    size_t root, last, place;
    /* `apart`: each worker's elements lie apart from the others', if the number of workers allows
     * it. `kept`: the value is kept to the end of its stage, because later stages read it. */
    bool used, apart, kept;
    float *data;                    /* the elements of a constant, once it is loaded */
    struct quell_division division; /* of a root that is computed for each sample */
    /* 1 + the instruction that has the only copy of a constant's elements, in packed form; or 0. */
    size_t packed;
};

/* The value of an attribute. A whole number, a truth value or a choice is in whole[0]. */
struct quell_setting {
    bool given;
    size_t count; /* the length of a list */
    int64_t whole[QUELL_MAX_RANK];
    float real;
};

/* The distances of a map's operands from one row to the next, from one column to the next, and from
 * one sample to the next; rows and columns are those of the chain. `running` has a bit for each
 * operand that is the result so far. */
struct quell_steps {
    size_t row[3], column[3], skip[3];
    unsigned running;
};

/* The greatest number of an instruction's operands that may be views; these are the first ones. */
#define QUELL_MOST_VIEWS 3

/* An operand that is a part of another value: its element (i, j, ...) is element offset + i
 * stride[0] + j stride[1] + ... of that value. value is SIZE_MAX if the operand is no view. */
struct quell_view {
    size_t value, offset, stride[QUELL_MAX_RANK];
};

/* An instruction of a program. */
struct quell_instruction {
    const struct quell_kind *kind;
    size_t operands, result;
    const uint32_t *operand; /* indices of values */
    /* By the index of the attribute in the kind's list. */
    struct quell_setting set[QUELL_MOST_ATTRIBUTES];
    /* `same`: the result has the elements of the first operand in the same order, so nothing is
     * computed. `fused`: an earlier instruction computes it, or it is a copy that nothing reads.
     * `told`: it reads the time, a class or a condition, or a value that depends only on these.
     * `told_later`: a map of its chain does. */
    bool same, fused, told, told_later;
    uint64_t multiply_adds;
    /* `scratch` is in floats. `next` is the map that continues with the result while it is in
     * cache, and is computed with this instruction (fuse.c); or 0. `writes` is the value that is
     * written: the result of the last map of this chain. `rows` is the number of leading dimensions
     * that are rows (quell_kind.rows). */
    size_t scratch, next, writes, rows;
    /* The operands that are read in place in other values (view.c), or NULL. */
    struct quell_view *view;
    struct quell_steps steps;
    /* The constant weights in the form that the kernels take. If all are bfloat16 numbers, they are
     * in `narrow` instead, in half of the memory. */
    float *packed;
    uint32_t *narrow;
    size_t *offset; /* where the rows of the other operand begin (kind.h) */
    /* Operands as bits. `own`: a worker reads no more than its own part, if the result is divided
     * (divide.h). `any`: the instruction can also read other parts if the operand lies apart. */
    unsigned own, any;
    /* Parts must have a multiple of `grain` elements for `own`, unless it is 0. `common` is the
     * size of the memory that the workers share, in floats. */
    size_t grain, common;
};

/* A program. */
struct quell_program {
    /* `text` is a copy of the description, which the names point into. `path` and `name` are those
     * of the file and the program, for messages. */
    char *text, *path, *name;
    size_t inputs, values, count, output;
    struct quell_value *value; /* the inputs come first */
    struct quell_instruction *instruction;
    uint32_t *operand;
    /* The memory of each stage, and the largest scratch memory of its instructions. */
    size_t floats[QUELL_STAGES], scratch[QUELL_STAGES];
    /* `apart` is the place of the memory for values that may lie apart, and `apart_floats` its
     * size. The number of workers must divide `units` for that; 0: no value may lie apart. `common`
     * and `common_floats` are the place and the size of the memory that the workers share within an
     * instruction. */
    size_t apart, apart_floats, units, common, common_floats;
    uint64_t multiply_adds[QUELL_STAGES], weights; /* `weights`: floats that stay in memory */
    bool rounds; /* some weights or products are rounded to bfloat16 */
    bool halves; /* products use bfloat16 numbers if they can */
};

/* Where the constants come from. */
struct quell_constants {
    void *user;
    size_t count;
    uint64_t most; /* allowed number of operations on constants alone; 0: 2^32 */
    /* Sets the index of the tensor with that name. Returns false if there is none. */
    bool (*find)(void *user, const char *name, size_t *index);
    bool (*shape)(void *user, size_t index, struct quell_shape *shape);
    /* Copies the tensor as float32. */
    quell_status (*read)(void *user, size_t index, const struct quell_shape *shape, float *out);
    /* `rounded`: weights of products are rounded to bfloat16. `halves`: products use bfloat16
     * numbers if they can. */
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

/* The time, class and conditions of some samples, and the values that depend only on the time or
 * only on conditions. These replace the members with the same names of a quell_room, for the inputs
 * except x. */
struct quell_told_row {
    const float *at[QUELL_FROM_TIME_AND_CONDITIONS];
    const float *input[QUELL_MOST_PROGRAM_INPUTS];
};

/* The memory for a program's values. */
struct quell_room {
    /* The number of samples that run together, and the index of the one that is being computed. */
    size_t samples, sample;
    /* quell_program_run writes floats[stage] floats of each stage. The memory of QUELL_FROM_SAMPLE
     * has that many for each sample, and the elements of a value are stored sample by sample. The
     * memory of QUELL_FROM_TIME_AND_CONDITIONS has as many for each of the `rows`. */
    float *at[QUELL_STAGES];
    const float *input[QUELL_MOST_PROGRAM_INPUTS]; /* x has its samples one after the other */
    /* For samples with different times, classes or conditions: sample i has those of
     * row[row_of[i]]; samples with the same row should be consecutive. NULL, 0, NULL: all samples
     * have those in `at` and `input`. */
    const struct quell_told_row *row;
    size_t rows;
    const uint32_t *row_of;
    float *scratch; /* the largest of the scratch memories of the stages that are run */
    /* Which worker of a crew this is. Each has a room of its own, with the same values and its own
     * scratch memory. Both are 0 without a crew. */
    size_t worker, workers;
    struct quell_crew *crew;
    /* Checked before each instruction. Once results are not needed, nothing more is computed, and
     * the results are not valid. NULL: all is computed. */
    const struct quell_lookout *lookout;
    /* `share_all`: small instructions are shared too, for tests. `helps`: this thread does not lead
     * the crew, whatever its number is. */
    bool share_all, helps;
};

/* Returns the end of the consecutive samples that have the same row as sample `from`, at most
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

/* For tests and benchmarks, which count what runs do: each worker calls this function before each
 * call of an instruction for `samples` samples (or rows). It must be set while no program runs; by
 * default it is NULL. */
typedef void quell_program_observer(const struct quell_program *program,
                                    const struct quell_instruction *now,
                                    const struct quell_room *room, size_t samples, size_t workers);
extern quell_program_observer *quell_program_observe;

/* Returns the largest scratch memory of a stage from `from` on, in floats. */
size_t quell_program_scratch(const struct quell_program *program, enum quell_stage from);

/* Return the elements of a value, for the sample that is being computed, or for another one. */
const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value);
const float *quell_value_for(const struct quell_program *program, const struct quell_room *room,
                             size_t value, size_t sample);

/* Prints a program, one instruction on a line. Buffer, size and result are those of snprintf. */
size_t quell_program_print(const struct quell_program *program, char *buffer, size_t size);

/* Adds everything that the results depend on to a digest. */
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

/* Both set the message and return the status: QUELL_BAD_MODEL, with "PATH: program 'NAME' ...", or
 * QUELL_NO_MEMORY. */
__attribute__((format(printf, 2, 3))) quell_status
quell_program_bad(const struct quell_program *program, const char *format, ...);
quell_status quell_program_no_memory(const struct quell_program *program);

#endif
