/* SPDX-License-Identifier: MIT */
/* A socket that listens. */
#ifndef QUELL_SERVE_LISTEN_H
#define QUELL_SERVE_LISTEN_H

#include <quell/status.h>

/* address: as a client writes it, "http://127.0.0.1:8080". flags: libmicrohttpd's. */
struct serve_listening {
    int file;
    unsigned flags;
    char address[300];
};

/* Listens at "HOST:PORT" or "[IPV6]:PORT"; port 0 is one that is free. Fails with
 * QUELL_BAD_ARGUMENT or QUELL_IO_FAILED. */
quell_status serve_listen(const char *where, struct serve_listening *listening);

#endif
