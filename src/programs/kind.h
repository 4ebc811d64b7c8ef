/* SPDX-License-Identifier: MIT */
/* What a kind of instruction is: its attributes, the shape of its result, and what it computes. */
#ifndef QUELL_PROGRAMS_KIND_H
#define QUELL_PROGRAMS_KIND_H

#include "base/memory.h"
#include "programs/program.h"

/* usual: the value of an attribute that is not given, unless it is `needed`. A list that is not
 * given is empty until quell_list_or fills it. */
struct quell_attribute {
    const char *name;
    enum quell_attribute_type {
        QUELL_WHOLE,  /* a whole number */
        QUELL_WHOLES, /* a list of them */
        QUELL_REAL,
        QUELL_TRUTH,
        QUELL_CHOICE /* one of the names in `choices` */
    } type;
    bool needed;
    double usual;
    const char *const *choices; /* ends with NULL */
};

/* An instruction while its shapes are inferred; `infer` sets `out`, the shape of the result. */
struct quell_inference {
    const struct quell_program *program;
    size_t number;
    struct quell_instruction *of;
    struct quell_shape out;
};

/* An instruction while it runs, for one sample or for several at once. It is run by `workers`
 * workers at the same time, each of which does its part: that of `division` (quell_own_range), or
 * any (quell_part_of) if that is NULL. common: memory that the workers share, if the result is
 * divided. */
struct quell_pace;
struct quell_execution {
    const struct quell_program *program;
    const struct quell_instruction *of;
    const struct quell_kernels *kernels;
    const struct quell_room *room;
    size_t samples, worker, workers;
    const struct quell_division *division;
    struct quell_pace *pace; /* NULL: nobody asks for an end */
    float *out, *scratch, *common;
};

/* How many elements an instruction has worked on since it asked whether it is still needed, and
 * whether it has heard that it is not. */
struct quell_pace {
    size_t elements;
    bool over;
};

/* least, most: the number of operands. infer: checks operands and attributes, and sets the shape of
 * the result, the number of multiply-adds and the size of the scratch memory. run: computes what
 * docs/programs.md defines. effort: beside them, how many operations each element of the result
 * takes; NULL: one. together: one call of `run` computes all samples; without it, `run` is
 * called once for each sample. shared: several workers can run it, each its part. meets: these may
 * meet within `run`. check: refuses operands that are constants by their elements; it is called
 * before the instruction can run.
 *
 * rows: for a kind that can go on with maps of its result (fuse.c), how many of the result's
 * dimensions the rows of its rectangles are made of, the others being the columns; NULL for other
 * kinds. divide: for a kind whose result can be divided among workers in a way that others know,
 * sets the division of what it writes, and what the instruction reads of its own (divide.h);
 * views: the first operands that may be views, whose elements are stride[] apart if `strided` says
 * so (view.c);
 * packing: for a kind whose operand 1 is packed if it is a constant. form: how a kind keeps short
 * numbers (quantised.h); NULL: it computes with floats. halved: returns the kind by whose bfloat16
 * products an instruction can be computed instead, or NULL, once its result has a shape. */
struct quell_packing;
struct quell_short;

struct quell_kind {
    const char *name;
    size_t least, most;
    bool together, shared, meets;
    struct quell_attribute attributes[QUELL_MOST_ATTRIBUTES];
    quell_status (*infer)(struct quell_inference *at);
    uint64_t (*effort)(const struct quell_instruction *now);
    quell_status (*check)(const struct quell_program *program, const struct quell_instruction *now);
    void (*run)(const struct quell_execution *at);
    size_t (*rows)(const struct quell_shape *result);
    void (*divide)(struct quell_program *program, struct quell_instruction *now);
    size_t views;
    bool (*strided)(const struct quell_program *program, const struct quell_instruction *now,
                    size_t operand, const size_t *stride);
    const struct quell_packing *packing;
    const struct quell_short *form;
    const struct quell_kind *(*halved)(const struct quell_inference *at);
};

/* How the constant operand 1 of a kind is packed when a program is loaded, in the form that the
 * kernels take. floats: the size of that form. pack: writes it from the operand's elements.
 * elements: how many numbers decide on the result; NULL: those of the operand. unpack: returns
 * `count` of them from number `from` on (quell_packed_at). offsets: returns how many offsets there
 * are, and writes them (quell_dots), unless `offset` is NULL; without offsets nothing is packed.
 * panels: whether that form is of panels; NULL: it always is. */
struct quell_packing {
    size_t (*floats)(const struct quell_program *program, const struct quell_instruction *now);
    void (*pack)(const struct quell_program *program, const struct quell_instruction *now,
                 const float *from, float *to);
    size_t (*elements)(const struct quell_program *program, const struct quell_instruction *now);
    void (*unpack)(const struct quell_program *program, const struct quell_instruction *now,
                   size_t from, size_t count, float *to);
    size_t (*offsets)(const struct quell_program *program, const struct quell_instruction *now,
                      size_t *offset);
    bool (*panels)(const struct quell_program *program, const struct quell_instruction *now);
};

/* Whether an instruction has packed weights; the number at a place of their form; and sets the
 * columns of products to them, from a place on where a panel begins. */
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
 * "; that of quell_refuse_operand goes on with "operand 1, 'w' [3, 4], ". */
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

/* These return the shape of an operand: quell_operand while shapes are inferred, quell_shape_of
 * while the program runs. */
static inline const struct quell_shape *quell_operand(const struct quell_inference *at, size_t i)
{
    return &at->program->value[at->of->operand[i]].shape;
}
static inline const struct quell_shape *quell_shape_of(const struct quell_execution *at, size_t i)
{
    return &at->program->value[at->of->operand[i]].shape;
}
/* Whether an operand is a constant, while shapes are inferred. */
static inline bool quell_is_constant(const struct quell_inference *at, size_t operand)
{
    return at->program->value[at->of->operand[operand]].stage == QUELL_FROM_CONSTANTS;
}
/* The shape of the weights, operand 1 of kinds that pack them. */
static inline const struct quell_shape *quell_weights_of(const struct quell_program *program,
                                                         const struct quell_instruction *now)
{
    return &program->value[now->operand[1]].shape;
}
/* The floats of scratch memory that a table of `count` offsets takes. */
static inline size_t quell_table_floats(size_t count)
{
    return quell_round_up(count * (sizeof(size_t) / sizeof(float)), QUELL_LANES);
}
/* The part of `count` pieces of work that a worker does: from *from up to the result. */
static inline size_t quell_part_of(const struct quell_execution *at, size_t count, size_t *from)
{
    size_t each = count / at->workers, longer = count % at->workers, i = at->worker;
    *from = i * each + (i < longer ? i : longer);
    return *from + each + (i < longer);
}
/* The worker's own range of each block of a result that is divided: from *from up to the result. */
static inline size_t quell_own_range(const struct quell_execution *at, size_t *from)
{
    size_t each = at->division->length / at->workers;
    *from = at->worker * each;
    return *from + each;
}
/* Whether nothing of the result is needed any more: asked between pieces of long work. Workers that
 * meet within the instruction must still meet. */
static inline bool quell_is_over(const struct quell_execution *at)
{
    const struct quell_lookout *lookout = at->room->lookout;
    if (!at->pace) return false;
    if (!at->pace->over)
        at->pace->over = lookout->look(lookout->data, !at->room->worker && !at->room->helps);
    return at->pace->over;
}
/* The same between pieces that may be short, for the next of which `elements` are worked on: asks
 * only where this and the pieces before it are some tenths of a millisecond. So many multiply-adds
 * take as long as one of them. */
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
/* Whether it has been heard that nothing is needed, without asking again. */
static inline bool quell_was_over(const struct quell_execution *at)
{
    return at->pace && at->pace->over;
}
/* For quell_dots and quell_products: whether an execution is over. */
int quell_ends(const void *execution);
static inline const struct quell_shape *quell_out_shape(const struct quell_execution *at)
{
    return &at->program->value[at->of->result].shape;
}
/* The view that an operand is; NULL if it is none. */
static inline const struct quell_view *quell_view_of(const struct quell_instruction *now, size_t i)
{
    return now->view && i < QUELL_MOST_VIEWS && now->view[i].value != SIZE_MAX ? &now->view[i]
                                                                               : NULL;
}
/* The value whose elements an operand's are. */
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
