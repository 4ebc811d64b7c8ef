/* SPDX-License-Identifier: MIT */
/* Tells the service manager, such as systemd, about the state of the server (sd_notify(3)). */
#ifndef QUELL_SERVE_NOTIFY_H
#define QUELL_SERVE_NOTIFY_H

/* Sends `state`, such as "READY=1" or "STOPPING=1", to the socket named by $NOTIFY_SOCKET. Does
 * nothing if the variable is not set; errors are ignored. */
void serve_notify(const char *state);

#endif
