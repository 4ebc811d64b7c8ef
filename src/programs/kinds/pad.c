/* SPDX-License-Identifier: MIT */
/* pad: adds elements before and after those of x along each dimension, or removes some:
 * y[i] = x[i - before]. Beyond the ends of x, y is a value or an element of x. */
#include "programs/kind.h"

#include <inttypes.h>
#include <string.h>

enum { BEFORE, AFTER, MODE, VALUE };
enum { CONSTANT, CIRCULAR, REFLECT, REPLICATE };

static const char *const modes[] = {"constant", "circular", "reflect", "replicate", NULL};

/* Returns the largest number of elements that can be added at an end of a dimension. */
static int64_t most_of(int64_t mode, size_t size)
{
    if (mode == CIRCULAR) return (int64_t)size;
    return mode == REFLECT ? (int64_t)size - 1 : (int64_t)1 << 31;
}

static quell_status infer(struct quell_inference *at)
{
    const struct quell_shape *x = quell_operand(at, 0);
    const struct quell_setting *set = at->of->set;
    const int64_t limit = (int64_t)1 << 31;
    quell_status status = quell_list_or(at, BEFORE, x->rank, 0, -limit, limit);
    if (!status) status = quell_list_or(at, AFTER, x->rank, 0, -limit, limit);
    if (!status && set[VALUE].given && quell_set(at->of, MODE) != CONSTANT)
        status = quell_refuse(at, "'value' is not used by '%s'", modes[quell_set(at->of, MODE)]);
    if (status) return status;
    at->out = *x;
    for (size_t d = 0; d < x->rank; d++) {
        int64_t before = set[BEFORE].whole[d], after = set[AFTER].whole[d];
        int64_t most = most_of(quell_set(at->of, MODE), x->size[d]);
        int64_t size = before + (int64_t)x->size[d] + after;
        if (before > most || after > most)
            return quell_refuse(
                at, "'before' and 'after' must be at most %" PRId64 " along dimension %zu", most,
                d);
        if (size < 1) return quell_refuse(at, "nothing is left along dimension %zu", d);
        at->out.size[d] = (size_t)size;
    }
    return QUELL_OK;
}

/* Returns the element of a dimension of that size that stands at position i, or -1 for none. */
static int64_t seen_at(int64_t mode, int64_t i, int64_t size)
{
    if (i >= 0 && i < size) return i;
    switch (mode) {
    case CIRCULAR:
        return i < 0 ? i + size : i - size;
    case REFLECT:
        return i < 0 ? -i : 2 * (size - 1) - i;
    case REPLICATE:
        return i < 0 ? 0 : size - 1;
    default:
        return -1;
    }
}

/* Writes y at the positions of the last dimension. `x` has the elements along it, or is NULL if
 * there are none. */
static void pad_line(const struct quell_execution *at, const float *x, float *y)
{
    size_t last = quell_out_shape(at)->rank - 1, size = quell_out_shape(at)->size[last];
    int64_t mode = quell_set(at->of, MODE), before = at->of->set[BEFORE].whole[last];
    int64_t in = (int64_t)quell_shape_of(at, 0)->size[last];
    int64_t begin = before < 0 ? 0 : before, end = before + in;
    if (end > (int64_t)size) end = (int64_t)size;
    if (begin > end) begin = end;
    if (x && end > begin) memcpy(y + begin, x + begin - before, (size_t)(end - begin) * sizeof *y);
    for (int64_t i = 0; i < (int64_t)size; i++) {
        if (x && i == begin) i = end;
        if (i >= (int64_t)size) break;
        int64_t from = x ? seen_at(mode, i - before, in) : -1;
        y[i] = from < 0 ? at->of->set[VALUE].real : x[from];
    }
}

/* Returns the index of the line of x that y has at a place, or -1 for none. */
static ptrdiff_t line_of(const struct quell_execution *at, const size_t *place)
{
    const struct quell_shape *x = quell_shape_of(at, 0);
    const int64_t *before = at->of->set[BEFORE].whole;
    ptrdiff_t line = 0;
    for (size_t d = 0; d + 1 < x->rank; d++) {
        int64_t i =
            seen_at(quell_set(at->of, MODE), (int64_t)place[d] - before[d], (int64_t)x->size[d]);
        if (i < 0) return -1;
        line = line * (ptrdiff_t)x->size[d] + (ptrdiff_t)i;
    }
    return line;
}

/* Sets the place of a line of the result. */
static void find_place(const struct quell_shape *out, size_t line, size_t *place)
{
    for (size_t d = out->rank - 1; d-- > 0; line /= out->size[d]) place[d] = line % out->size[d];
}

static void run(const struct quell_execution *at)
{
    const struct quell_shape *out = quell_out_shape(at), *in = quell_shape_of(at, 0);
    const float *x = quell_in(at, 0);
    size_t place[QUELL_MAX_RANK] = {0}, from;
    if (!out->rank) {
        if (!at->worker) *at->out = *x;
        return;
    }
    size_t last = out->rank - 1, wide = out->size[last];
    size_t end = quell_part_of(at, quell_elements_of(out, 0, last), &from);
    find_place(out, from, place);
    for (size_t i = from; i < end && !quell_is_over_by(at, 2 * wide); i++) {
        ptrdiff_t line = line_of(at, place);
        pad_line(at, line < 0 ? NULL : x + line * (ptrdiff_t)in->size[last], at->out + i * wide);
        quell_next_place(out, last, place, 0, NULL, NULL);
    }
}

const struct quell_kind quell_kind_pad = {
    .name = "pad",
    .least = 1,
    .most = 1,
    .attributes = {[BEFORE] = {.name = "before", .type = QUELL_WHOLES},
                   [AFTER] = {.name = "after", .type = QUELL_WHOLES},
                   [MODE] = {"mode", QUELL_CHOICE, false, CONSTANT, modes},
                   [VALUE] = {.name = "value", .type = QUELL_REAL}},
    .shared = true,
    .infer = infer,
    .run = run,
};
