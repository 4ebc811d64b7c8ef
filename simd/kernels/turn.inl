/* SPDX-License-Identifier: MIT */
/* Transposes of rectangles, such as results of products. */

/* Sets to[j][r] = from[r][j] for LANES rows. The last four columns overlap others if necessary. */
TILE void turn_lanes(const float *from, size_t from_row, size_t columns, float *to, size_t to_row)
{
    for (size_t j = 0; j < columns; j += 4) {
        vf column[4];
        size_t at = j + 4 <= columns ? j : columns - 4;
        v_load_rows(from + at, from_row, column);
        for (size_t c = 0; c < 4; c++) v_store(to + (at + c) * to_row, column[c]);
    }
}

typedef float four_floats __attribute__((vector_size(16)));

/* Does the same for four rows, for any LANES. */
static void turn_four(const float *from, size_t from_row, size_t columns, float *to, size_t to_row)
{
    for (size_t j = 0; j < columns; j += 4) {
        four_floats row[4], column[4];
        size_t at = j + 4 <= columns ? j : columns - 4;
        for (size_t r = 0; r < 4; r++) memcpy(&row[r], from + r * from_row + at, sizeof row[r]);
        four_floats a = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
        four_floats b = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
        four_floats c = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
        four_floats d = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
        column[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
        column[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
        column[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
        column[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
        for (size_t i = 0; i < 4; i++) memcpy(to + (at + i) * to_row, &column[i], sizeof column[i]);
    }
}

/* Does the same for two rows whose columns become consecutive, as in a group of two channels. */
static void turn_two(const float *from, size_t from_row, size_t columns, float *to)
{
    for (size_t j = 0; j < columns; j += 4) {
        four_floats row[2], column[2];
        size_t at = j + 4 <= columns ? j : columns - 4;
        for (size_t r = 0; r < 2; r++) memcpy(&row[r], from + r * from_row + at, sizeof row[r]);
        column[0] = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
        column[1] = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
        for (size_t i = 0; i < 2; i++) memcpy(to + 2 * at + 4 * i, &column[i], sizeof column[i]);
    }
}

/* Transposes all rows. Each cache line is used completely after it has been read, because the rows
 * of images whose sizes are powers of two evict one another. */
static void turn(const float *from, size_t rows, size_t from_row, size_t columns, float *to,
                 size_t to_row)
{
    if (rows == 2 && to_row == 2 && columns >= 4) {
        turn_two(from, from_row, columns, to);
        return;
    }
    if (rows < (LANES < 4 ? LANES : 4) || columns < 4) {
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < columns; j++) to[j * to_row + r] = from[r * from_row + j];
        return;
    }
    if (rows < LANES) {
        for (size_t r = 0; r < rows; r += 4) {
            size_t at = r + 4 <= rows ? r : rows - 4;
            turn_four(from + at * from_row, from_row, columns, to + at, to_row);
        }
        return;
    }
    for (size_t r = 0; r < rows; r += LANES) {
        size_t at = r + LANES <= rows ? r : rows - LANES;
        turn_lanes(from + at * from_row, from_row, columns, to + at, to_row);
    }
}
