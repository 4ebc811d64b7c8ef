/* SPDX-License-Identifier: MIT */
/* NumPy's .npy files of float32 and float64, or of integers: a strict reader and a header for a
 * writer that streams. The format is that of numpy.lib.format, versions 1.0 to 3.0. */
#ifndef QUELL_IO_NPY_H
#define QUELL_IO_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <quell/model.h>
#include <quell/status.h>

/* The rank of a sample's shape, and one dimension more for the count. */
#define QUELL_NPY_MAX_RANK (QUELL_MAX_RANK + 1)

/* integers: the values are integers, not floats. words: they must be at least 0, and may be up to
 * 2^64 - 1 in a file of unsigned integers. width: the bytes of a value, 4 or 8. values: the number
 * of values, the product of the shape. */
struct quell_npy {
    char *path;
    int file;
    bool integers, words, is_unsigned;
    size_t width;
    size_t rank;
    size_t shape[QUELL_NPY_MAX_RANK];
    size_t values;
    size_t taken;
};

/* Opens a file, and checks its whole header and its length against its shape. QUELL_IO_FAILED: it
 * cannot be read; QUELL_BAD_MODEL: it is not an .npy file. Read it in order, then close it. */
quell_status quell_npy_open(struct quell_npy *npy, const char *path);

/* Like quell_npy_open and quell_npy_floats, for a file of int32 or int64. */
quell_status quell_npy_open_integers(struct quell_npy *npy, const char *path);
quell_status quell_npy_integers(struct quell_npy *npy, size_t count, int64_t *out);

/* The same for a file of int32, int64 or uint64; a negative value is refused. */
quell_status quell_npy_open_words(struct quell_npy *npy, const char *path);
quell_status quell_npy_words(struct quell_npy *npy, size_t count, uint64_t *out);

/* Reads the next `count` values. A value that is not finite, or too large for a float, is
 * refused. */
quell_status quell_npy_floats(struct quell_npy *npy, size_t count, float *out);
quell_status quell_npy_doubles(struct quell_npy *npy, size_t count, double *out);

/* Skips the next `count` values, which must be there. */
quell_status quell_npy_skip(struct quell_npy *npy, size_t count);

/* Closes the file; a zeroed struct, or one that is closed already, is allowed. */
void quell_npy_close(struct quell_npy *npy);

/* Reads the dictionary of a header, text[0..length), into width, rank, shape and values. Returns
 * NULL, or what is wrong and how to mend it; the text lives in `reason`. */
const char *quell_npy_parse(struct quell_npy *npy, const char *text, size_t length,
                            char reason[160]);

/* The bytes before the data of a float32 array of that shape, a multiple of 64: at most 256. */
#define QUELL_NPY_HEADER 256
size_t quell_npy_header(char header[QUELL_NPY_HEADER], size_t rank, const size_t *shape);

#endif
