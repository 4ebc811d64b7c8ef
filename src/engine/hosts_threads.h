/* SPDX-License-Identifier: MIT */
/* Workers on the host's own threads, by quell_run.parallel. */
#ifndef QUELL_ENGINE_HOSTS_THREADS_H
#define QUELL_ENGINE_HOSTS_THREADS_H

#include <quell/run.h>

/* Calls body(data, i) for i in 0..workers-1 by run->parallel. A worker that it leaves out, calls a
 * second time or does not know, and an error that it reports, are QUELL_DENOISER_FAILED; a body is
 * run once at most for each worker, and none goes on when this returns. */
quell_status quell_hosts_threads_run(const quell_run *run, size_t workers,
                                     void (*body)(void *data, size_t i), void *data);

#endif
