/* SPDX-License-Identifier: MIT */
/* The kinds of instructions. A kind defines its attributes, the shape of its result, and what it
 * computes. */
#ifndef QUELL_PROGRAMS_KIND_H
#define QUELL_PROGRAMS_KIND_H

#include "base/memory.h"
#include "programs/program.h"

/* An attribute of a kind. `usual` is its value if it is not given, unless it is `needed`. A list
 * that is not given is empty until quell_list_or fills it. */
struct quell_attribute {
    const char *name;
    enum quell_attribute_type {
        QUELL_WHOLE,  /* a whole number */
        QUELL_WHOLES, /* a list of whole numbers */
        QUELL_REAL,
        QUELL_TRUTH,
        QUELL_CHOICE /* one of the names in `choices` */
    } type;
    bool needed;
    double usual;
    const char *const *choices; /* ends with NULL */
};

/* An instruction while its shapes are inferred. `infer` sets `out`, the shape of the result. */
struct quell_inference {
    const struct quell_program *program;
    size_t number;
    struct quell_instruction *of;
    struct quell_shape out;
};

/* An instruction while it runs, for one sample or for several at once. `workers` workers run it at
 * the same time, and each does its part: the one by `division` (quell_own_range) or, if that is
 * NULL, any part (quell_part_of). `common` is memory that the workers share, if the result is
 * divided. */
struct quell_pace;
struct quell_execution {
    const struct quell_program *program;
    const struct quell_instruction *of;
    const struct quell_kernels *kernels;
    const struct quell_room *room;
    size_t samples, worker, workers;
    const struct quell_division *division;
    struct quell_pace *pace; /* NULL if nothing can end the run early */
    float *out, *scratch, *common;
};

/* The number of elements that an instruction has worked on since it last checked whether its result
 * is still needed, and whether it has found that it is not. */
struct quell_pace {
    size_t elements;
    bool over;
};

/* A kind of instruction. */
struct quell_packing;
struct quell_short;

struct quell_kind {
    const char *name;
    size_t least, most; /* the number of operands */
    /* `together`: one call of `run` computes all samples; else it is called once for each sample.
     * `shared`: several workers can run it, each a part. `meets`: these workers may wait for each
     * other within `run`. */
    bool together, shared, meets;
    struct quell_attribute attributes[QUELL_MOST_ATTRIBUTES];
    /* Checks operands and attributes, and sets the shape of the result, the number of multiply-adds
     * and the size of the scratch memory. */
    quell_status (*infer)(struct quell_inference *at);
    /* Returns the operations for each element of the result, multiply-adds not counted. NULL:
     * one. */
    uint64_t (*effort)(const struct quell_instruction *now);
    /* Checks the elements of operands that are constants, before the instruction can run. */
    quell_status (*check)(const struct quell_program *program, const struct quell_instruction *now);
    void (*run)(const struct quell_execution *at); /* computes what docs/programs.md defines */
    /* Returns how many leading dimensions of the result are the rows of its rectangles; the others
     * are the columns. NULL for kinds whose result cannot be passed to maps in cache (fuse.c). */
    size_t (*rows)(const struct quell_shape *result);
    /* Sets the division of the value that is written, and the operands of which a worker reads only
     * its own part (divide.h). NULL for kinds whose result is not divided. */
    void (*divide)(struct quell_program *program, struct quell_instruction *now);
    /* The first `views` operands may be views, with elements stride[] apart if `strided` allows it
     * (view.c). */
    size_t views;
    bool (*strided)(const struct quell_program *program, const struct quell_instruction *now,
                    size_t operand, const size_t *stride);
    const struct quell_packing *packing; /* set if operand 1 is packed when it is constant */
    /* How it stores short numbers (quantised.h); NULL: it computes with floats. */
    const struct quell_short *form;
    /* Returns the kind that computes the instruction with bfloat16 products, or NULL. It is called
     * when the result has a shape. */
    const struct quell_kind *(*halved)(const struct quell_inference *at);
};

/* How a kind packs its operand 1, if that is constant, when a program is loaded, into the form that
 * the kernels take. */
struct quell_packing {
    /* Returns the size of the packed form. */
    size_t (*floats)(const struct quell_program *program, const struct quell_instruction *now);
    /* Writes the packed form of the operand's elements. */
    void (*pack)(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to);
    /* Returns how many numbers the results depend on. NULL: the elements of the operand. */
    size_t (*elements)(const struct quell_program *program, const struct quell_instruction *now);
    /* Writes `count` of these numbers from number `from` on (quell_packed_at). */
    void (*unpack)(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to);
    /* Returns how many offsets there are, and writes them (quell_dots) unless `offset` is NULL. If
     * there are none, nothing is packed. */
    size_t (*offsets)(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset);
    /* Returns whether the packed form consists of panels. NULL: it always does. */
    bool (*panels)(const struct quell_program *program, const struct quell_instruction *now);
};

/* Return whether an instruction has packed weights, and the number at a place of the packed form.
 * The third function sets the columns of products to the packed weights from `place` on, where a
 * panel begins. */
static inline bool quell_has_packed(const struct quell_instruction *of)
{
    return of->packed || of->narrow;
}
float quell_packed_at(const struct quell_instruction *of, size_t place);
void quell_take_packed(struct quell_dots *dots, const struct quell_instruction *of, size_t place);

/* Returns the i-th kind, or NULL past the last one. */
const struct quell_kind *quell_kind_at(size_t i);

extern const struct quell_kind quell_kind_attention, quell_kind_attention_bf16,
    quell_kind_attention_int8, quell_kind_concat, quell_kind_conv, quell_kind_conv_bf16,
    quell_kind_conv_int8, quell_kind_conv_transpose, quell_kind_gather, quell_kind_interpolate,
    quell_kind_linear, quell_kind_linear_bf16, quell_kind_linear_int8, quell_kind_map,
    quell_kind_matmul, quell_kind_move, quell_kind_nearest, quell_kind_norm, quell_kind_pad,
    quell_kind_pool, quell_kind_reduce, quell_kind_softmax;

/* Both return QUELL_BAD_MODEL. The message begins with "PATH: program 'NAME': instruction 3 (conv):
 * "; that of quell_refuse_operand continues with "operand 1, 'w' [3, 4], ". */
__attribute__((format(printf, 2, 3))) quell_status quell_refuse(const struct quell_inference *at,
                                                                const char *format, ...);
__attribute__((format(printf, 3, 4))) quell_status
quell_refuse_operand(const struct quell_inference *at, size_t operand, const char *format, ...);

/* Checks that an attribute is a dimension of a shape of that rank. */
quell_status quell_check_dim(const struct quell_inference *at, size_t attribute, size_t rank);

/* Checks that an attribute is a list of different dimensions of a shape of that rank, and sorts the
 * list. */
quell_status quell_check_dims(const struct quell_inference *at, size_t attribute, size_t rank);

/* Sets a list that was not given to `count` times `usual`. Refuses a list of another length, or
 * with a number below `least` or above `most`. */
quell_status quell_list_or(const struct quell_inference *at, size_t attribute, size_t count,
                           int64_t usual, int64_t least, int64_t most);

/* Sets the shape of the result to the sizes in a list, each of which must be at least 1. */
quell_status quell_shape_from(struct quell_inference *at, size_t attribute);

/* Return the shape of an operand: quell_operand while shapes are inferred, quell_shape_of while the
 * program runs. */
static inline const struct quell_shape *quell_operand(const struct quell_inference *at, size_t i)
{
    return &at->program->value[at->of->operand[i]].shape;
}
static inline const struct quell_shape *quell_shape_of(const struct quell_execution *at, size_t i)
{
    return &at->program->value[at->of->operand[i]].shape;
}
/* Returns whether an operand is a constant, while shapes are inferred. */
static inline bool quell_is_constant(const struct quell_inference *at, size_t operand)
{
    return at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS;
}
/* Returns the shape of the weights, operand 1 of kinds that pack them. */
static inline const struct quell_shape *quell_weights_of(const struct quell_program *program,
                                                         const struct quell_instruction *now)
{
    return &program->value[now->operand[1]].shape;
}
/* Returns the floats of scratch memory for a table of `count` offsets. */
static inline size_t quell_table_floats(size_t count)
{
    return quell_round_up(count * (sizeof(size_t) / sizeof(float)), QUELL_LANES);
}
/* Finds the part of `count` pieces of work that a worker does: from *from up to, but not including,
 * the result. */
static inline size_t quell_part_of(const struct quell_execution *at, size_t count, size_t *from)
{
    size_t each = count / at->workers, longer = count % at->workers, i = at->worker;
    *from = i * each + (i < longer ? i : longer);
    return *from + each + (i < longer);
}
/* Finds the worker's own range of each block of a divided result: from *from up to, but not
 * including, the result. */
static inline size_t quell_own_range(const struct quell_execution *at, size_t *from)
{
    size_t each = at->division->length / at->workers;
    *from = at->worker * each;
    return *from + each;
}
/* Returns whether the result is no longer needed at all. It is called between pieces of long work.
 * Workers that wait for each other within the instruction must still do so. */
static inline bool quell_is_over(const struct quell_execution *at)
{
    const struct quell_lookout *lookout = at->room->lookout;
    if (!at->pace) return false;
    if (!at->pace->over)
        at->pace->over = lookout->look(lookout->data, !at->room->worker && !at->room->helps);
    return at->pace->over;
}
/* Does the same between pieces that may be short, of which the next one works on `elements`
 * elements. It checks only after some tenths of a millisecond of work since the last check.
 * QUELL_PACED_PRODUCTS multiply-adds take as long as one element. */
#define QUELL_PACE 262144
#define QUELL_PACED_PRODUCTS 64
static inline bool quell_is_over_by(const struct quell_execution *at, size_t elements)
{
    if (!at->pace) return false;
    at->pace->elements += elements;
    if (at->pace->elements < QUELL_PACE) return at->pace->over;
    at->pace->elements = 0;
    return quell_is_over(at);
}
/* Returns whether an earlier check has found that the result is not needed, without a new check. */
static inline bool quell_was_over(const struct quell_execution *at)
{
    return at->pace && at->pace->over;
}
/* The function `over` of quell_dots and quell_products: returns whether the result of an execution
 * is no longer needed. */
int quell_ends(const void *execution);
static inline const struct quell_shape *quell_out_shape(const struct quell_execution *at)
{
    return &at->program->value[at->of->result].shape;
}
/* Returns the view that an operand is, or NULL if it is no view. */
static inline const struct quell_view *quell_view_of(const struct quell_instruction *now, size_t i)
{
    return now->view && i < QUELL_MOST_VIEWS && now->view[i].value != SIZE_MAX ? &now->view[i]
                                                                               : NULL;
}
/* Returns the value that an operand's elements belong to. */
static inline size_t quell_value_read(const struct quell_instruction *now, size_t i)
{
    const struct quell_view *view = quell_view_of(now, i);
    return view ? view->value : now->operand[i];
}
static inline const float *quell_in(const struct quell_execution *at, size_t i)
{
    const struct quell_view *view = quell_view_of(at->of, i);
    return quell_value_at(at->program, at->room, quell_value_read(at->of, i)) +
           (view ? view->offset : 0);
}

/* Returns the value of an attribute that is a whole number, a truth value or a choice. */
static inline int64_t quell_set(const struct quell_instruction *of, size_t attribute)
{
    return of->set[attribute].whole[0];
}

#endif
