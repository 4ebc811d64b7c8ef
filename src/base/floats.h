/* SPDX-License-Identifier: MIT */
/* The floating-point environment. Everything is computed in the default one, whatever the host's
 * rounding mode and flush-to-zero are, and the host gets its own back, exception flags included.
 *
 * QUELL_OWN_FLOATS; as the first line of a function holds until it returns, on any way out. */
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
