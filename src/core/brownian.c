/* SPDX-License-Identifier: MIT */
/* Brownian motion on [0, 1] by Levy's and Ciesielski's construction, with one standard normal Z for
 * each dyadic interval:
 *
 *     W(t) = t Z_0 + sum_l 2^(-l / 2) d_l(t) Z_{2^l + j},   l = 0, 1, ..., 23,
 *
 * where the place t lies in the j-th interval of length 2^-l, and d_l(t) is its distance to the
 * nearer end over that length: Schauder's hat functions, the midpoints' displacements. Cut off
 * after level 23 the sum is exact at all multiples of 2^-24, whose increments over intervals that
 * do not overlap are independent. It needs no memory and no order: an increment is a sum of at most
 * 49 terms. */
#include "brownian.h"
#include "base/floats.h"
#include "base/maths.h"
#include <quell/noise.h>

uint32_t quell_brownian_cell(double place)
{
    return (uint32_t)floor(place * QUELL_BROWNIAN_CELLS + 0.5);
}

double quell_noise_place(double lambda)
{
    QUELL_OWN_FLOATS;
    return 1 / (1 + quell_exp(-lambda / 4));
}

uint32_t quell_brownian_cell_of(const quell_point *point)
{
    return quell_brownian_cell(quell_noise_place(quell_lambda(point)));
}

/* An interval of some level, and the distance of a time from the interval's nearer end, in
 * cells. */
struct hat {
    uint32_t node, distance;
};

static struct hat hat_at(uint32_t cell, unsigned level)
{
    unsigned shift = QUELL_BROWNIAN_DEPTH - level;
    uint32_t length = UINT32_C(1) << shift, past = cell & (length - 1);
    return (struct hat){(UINT32_C(1) << level) + (cell >> shift),
                        past < length - past ? past : length - past};
}

static size_t add(struct quell_node *nodes, size_t count, uint32_t node, uint32_t slot,
                  double weight)
{
    if (weight == 0) return count;
    nodes[count] = (struct quell_node){QUELL_STREAM(node, slot), weight};
    return count + 1;
}

size_t quell_brownian_nodes(const struct quell_increment *increment,
                            struct quell_node nodes[QUELL_BROWNIAN_NODES])
{
    uint32_t slot = increment->slot;
    double between = (double)increment->from - (double)increment->to;
    double root = sqrt(fabs(between) / QUELL_BROWNIAN_CELLS);
    size_t count = add(nodes, 0, 0, slot, between / QUELL_BROWNIAN_CELLS / root);
    double height = 1 / root; /* 2^(-level / 2) / root */
    for (unsigned level = 0; level < QUELL_BROWNIAN_DEPTH; level++) {
        struct hat from = hat_at(increment->from, level), to = hat_at(increment->to, level);
        double unit = height / (UINT32_C(1) << (QUELL_BROWNIAN_DEPTH - level));
        double rise = (double)from.distance, fall = -(double)to.distance;
        if (from.node == to.node) {
            count = add(nodes, count, from.node, slot, (rise + fall) * unit);
        } else {
            count = add(nodes, count, from.node, slot, rise * unit);
            count = add(nodes, count, to.node, slot, fall * unit);
        }
        height *= 0x1.6a09e667f3bcdp-1; /* sqrt(1/2) */
    }
    return count;
}
