/* SPDX-License-Identifier: MIT */
/* map: a function of one to three operands, element by element, with broadcasting. */
#include "base/maths.h"
#include "programs/divide.h"
#include "programs/tail.h"

#include <string.h>

enum { FUNCTION };

/* The functions: the name, the number of operands, and the kernel (KERNEL) or the formula of a, b
 * and c (PLAIN). DOUBLE: the formula is computed in double, number by number. */
#define IN_DOUBLE(f) (float)f((double)a)
#define FUNCTIONS(KERNEL, PLAIN, DOUBLE)                   \
    KERNEL(abs, 1, QUELL_MAP_ABS)                          \
    KERNEL(add, 2, QUELL_MAP_ADD)                          \
    PLAIN(and, 2, a != 0 && b != 0)                        \
    PLAIN(ceil, 1, ceilf(a))                               \
    KERNEL(clamp, 3, QUELL_MAP_CLAMP)                      \
    DOUBLE(cos, 1, IN_DOUBLE(quell_cos))                   \
    KERNEL(div, 2, QUELL_MAP_DIV)                          \
    KERNEL(elu, 2, QUELL_MAP_ELU)                          \
    PLAIN(eq, 2, a == b)                                   \
    DOUBLE(erf, 1, IN_DOUBLE(quell_erf))                   \
    KERNEL(exp, 1, QUELL_MAP_EXP)                          \
    KERNEL(expm1, 1, QUELL_MAP_EXPM1)                      \
    PLAIN(floor, 1, floorf(a))                             \
    KERNEL(fma, 3, QUELL_MAP_FMA)                          \
    PLAIN(ge, 2, a >= b)                                   \
    KERNEL(gelu, 1, QUELL_MAP_GELU)                        \
    KERNEL(gelu_tanh, 1, QUELL_MAP_GELU_TANH)              \
    KERNEL(gt, 2, QUELL_MAP_GT)                            \
    PLAIN(le, 2, a <= b)                                   \
    KERNEL(leaky_relu, 2, QUELL_MAP_LEAKY_RELU)            \
    DOUBLE(log, 1, IN_DOUBLE(quell_log))                   \
    DOUBLE(log1p, 1, IN_DOUBLE(quell_log1p))               \
    KERNEL(lt, 2, QUELL_MAP_LT)                            \
    KERNEL(max, 2, QUELL_MAP_MAX)                          \
    KERNEL(min, 2, QUELL_MAP_MIN)                          \
    KERNEL(mish, 1, QUELL_MAP_MISH)                        \
    KERNEL(mul, 2, QUELL_MAP_MUL)                          \
    PLAIN(ne, 2, a != b)                                   \
    KERNEL(neg, 1, QUELL_MAP_NEG)                          \
    PLAIN(not, 1, a == 0)                                  \
    PLAIN(or, 2, a != 0 || b != 0)                         \
    DOUBLE(pow, 2, (float)quell_pow((double)a, (double)b)) \
    KERNEL(reciprocal, 1, QUELL_MAP_RECIPROCAL)            \
    KERNEL(relu, 1, QUELL_MAP_RELU)                        \
    KERNEL(relu2, 1, QUELL_MAP_RELU2)                      \
    PLAIN(round, 1, rintf(a))                              \
    KERNEL(rsqrt, 1, QUELL_MAP_RSQRT)                      \
    KERNEL(selu, 1, QUELL_MAP_SELU)                        \
    KERNEL(sigmoid, 1, QUELL_MAP_SIGMOID)                  \
    PLAIN(sign, 1, a > 0 ? 1 : a < 0 ? -1 : a)             \
    KERNEL(silu, 1, QUELL_MAP_SILU)                        \
    DOUBLE(sin, 1, IN_DOUBLE(quell_sin))                   \
    KERNEL(softplus, 1, QUELL_MAP_SOFTPLUS)                \
    KERNEL(sqrt, 1, QUELL_MAP_SQRT)                        \
    KERNEL(square, 1, QUELL_MAP_SQUARE)                    \
    KERNEL(sub, 2, QUELL_MAP_SUB)                          \
    KERNEL(tanh, 1, QUELL_MAP_TANH)                        \
    KERNEL(where, 3, QUELL_MAP_WHERE)

/* A function without a kernel. The elements of in[k] are step[k] apart. */
typedef void formula(float *y, size_t count, const float *const in[3], const size_t step[3]);

#define NOTHING(name, arguments, kernel)
#define WRITE_OUT(name, arguments, value)                                                          \
    static void map_##name(float *y, size_t count, const float *const in[3], const size_t step[3]) \
    {                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            float a = in[0][i * step[0]], b = in[1][i * step[1]], c = in[2][i * step[2]];          \
            (void)a, (void)b, (void)c;                                                             \
            y[i] = value;                                                                          \
        }                                                                                          \
    }
FUNCTIONS(NOTHING, WRITE_OUT, WRITE_OUT)

/* `effort` is about the number of additions that take as long as the function. */
#define KERNEL_ROW(name, arguments, kernel) {arguments, NULL, kernel, 1},
#define PLAIN_ROW(name, arguments, value) {arguments, map_##name, QUELL_MAP_FUNCTIONS, 1},
#define DOUBLE_ROW(name, arguments, value) {arguments, map_##name, QUELL_MAP_FUNCTIONS, 256},
static const struct function {
    size_t operands;
    formula *formula;
    enum quell_map_function kernel;
    uint64_t effort;
} functions[] = {FUNCTIONS(KERNEL_ROW, PLAIN_ROW, DOUBLE_ROW)};

#define NAME(name, arguments, value) #name,
static const char *const names[] = {FUNCTIONS(NAME, NAME, NAME) NULL};

static quell_status infer(struct quell_inference *at)
{
    int64_t chosen = quell_set(at->of, FUNCTION);
    if (at->of->operands != functions[chosen].operands)
        return quell_refuse(at, "has %zu operands, must have %zu for '%s'", at->of->operands,
                            functions[chosen].operands, names[chosen]);
    at->out = *quell_operand(at, 0);
    for (size_t i = 1; i < at->of->operands; i++)
        if (!quell_broadcast(&at->out, quell_operand(at, i)))
            return quell_refuse_operand(at, i, "must broadcast with the operands before it");
    return QUELL_OK;
}

static uint64_t effort(const struct quell_instruction *now)
{
    return functions[quell_set(now, FUNCTION)].effort;
}

bool quell_map_adds(const struct quell_instruction *of)
{
    return functions[quell_set(of, FUNCTION)].kernel == QUELL_MAP_ADD;
}

void quell_map_rectangle(const struct quell_instruction *of, const struct quell_kernels *kernels,
                         const struct quell_map *map)
{
    const struct function *function = &functions[quell_set(of, FUNCTION)];
    if (!function->formula) {
        kernels->map[function->kernel](map);
        return;
    }
    for (size_t r = 0; r < map->rows; r++) {
        const float *row[3];
        for (size_t k = 0; k < 3; k++) {
            size_t operand = k < of->operands ? k : 0;
            row[k] = map->in[operand] + r * map->row[operand];
        }
        const size_t step[3] = {map->column[0], map->column[of->operands > 1 ? 1 : 0],
                                map->column[of->operands > 2 ? 2 : 0]};
        function->formula(map->out + r * map->out_row, map->columns, row, step);
    }
}

/* The number of elements that are computed at a time, so that they stay in the first-level
 * cache. */
#define PIECE 2048

/* A rectangle of the result: rows row[0] ... row[1] - 1, columns column[0] ... column[1] - 1. */
struct area {
    size_t row[2], column[2];
    struct quell_piece_at out;
};

/* Returns the worker's own part of a divided result: some columns of each row, or some rows. */
static struct area own_area(const struct quell_execution *at, struct quell_tail *tail, size_t count)
{
    size_t from, to = quell_own_range(at, &from), length = at->division->length;
    struct quell_piece_at out = quell_own_out(at);
    if (tail->rows == 1) quell_tail_cut(tail, count / length, length);
    size_t columns = count / tail->rows;
    if (columns == length) return (struct area){{0, tail->rows}, {from, to}, out};
    return (struct area){{from / columns, to / columns}, {0, columns}, {out.at, columns}};
}

/* Computes a rectangle of the result, a piece after the other, each through all links. */
static void run_rectangle(const struct quell_execution *at)
{
    struct quell_tail tail;
    quell_tail_from(at, &tail);
    size_t count = quell_elements(quell_out_shape(at)), columns = count / tail.rows, from = 0;
    struct area all = {{0, at->samples * tail.rows}, {0, columns}, {at->out, columns}};
    if (at->division) all = own_area(at, &tail, count);
    size_t width = all.column[1] - all.column[0], height = all.row[1] - all.row[0];
    size_t wide = width < PIECE ? width : PIECE, across = (width + wide - 1) / wide;
    size_t high = PIECE / wide, end = (height + high - 1) / high * across;
    if (!at->division) end = quell_part_of(at, end, &from);
    for (size_t i = from; i < end; i++) {
        size_t row = all.row[0] + i / across * high, column = all.column[0] + i % across * wide;
        if (quell_is_over_by(at, PIECE * (1 + tail.count) * effort(at->of))) return;
        float *out = all.out.at + row * all.out.row + column;
        quell_tail_apply(
            &tail, &(struct quell_piece_of_result){
                       .row = row,
                       .rows = all.row[1] - row < high ? all.row[1] - row : high,
                       .column = column,
                       .columns = all.column[1] - column < wide ? all.column[1] - column : wide,
                       .x = out,
                       .out = out,
                       .x_row = all.out.row,
                       .out_row = all.out.row});
    }
}

/* The distances of the operands' elements along each dimension; `skip` is that from one sample to
 * the next. */
struct sweep {
    struct quell_shape shape;
    const float *in[3];
    size_t stride[3][QUELL_MAX_RANK], skip[3];
};

static struct sweep sweep_of(const struct quell_execution *at)
{
    struct sweep sweep = {.shape = *quell_out_shape(at)};
    if (!sweep.shape.rank) sweep.shape = (struct quell_shape){1, {1}};
    for (size_t k = 0; k < at->of->operands; k++) {
        const struct quell_shape *shape = quell_shape_of(at, k);
        sweep.in[k] = quell_in(at, k);
        quell_strides(shape, &sweep.shape, sweep.stride[k]);
        if (at->program->value[at->program->value[at->of->operand[k]].root].stage ==
            QUELL_FROM_SAMPLE)
            sweep.skip[k] = quell_elements(shape);
    }
    return sweep;
}

/* Computes any result row by row, along the last dimension. */
static void run_any(const struct quell_execution *at)
{
    struct sweep sweep = sweep_of(at);
    size_t last = sweep.shape.rank - 1, count = sweep.shape.size[last], from;
    size_t end = quell_part_of(at, at->samples, &from), place[QUELL_MAX_RANK] = {0};
    struct quell_map map = {.rows = 1, .columns = count};
    map.out = at->out + from * quell_elements(&sweep.shape);
    for (size_t k = 0; k < 3; k++) map.column[k] = sweep.stride[k][last];
    for (size_t s = from; s < end; s++) {
        size_t offset[3] = {s * sweep.skip[0], s * sweep.skip[1], s * sweep.skip[2]};
        do {
            for (size_t k = 0; k < at->of->operands; k++) map.in[k] = sweep.in[k] + offset[k];
            if (quell_is_over_by(at, count * effort(at->of))) return;
            quell_map_rectangle(at->of, at->kernels, &map);
            map.out += count;
        } while (quell_next_place(&sweep.shape, last, place, 3,
                                  (const size_t(*)[QUELL_MAX_RANK])sweep.stride, offset));
    }
}

static void run(const struct quell_execution *at)
{
    if (at->of->rows <= QUELL_MAX_RANK &&
        at->program->value[at->of->result].stage == QUELL_FROM_SAMPLE)
        run_rectangle(at);
    else
        run_any(at);
}

static size_t rows(const struct quell_shape *result) { return result->rank; }

/* Divides the result in the same way as the first operand of the result's size that is divided, if
 * that division has whole rows or columns of the result. */
static void divide(struct quell_program *program, struct quell_instruction *now)
{
    const struct quell_shape *out = &program->value[now->result].shape;
    struct quell_division *by = quell_division_of(program, now);
    size_t count = quell_elements(out);
    for (size_t k = 0; k < now->operands && now->rows <= QUELL_MAX_RANK; k++) {
        const struct quell_division *of = quell_divided(program, now, k);
        if (!of->length || quell_elements(&program->value[now->operand[k]].shape) != count)
            continue;
        size_t columns = quell_elements_of(out, now->rows, out->rank);
        bool by_rows = of->length == count && (count / columns) % of->units == 0;
        if (!by->length && (columns == count || columns == of->length || by_rows)) *by = *of;
        if (quell_same_division(by, of)) now->own |= 1u << k;
    }
}

const struct quell_kind quell_kind_map = {
    .name = "map",
    .least = 1,
    .most = 3,
    .together = true,
    .attributes = {[FUNCTION] = {"function", QUELL_CHOICE, true, 0, names}},
    .shared = true,
    .infer = infer,
    .effort = effort,
    .run = run,
    .rows = rows,
    .divide = divide,
};
