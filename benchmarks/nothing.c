/* SPDX-License-Identifier: MIT */
/* A denoiser of no cost, for benchmarks/peers, whose own language would make it cost something: its
 * output is whatever the register holds, which is zeros. */
#include <quell/function.h>

QUELL_API int quell_nothing(void *user, const quell_call *call, const float *x, float *out);

int quell_nothing(void *user, const quell_call *call, const float *x, float *out)
{
    (void)user, (void)call, (void)x, (void)out;
    return 0;
}
