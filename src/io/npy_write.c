/* SPDX-License-Identifier: MIT */
/* The header of an .npy file, as NumPy writes it. */
#include "io/npy.h"

#include <stdio.h>
#include <string.h>

size_t quell_npy_header(char header[QUELL_NPY_HEADER], size_t rank, const size_t *shape)
{
    static const char magic[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
    memset(header, ' ', QUELL_NPY_HEADER);
    memcpy(header, magic, sizeof magic);
    size_t length = 10;
    length += (size_t)snprintf(header + length, QUELL_NPY_HEADER - length,
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (size_t i = 0; i < rank; i++)
        length += (size_t)snprintf(header + length, QUELL_NPY_HEADER - length, "%s%zu",
                                   i ? ", " : "", shape[i]);
    length += (size_t)snprintf(header + length, QUELL_NPY_HEADER - length, "%s), }",
                               rank == 1 ? "," : "");
    header[length] = ' '; /* in place of the final '\0' */
    size_t whole = (length / 64 + 1) * 64;
    header[whole - 1] = '\n';
    header[8] = (char)((whole - 10) & 0xff);
    header[9] = (char)((whole - 10) >> 8);
    return whole;
}
