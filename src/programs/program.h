/* SPDX-License-Identifier: MIT */
/* A network as a program: a straight line of instructions on arrays (docs/programs.md).
 *
 * A program is data, as a sampler's plan is. It is read from a description (read.c), one pass works
 * out every shape and what depends on what (infer.c), its constants are loaded and what comes from
 * them alone is worked out (load.c), the rest gets its places in memory (place.c), and run.c runs
 * it. What an instruction does is said by its kind, one file each in kinds/.
 *
 * A program is that of one sample: there is no batch in it. */
#ifndef QUELL_PROGRAMS_PROGRAM_H
#define QUELL_PROGRAMS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <quell/status.h>
#include "base/digest.h"
#include "base/json.h"
#include "programs/shape.h"
#include "simd/kernels.h"

#define QUELL_MOST_INSTRUCTIONS 65536
#define QUELL_MOST_OPERANDS 1024
#define QUELL_MOST_PROGRAM_INPUTS 32
#define QUELL_MOST_ATTRIBUTES 9

/* What a value depends on, and so when it is computed: bits of `depends`, and their sums. A value
 * that depends on the sample is computed for each, whatever else it depends on. */
enum quell_stage {
    QUELL_FROM_CONSTANTS = 0,
    QUELL_FROM_TIME = 1,
    QUELL_FROM_CONDITIONS = 2,
    QUELL_FROM_TIME_AND_CONDITIONS = 3,
    QUELL_FROM_SAMPLE = 4,
    QUELL_STAGES
};

/* name: of an input or a tensor. data: of a constant, once it is loaded. root: the value whose
 * elements these are, in another shape; itself, if they are its own. last: the last instruction
 * that reads it; place: where it lies in the memory of its stage, in floats; both of roots
 * alone. */
struct quell_value {
    enum quell_origin { QUELL_INPUT, QUELL_TENSOR, QUELL_NUMBER, QUELL_RESULT } origin;
    const char *name;
    float number;
    size_t tensor; /* the source's index of it */
    struct quell_shape shape;
    enum quell_stage stage;
    size_t root, last, place;
    bool used, kept; /* kept: to the end of its stage, as later ones read it */
    float *data;
};

/* What an attribute was set to: whole[0] of a whole number, a truth value or a choice. */
struct quell_setting {
    bool given;
    size_t count; /* of a list */
    int64_t whole[QUELL_MAX_RANK];
    float real;
};

/* operand: indices of values. set: by the index of the attribute in the kind's list. same: the
 * result's elements are the first operand's in their order, so that nothing need be done. scratch:
 * in floats. */
struct quell_instruction {
    const struct quell_kind *kind;
    size_t operands, result;
    const uint32_t *operand;
    struct quell_setting set[QUELL_MOST_ATTRIBUTES];
    bool same;
    uint64_t multiply_adds;
    size_t scratch;
};

/* text: a copy of the description, where names lie. path, name: for messages. floats: the memory of
 * each stage; scratch: of one of its instructions, at most. */
struct quell_program {
    char *text, *path, *name;
    size_t inputs, values, count, output;
    struct quell_value *value; /* the inputs first */
    struct quell_instruction *instruction;
    uint32_t *operand;
    size_t floats[QUELL_STAGES], scratch[QUELL_STAGES];
    uint64_t multiply_adds[QUELL_STAGES], weights; /* floats that stay in memory */
};

/* Where the constants come from. most: operations on them alone (0: 2^32). find: the index of
 * the tensor of that name; false if there is none. read: copies it as float32. */
struct quell_constants {
    void *user;
    size_t count;
    uint64_t most;
    bool (*find)(void *user, const char *name, size_t *index);
    bool (*shape)(void *user, size_t index, struct quell_shape *shape);
    quell_status (*read)(void *user, size_t index, const struct quell_shape *shape, float *out);
};

/* Reads a program from its description and makes it ready to run. Whatever is wrong in it is
 * QUELL_BAD_MODEL, and the message names program, instruction, operand and remedy. The program must
 * be freed after a failure too. */
quell_status quell_program_load(struct quell_program *program, const char *path, const char *name,
                                const char *description, const struct quell_constants *from);
void quell_program_free(struct quell_program *program);

/* The index of the input of that name; program->inputs if there is none. */
size_t quell_program_input(const struct quell_program *program, const char *name);

/* Memory for a program's values. at[stage]: floats[stage] floats, written by quell_program_run for
 * that stage, and for that of the sample so many for each of `samples`, which are run together; a
 * value's elements of one sample lie behind those of the one before. input: a pointer for each
 * input, where x has its samples one after the other. sample: the one in hand. */
struct quell_room {
    size_t samples, sample;
    float *at[QUELL_STAGES];
    const float *input[QUELL_MOST_PROGRAM_INPUTS];
    float *scratch;
};

/* Runs the instructions of one stage; those of the stages that it depends on must have been run in
 * the same room. */
void quell_program_run(const struct quell_program *program, const struct quell_kernels *kernels,
                       enum quell_stage stage, const struct quell_room *room);

/* The elements of a value, of the sample in hand. */
const float *quell_value_at(const struct quell_program *program, const struct quell_room *room,
                            size_t value);

/* Prints a program, an instruction a line: buffer, size and result are those of snprintf. */
size_t quell_program_print(const struct quell_program *program, char *buffer, size_t size);

/* Adds all that decides on the results to a digest. */
void quell_program_digest(const struct quell_program *program, struct quell_digest *digest);

/* The passes of quell_program_load. */
quell_status quell_program_read(struct quell_program *program, char *description,
                                const struct quell_constants *from);
quell_status quell_program_infer(struct quell_program *program);
quell_status quell_program_fold(struct quell_program *program, const struct quell_constants *from);
quell_status quell_program_place(struct quell_program *program);

/* QUELL_BAD_MODEL, "PATH: program 'NAME' ..."; QUELL_NO_MEMORY. */
__attribute__((format(printf, 2, 3))) quell_status
quell_program_bad(const struct quell_program *program, const char *format, ...);
quell_status quell_program_no_memory(const struct quell_program *program);

#endif
