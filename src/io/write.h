/* SPDX-License-Identifier: MIT */
#ifndef QUELL_IO_WRITE_H
#define QUELL_IO_WRITE_H

#include <sys/types.h>

/* write(), except that a pipe without a reader and a file beyond RLIMIT_FSIZE are mere errors
 * (EPIPE and EFBIG): the signals that come with them would end a host that does not expect them,
 * and are not delivered. */
ssize_t quell_write(int file, const void *data, size_t bytes);

#endif
