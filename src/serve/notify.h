/* SPDX-License-Identifier: MIT */
/* Whoever started the server may want to hear when it is ready, as systemd does (sd_notify(3)). */
#ifndef QUELL_SERVE_NOTIFY_H
#define QUELL_SERVE_NOTIFY_H

/* Sends "READY=1", "STOPPING=1" ... to the socket that $NOTIFY_SOCKET names; nothing if none is
 * named, or nobody listens there. */
void serve_notify(const char *state);

#endif
