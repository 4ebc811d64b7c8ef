/* SPDX-License-Identifier: MIT */
#ifndef QUELL_IO_WRITE_H
#define QUELL_IO_WRITE_H

#include <sys/types.h>

/* write(), but a pipe without a reader and a file past RLIMIT_FSIZE are errors alone (EPIPE and
 * EFBIG): the signals that come with them, which would end a host that does not expect them, do
 * not. */
ssize_t quell_write(int file, const void *data, size_t bytes);

#endif
