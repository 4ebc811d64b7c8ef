/* SPDX-License-Identifier: MIT */
/* The floating-point environment. quell computes in the default one, whatever rounding mode and
 * flush-to-zero the host has set, and then restores the host's, exception flags included.
 *
 * QUELL_OWN_FLOATS; as the first line of a function holds until the function returns, on any
 * path. */
#ifndef QUELL_BASE_FLOATS_H
#define QUELL_BASE_FLOATS_H

#include <fenv.h>

static inline fenv_t quell_floats_enter(void)
{
    fenv_t host;
    fegetenv(&host);
    fesetenv(FE_DFL_ENV);
    return host;
}

static inline void quell_floats_leave(const fenv_t *host) { fesetenv(host); }

#define QUELL_OWN_FLOATS                                                                          \
    __attribute__((cleanup(quell_floats_leave))) const fenv_t host_floats = quell_floats_enter(); \
    (void)host_floats

#endif
