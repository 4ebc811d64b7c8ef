/* SPDX-License-Identifier: MIT */
/* Loops over the rows and the vectors of a tile. */
#define TILE static inline __attribute__((always_inline))

/* A loop with constant bounds, unrolled by hand: with literal indices every compiler keeps the tile
 * in registers, whereas with a pragma for unrolling the tile may stay in memory. */
#define MOST_ROWS 12
#define MOST_VECTORS 8
#define EACH_VECTOR(DO)         \
    do {                        \
        if (vectors > 0) DO(0); \
        if (vectors > 1) DO(1); \
        if (vectors > 2) DO(2); \
        if (vectors > 3) DO(3); \
        if (vectors > 4) DO(4); \
        if (vectors > 5) DO(5); \
        if (vectors > 6) DO(6); \
        if (vectors > 7) DO(7); \
    } while (0)
#define EACH_ROW(DO)           \
    do {                       \
        if (rows > 0) DO(0);   \
        if (rows > 1) DO(1);   \
        if (rows > 2) DO(2);   \
        if (rows > 3) DO(3);   \
        if (rows > 4) DO(4);   \
        if (rows > 5) DO(5);   \
        if (rows > 6) DO(6);   \
        if (rows > 7) DO(7);   \
        if (rows > 8) DO(8);   \
        if (rows > 9) DO(9);   \
        if (rows > 10) DO(10); \
        if (rows > 11) DO(11); \
    } while (0)
