/* SPDX-License-Identifier: MIT */
#include "short_cases.h"
#include "effort.h"
#include "harness.h"
#include "isas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct array short_elements(struct chance *chance, size_t rank, const size_t *size)
{
    struct array made = array_random(chance, rank, size);
    float factor = ldexpf(1, (int)chance_whole(chance, 0, 30) - 15);
    for (size_t i = 0; i < made.count; i++)
        made.at[i] *= (double)factor * (chance_whole(chance, 0, 50) ? 1 : 20);
    return made;
}

/* The instruction's result for every instruction set; constants: bit i makes array i one. */
static void check(const char *instruction, size_t count, const struct array *arrays,
                  const struct array *right, size_t workers, unsigned constants)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k)) {
        struct many many = {.instructions = instruction,
                            .count = count,
                            .arrays = arrays,
                            .constants = constants,
                            .workers = workers,
                            .kernels = k};
        struct array got = run_program(&many);
        CHECK(got.rank == right->rank && got.count == right->count, "%s: its shape", instruction);
        for (size_t i = 0; i < got.count; i++)
            CHECK(got.at[i] == right->at[i] || (isnan(got.at[i]) && isnan(right->at[i])),
                  "%s, %s: element %zu is %a, not %a", instruction, k->isa, i, got.at[i],
                  right->at[i]);
        array_free(&got);
    }
}

static size_t size_of(struct chance *chance)
{
    static const size_t sizes[] = {1, 1, 3, 4, 5, 16, 31, 33, 64, 130, 257};
    return sizes[chance_whole(chance, 0, 10)];
}

/* A row gets an element that is no number, or is of zeros or of tiny numbers. */
static void spoil(struct chance *chance, struct array *x, size_t row)
{
    size_t from = chance_whole(chance, 0, x->count / row - 1) * row;
    double most[] = {INFINITY, NAN, 0, 1e-37, 3.4e38};
    size_t which = chance_whole(chance, 0, 4);
    if (which < 2 || which == 4) x->at[from + chance_whole(chance, 0, row - 1)] = most[which];
    for (size_t i = 0; i < row && (which == 2 || which == 3); i++) x->at[from + i] *= most[which];
}

static void round_to_floats(struct array *x)
{
    for (size_t i = 0; i < x->count; i++) x->at[i] = (double)(float)x->at[i];
}

/* The operands [x, w, scale, bias] or [x, w, bias], as many as the instruction takes, and its
 * beginning in `text`. */
struct operands {
    struct array a[4];
    size_t count, made;
    const double *bias;
};
static struct operands operands_of(const struct short_kinds *kinds, struct chance *chance,
                                   struct array x, struct array w, size_t out, bool biased)
{
    struct operands of = {.a = {x, w}, .made = kinds->scaled ? 4 : 3};
    for (size_t i = 2; i < of.made; i++) of.a[i] = array_random(chance, 1, &out);
    of.count = of.made - !biased;
    if (biased) of.bias = of.a[of.made - 1].at;
    return of;
}

static void begin(char *text, const struct short_kinds *kinds, const char *kind, size_t operands)
{
    sprintf(text, "{'%s_%s': [", kind, kinds->end);
    for (size_t i = 0; i < operands; i++)
        sprintf(text + strlen(text), "%s'%c'", i ? ", " : "", (char)('a' + i));
    strcat(text, "]");
}

void check_short_linear(const struct short_kinds *kinds, short_linear_twin *twin)
{
    struct chance chance = {1};
    for (size_t trial = 0; trial < by_effort(40, 80, 80); trial++) {
        size_t in = size_of(&chance), out = size_of(&chance);
        size_t x_size[3] = {chance_whole(&chance, 1, 3), chance_whole(&chance, 1, 30), in};
        size_t w_size[2] = {out, in}, y_size[3] = {x_size[0], x_size[1], out};
        if (trial == 7) x_size[1] = y_size[1] = 257;
        struct array x = kinds->elements(&chance, 3, x_size);
        struct operands of =
            operands_of(kinds, &chance, x, kinds->weights(&chance, 2, w_size), out, trial % 2);
        struct array y = array_new(3, y_size);
        char text[100];
        if (trial % 5 == 0) spoil(&chance, &of.a[0], in);
        round_to_floats(&of.a[0]);
        twin(of.a, of.bias, &y);
        begin(text, kinds, "linear", of.count);
        strcat(text, "}");
        check(text, of.count, of.a, &y, trial % 4, 14);
        for (size_t k = 0; k < of.made; k++) array_free(&of.a[k]);
        array_free(&y);
    }
}

static void write_list(char *text, const char *name, const long *list, size_t rank)
{
    sprintf(text + strlen(text), ", '%s': [", name);
    for (size_t d = 0; d < rank; d++) sprintf(text + strlen(text), "%s%ld", d ? ", " : "", list[d]);
    strcat(text, "]");
}

bool window_place(const struct window *window, const struct array *x, const long *at,
                  const long *tap, long *from)
{
    bool inside = true;
    for (size_t d = 1; d < x->rank; d++) {
        from[d] = at[d] * window->stride[d - 1] + tap[d + 1] * window->dilation[d - 1] -
                  window->before[d - 1];
        inside = inside && from[d] >= 0 && from[d] < (long)x->size[d];
    }
    return inside;
}

/* Chooses the sizes and the attributes along one dimension of `rank`. */
static void choose(struct chance *chance, size_t rank, size_t d, struct window *window,
                   size_t *x_size, size_t *w_size, size_t *y_size)
{
    *x_size = chance_whole(chance, rank == 1 ? 8 : 3, rank == 1 ? 40 : rank == 2 ? 9 : 5);
    *w_size = chance_whole(chance, 1, 3);
    window->stride[d] = (long)chance_whole(chance, 1, 2);
    window->dilation[d] = (long)chance_whole(chance, 1, 2);
    window->before[d] = (long)chance_whole(chance, 0, 3) - 1;
    window->after[d] = (long)chance_whole(chance, 2, 4);
    long room = window->before[d] + (long)*x_size + window->after[d] -
                window->dilation[d] * ((long)*w_size - 1) - 1;
    if (room < 0) window->after[d] -= room, room = 0;
    *y_size = (size_t)(room / window->stride[d] + 1);
}

void check_short_conv(const struct short_kinds *kinds, short_conv_twin *twin)
{
    struct chance chance = {2};
    for (size_t trial = 0; trial < by_effort(23, 40, 40); trial++) {
        size_t rank = chance_whole(&chance, 1, 3);
        size_t in = trial % 9 ? chance_whole(&chance, 1, 9) : trial % 2 ? 257 : 20;
        size_t out = in > 9 ? 2 : trial % 11 ? chance_whole(&chance, 1, 35) : 257;
        size_t x_size[4] = {in}, w_size[5] = {out, in}, y_size[4] = {out};
        struct window window;
        char text[512];
        for (size_t d = 0; d < rank; d++)
            choose(&chance, rank, d, &window, &x_size[1 + d], &w_size[2 + d], &y_size[1 + d]);
        struct array x = kinds->elements(&chance, 1 + rank, x_size);
        struct operands of = operands_of(kinds, &chance, x,
                                         kinds->weights(&chance, 2 + rank, w_size), out, trial % 2);
        struct array y = array_new(1 + rank, y_size);
        if (trial % 10 == 3) spoil(&chance, &of.a[0], of.a[0].count);
        round_to_floats(&of.a[0]);
        twin(&window, of.a, of.bias, &y);
        begin(text, kinds, "conv", of.count);
        write_list(text, "stride", window.stride, rank);
        write_list(text, "before", window.before, rank);
        write_list(text, "after", window.after, rank);
        write_list(text, "dilation", window.dilation, rank);
        strcat(text, "}");
        check(text, of.count, of.a, &y, trial % 4, 14);
        for (size_t k = 0; k < of.made; k++) array_free(&of.a[k]);
        array_free(&y);
    }
}

const double *attention_query(const struct attention *is, const struct array *a, size_t head,
                              size_t i)
{
    return a[0].at + (head * is->m + i) * is->d;
}

const double *attention_key(const struct attention *is, const struct array *a, size_t head,
                            size_t j)
{
    return a[1].at + (head / is->groups * is->n + j) * is->d;
}

bool attention_weights(const struct attention *is, const struct array *a, size_t i, float *e)
{
    float most = -INFINITY;
    for (size_t j = 0; j < is->n; j++) {
        float m = is->mask ? (float)a[3].at[i * is->n + j] : 0;
        if (is->mask == 1) e[j] += m;
        if ((is->mask == 2 && m == 0) || (is->causal && j > i)) e[j] = -INFINITY;
        most = e[j] > most || isnan(e[j]) ? e[j] : most;
    }
    if (most == -INFINITY) return false;
    for (size_t j = 0; j < is->n; j++) e[j] -= most;
    isa_after(NULL)->exponential(e, e, is->n);
    return true;
}

static struct attention choose_attention(struct chance *chance, size_t trial)
{
    struct attention is = {.heads = chance_whole(chance, 1, 3),
                           .groups = chance_whole(chance, 1, 2),
                           .m = chance_whole(chance, 1, 20),
                           .n = trial == 9 ? 1100 : size_of(chance) % 100 + 1,
                           .d = size_of(chance) % 100 + 1,
                           .e = size_of(chance) % 100 + 1,
                           .mask = (int)(trial % 3),
                           .causal = trial % 4 == 3,
                           .scale = 0.375f};
    if (trial == 5) is.m = 200, is.d = is.e = 3;
    return is;
}

void check_short_attention(const struct short_kinds *kinds, short_attention_twin *twin)
{
    struct chance chance = {4};
    for (size_t trial = 0; trial < by_effort(30, 60, 60); trial++) {
        struct attention is = choose_attention(&chance, trial);
        size_t q[3] = {is.heads * is.groups, is.m, is.d}, k[3] = {is.heads, is.n, is.d},
               v[3] = {is.heads, is.n, is.e}, y_size[3] = {q[0], is.m, is.e},
               mask[2] = {is.m, is.n};
        struct array a[4] = {array_random(&chance, 3, q), array_random(&chance, 3, k),
                             kinds->elements(&chance, 3, v), array_random(&chance, 2, mask)};
        struct array y = array_new(3, y_size);
        char text[256];
        for (size_t i = 0; i < a[0].count; i++) a[0].at[i] *= 4;
        for (size_t i = 0; i < a[3].count && is.mask == 2; i++) a[3].at[i] = a[3].at[i] > 0;
        if (trial % 5 == 0) spoil(&chance, &a[trial / 5 % 3], a[trial / 5 % 3].size[2]);
        for (size_t w = 0; w < 3; w++) round_to_floats(&a[w]);
        for (size_t i = 0; i < q[0] * is.m; i++) twin(&is, a, i / is.m, i % is.m, y.at + i * is.e);
        begin(text, kinds, "attention", is.mask ? 4 : 3);
        sprintf(text + strlen(text), ", 'causal': %s, 'scale': 0.375%s}",
                is.causal ? "true" : "false", is.mask == 2 ? ", 'mask': 'keep'" : "");
        check(text, is.mask ? 4 : 3, a, &y, trial % 4, 0);
        for (int i = 0; i < 4; i++) array_free(&a[i]);
        array_free(&y);
    }
}
