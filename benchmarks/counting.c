/* SPDX-License-Identifier: MIT */
#include "counting.h"

_Thread_local struct counted counted;

static const struct quell_kernels *real;

static void dots(const struct quell_dots *x)
{
    double columns = (double)x->n * (double)x->k;
    counted.products += (double)x->m * columns;
    counted.right += columns * (x->narrow ? 2 : 4);
    real->dots(x);
}

static void product(const struct quell_product *x)
{
    counted.products += (double)x->m * (double)x->n * (double)x->k;
    real->product(x);
}

static void windows(const struct quell_windows *x)
{
    counted.products += (double)x->rows * (double)x->columns * (double)x->taps;
    real->windows(x);
}

static void count(size_t rows, size_t columns)
{
    counted.elements += (double)rows * (double)columns;
}

static void split(const struct quell_split *x)
{
    size_t side = 2 * x->points->pairs + 2;
    count(x->tiles * side * side, x->channels);
    real->split(x);
}

static void join(const struct quell_join *x)
{
    size_t side = 2 * x->points->pairs + 2;
    count(x->tiles * side * side, x->channels);
    real->join(x);
}

static void turn(const float *from, size_t rows, size_t from_row, size_t columns, float *to,
                 size_t to_row)
{
    count(rows, columns);
    real->turn(from, rows, from_row, columns, to, to_row);
}

static void every(size_t n, const float *x, size_t step, float *to)
{
    count(1, n);
    real->every(n, x, step, to);
}

static void stretch(size_t n, const float *x, size_t factor, float *to)
{
    count(factor, n);
    real->stretch(n, x, factor, to);
}

static void blend(const struct quell_blend *x)
{
    count(1, x->count);
    real->blend(x);
}

static void sum_rows(const struct quell_sums *x)
{
    count(x->sets, x->count);
    real->sum_rows(x);
}

static void sum_columns(const struct quell_sums *x)
{
    count(x->sets, x->count);
    real->sum_columns(x);
}

static void standardise(const struct quell_standard *x)
{
    count(x->rows, x->columns);
    real->standardise(x);
}

static void weigh_rows(float *x, size_t rows, size_t stride, size_t n, float *total)
{
    count(rows, n);
    real->weigh_rows(x, rows, stride, n, total);
}

/* A function for each map, which knows which one it is. */
#define MAPS_0(MAP) MAP(0) MAP(1) MAP(2) MAP(3) MAP(4) MAP(5) MAP(6) MAP(7)
#define MAPS_8(MAP) MAP(8) MAP(9) MAP(10) MAP(11) MAP(12) MAP(13) MAP(14) MAP(15)
#define MAPS_16(MAP) MAP(16) MAP(17) MAP(18) MAP(19) MAP(20) MAP(21) MAP(22) MAP(23)
#define MAPS_24(MAP) MAP(24) MAP(25) MAP(26) MAP(27) MAP(28) MAP(29) MAP(30)
#define MAPS(MAP) MAPS_0(MAP) MAPS_8(MAP) MAPS_16(MAP) MAPS_24(MAP)
#define COUNTED(number)                                 \
    static void map_##number(const struct quell_map *x) \
    {                                                   \
        count(x->rows, x->columns);                     \
        real->map[number](x);                           \
    }
MAPS(COUNTED)
#define ENTRY(number) map_##number,
static void (*const maps[])(const struct quell_map *) = {MAPS(ENTRY)};
_Static_assert(sizeof maps / sizeof *maps == QUELL_MAP_FUNCTIONS, "MAPS must have all functions");

const struct quell_kernels *counting_kernels(void)
{
    static struct quell_kernels kernels;
    real = quell_kernels_widest();
    kernels = *real;
    kernels.dots = dots;
    kernels.product = product;
    kernels.windows = windows;
    kernels.split = split;
    kernels.join = join;
    kernels.turn = turn;
    kernels.every = every;
    kernels.stretch = stretch;
    kernels.blend = blend;
    kernels.sum_rows = sum_rows;
    kernels.sum_columns = sum_columns;
    kernels.standardise = standardise;
    kernels.weigh_rows = weigh_rows;
    for (size_t i = 0; i < QUELL_MAP_FUNCTIONS; i++) kernels.map[i] = maps[i];
    return &kernels;
}
