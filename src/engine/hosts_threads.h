/* SPDX-License-Identifier: MIT */
/* Runs workers on the host's own threads, by quell_run.parallel. */
#ifndef QUELL_ENGINE_HOSTS_THREADS_H
#define QUELL_ENGINE_HOSTS_THREADS_H

#include <quell/run.h>

/* Calls body(data, i) for i from 0 to workers - 1 by run->parallel. Returns QUELL_DENOISER_FAILED
 * if the host's function leaves a worker out, calls one twice, calls one that does not exist, or
 * reports an error. The body runs at most once for each worker, and no worker is running when this
 * function returns. */
quell_status quell_hosts_threads_run(const quell_run *run, size_t workers,
                                     void (*body)(void *data, size_t i), void *data);

#endif
