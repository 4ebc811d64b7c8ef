/* SPDX-License-Identifier: MIT */
/* Declarations that short_dots.inl and the kernels for short numbers share. */

#define MOST_BYTE_ROWS 192
#define WORD ((size_t)4) /* bytes in a group of weights of a column */
#define NEXT_GROUP ((size_t)QUELL_PANEL * WORD)

VERB byte_element *element_at(void *out, size_t i) { return (byte_element *)out + i; }

static void zeros(size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) *element_at(out, i) = BYTE_ZERO;
}

/* A tile being computed: its rows of A, with their steps, and its columns, whose weights begin at
 * b, in a panel whose sums, scales and biases are at `ends`. */
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
