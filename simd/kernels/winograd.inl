/* SPDX-License-Identifier: MIT */
/* The transforms of convolutions by Winograd's algorithm (docs/programs.md, conv): lines of 2 pairs
 * + 2 elements, whose vectors run over channels. Points come in pairs a, -a, so that the even and
 * the odd elements of a line are summed once for both. */

/* A square has at most eight lines. */
#define MOST_SQUARE 8

/* Returns c[0] d[0] + c[1] d[2] + ..., with a last coefficient of 1, summed from the last term
 * down. */
TILE vf winograd_descend(const size_t count, const float *c, const vf *d)
{
    vf s = d[2 * (count - 1)];
    if (count > 3) s = v_fma(v_set1(c[2]), d[4], s);
    if (count > 2) s = v_fma(v_set1(c[1]), d[2], s);
    if (count > 1) s = v_fma(v_set1(c[0]), d[0], s);
    return s;
}

TILE void split_pair(const struct quell_winograd_points *x, const size_t pairs, const size_t i,
                     const vf *d, vf *to)
{
    vf even = winograd_descend(pairs, x->other[i], d + 2), a = v_set1(x->power[1][i]);
    vf odd = winograd_descend(pairs, x->other[i], d + 1);
    to[1 + 2 * i] = v_fma(a, odd, even);
    to[2 + 2 * i] = v_fnma(a, odd, even);
}

TILE void split_line(const struct quell_winograd_points *x, const size_t pairs, const vf *d, vf *to)
{
    to[0] = winograd_descend(pairs + 1, x->all, d);
    split_pair(x, pairs, 0, d, to);
    if (pairs > 1) split_pair(x, pairs, 1, d, to);
    if (pairs > 2) split_pair(x, pairs, 2, d, to);
    to[2 * pairs + 1] = winograd_descend(pairs + 1, x->all, d + 1);
}

/* Returns element j of a joined line. `of` has the sums of the pairs for an even j, and the
 * differences for an odd one. */
TILE vf join_one(const struct quell_winograd_points *x, const size_t pairs, const size_t j,
                 const vf *of, const vf *d)
{
    vf s = v_set1(x->power[j][0]);
    if (j == 0)
        s = v_add(d[0], of[0]);
    else if (j + 1 == 2 * pairs)
        s = v_fma(s, of[0], d[2 * pairs + 1]);
    else
        s = v_mul(s, of[0]);
    if (pairs > 1) s = v_fma(v_set1(x->power[j][1]), of[1], s);
    if (pairs > 2) s = v_fma(v_set1(x->power[j][2]), of[2], s);
    return s;
}

TILE void join_line(const struct quell_winograd_points *x, const size_t pairs, const vf *d, vf *to)
{
    vf sum[3], difference[3];
#define JOIN_PAIR(i)                                       \
    if (pairs > i) {                                       \
        sum[i] = v_add(d[1 + 2 * i], d[2 + 2 * i]);        \
        difference[i] = v_sub(d[1 + 2 * i], d[2 + 2 * i]); \
    }
    JOIN_PAIR(0)
    JOIN_PAIR(1)
    JOIN_PAIR(2)
    to[0] = join_one(x, pairs, 0, sum, d);
    to[1] = join_one(x, pairs, 1, difference, d);
    if (pairs > 1) to[2] = join_one(x, pairs, 2, sum, d);
    if (pairs > 1) to[3] = join_one(x, pairs, 3, difference, d);
    if (pairs > 2) to[4] = join_one(x, pairs, 4, sum, d);
    if (pairs > 2) to[5] = join_one(x, pairs, 5, difference, d);
}

/* A loop over the elements of a line, with literal indices. */
#define EACH_OF_LINE(count, DO) \
    do {                        \
        DO(0);                  \
        DO(1);                  \
        if ((count) > 2) DO(2); \
        if ((count) > 3) DO(3); \
        if ((count) > 4) DO(4); \
        if ((count) > 5) DO(5); \
        if ((count) > 6) DO(6); \
        if ((count) > 7) DO(7); \
    } while (0)

/* Transforms one vector of channels of a tile. */
TILE void split_tile(const struct quell_split *x, const float *from, float *to, const size_t pairs)
{
    const size_t size = 2 * pairs + 2, line = x->line, frequency = x->frequency;
    vf rows[MOST_SQUARE][MOST_SQUARE], d[MOST_SQUARE], t[MOST_SQUARE];
    for (size_t j = 0; j < size; j++, from += x->position) {
#define SPLIT_LOAD(i) d[i] = v_load(from + i * line)
        EACH_OF_LINE(size, SPLIT_LOAD);
        split_line(x->points, pairs, d, t);
#define SPLIT_KEEP(i) rows[i][j] = t[i]
        EACH_OF_LINE(size, SPLIT_KEEP);
    }
    for (size_t i = 0; i < size; i++, to += size * frequency) {
        split_line(x->points, pairs, rows[i], t);
#define SPLIT_STORE(j) v_store(to + j * frequency, t[j])
        EACH_OF_LINE(size, SPLIT_STORE);
    }
}

TILE void split_tiles(const struct quell_split *x, const size_t pairs)
{
    for (size_t t = 0; t < x->tiles; t++)
        for (size_t c = 0; c < x->channels; c += LANES)
            split_tile(x, x->x + t * 2 * pairs * x->position + c, x->out + t * x->tile + c, pairs);
}

static void split(const struct quell_split *x)
{
    if (x->points->pairs == 1)
        split_tiles(x, 1);
    else if (x->points->pairs == 2)
        split_tiles(x, 2);
    else
        split_tiles(x, 3);
}

/* Transforms one vector of channels of a tile back, and stores `lines` lines and `width` columns of
 * it. */
TILE void join_tile(const struct quell_join *x, const float *from, float *to, size_t width,
                    const float *bias, const size_t pairs)
{
    const size_t size = 2 * pairs + 2, frequency = x->frequency, position = x->position;
    vf rows[MOST_SQUARE][MOST_SQUARE], d[MOST_SQUARE], t[MOST_SQUARE];
    vf more = bias ? v_load(bias) : v_set1(0.0f);
    for (size_t j = 0; j < size; j++, from += frequency) {
#define JOIN_LOAD(i) d[i] = v_load(from + i * size * frequency)
        EACH_OF_LINE(size, JOIN_LOAD);
        join_line(x->points, pairs, d, t);
#define JOIN_KEEP(i) rows[i][j] = t[i]
        EACH_OF_LINE(2 * pairs, JOIN_KEEP);
    }
    for (size_t i = 0; i < x->lines; i++, to += x->line) {
        join_line(x->points, pairs, rows[i], t);
#define JOIN_BIAS(j) t[j] = v_add(t[j], more)
        if (bias) EACH_OF_LINE(2 * pairs, JOIN_BIAS);
#define JOIN_STORE(j) \
    if (j < width) v_store(to + j * position, t[j])
        EACH_OF_LINE(2 * pairs, JOIN_STORE);
    }
}

TILE void join_tiles(const struct quell_join *x, const size_t pairs)
{
    for (size_t t = 0, done = 0; t < x->tiles; t++, done += 2 * pairs)
        for (size_t c = 0; c < x->channels; c += LANES)
            join_tile(x, x->x + t * x->tile + c, x->out + done * x->position + c, x->width - done,
                      x->bias ? x->bias + c : NULL, pairs);
}

static void join(const struct quell_join *x)
{
    if (x->points->pairs == 1)
        join_tiles(x, 1);
    else if (x->points->pairs == 2)
        join_tiles(x, 2);
    else
        join_tiles(x, 3);
}
