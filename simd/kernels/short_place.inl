/* SPDX-License-Identifier: MIT */
/* What the kernels for short numbers share that short_dots.inl needs, and that they need of it. */

#define MOST_BYTE_ROWS 192
#define WORD ((size_t)4) /* bytes of a group of weights of a column */
#define NEXT_GROUP ((size_t)QUELL_PANEL * WORD)

VERB byte_element *element_at(void *out, size_t i) { return (byte_element *)out + i; }

static void zeros(size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) *element_at(out, i) = BYTE_ZERO;
}

/* A tile at work: its rows of A, with their steps, and its columns, whose weights begin at b, in a
 * panel of which `ends` has the sums, scales and biases. */
struct byte_place {
    const byte_element *const *a;
    const float *step;
    size_t step_row, groups;
    const size_t *left;
    const signed char *b;
    const float *ends;
    int biased;
    float *total;
};
