/* SPDX-License-Identifier: MIT */
#include "denoisers/blas.h"
#include "base/serial.h"

/* With one thread of OpenMP's, OpenBLAS takes the calling thread alone, and finds no number of
 * threads to set anew for the whole process. With several it opens a region, whose runtime ends the
 * process where a thread cannot be had; and it waits for a buffer that, in a child of fork(), a
 * thread of the parent's may hold for ever. An eigenbasis is hardly slower: 2000 x 2000 takes 6.2 s
 * on one core and 5.7 to 6.4 on two, 100 x 100 a twentieth of the time. */
void quell_with_blas(void (*body)(void *data), void *data)
{
    QUELL_SERIAL_OPENMP(true);
    body(data);
}
