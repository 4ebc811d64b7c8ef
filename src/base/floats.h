/* SPDX-License-Identifier: MIT */
/* The floating-point environment: samples are computed in the default one, whatever the host's
 * rounding mode and flush-to-zero are, and the host gets its own back. */
#ifndef QUELL_BASE_FLOATS_H
#define QUELL_BASE_FLOATS_H

#include <fenv.h>

static inline void quell_floats_enter(fenv_t *host)
{
    fegetenv(host);
    fesetenv(FE_DFL_ENV);
}

static inline void quell_floats_leave(const fenv_t *host) { fesetenv(host); }

#endif
