/* SPDX-License-Identifier: MIT */
/* Opening a listening socket. */
#ifndef QUELL_SERVE_LISTEN_H
#define QUELL_SERVE_LISTEN_H

#include <quell/status.h>

struct serve_listening {
    int file;
    unsigned flags;    /* for MHD_start_daemon */
    char address[300]; /* as a client writes it, such as "http://127.0.0.1:8080" */
};

/* Listens at "HOST:PORT" or "[IPV6]:PORT"; for port 0 the system chooses a free port. Fails with
 * QUELL_BAD_ARGUMENT or QUELL_IO_FAILED. */
quell_status serve_listen(const char *where, struct serve_listening *listening);

#endif
