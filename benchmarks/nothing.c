/* SPDX-License-Identifier: MIT */
/* A denoiser that costs nothing, for benchmarks/peers: in Python it would cost something. It leaves
 * its output as the register was, which is zeros. */
#include <quell/function.h>

QUELL_API int quell_nothing(void *user, const quell_call *call, const float *x, float *out);

int quell_nothing(void *user, const quell_call *call, const float *x, float *out)
{
    (void)user, (void)call, (void)x, (void)out;
    return 0;
}
