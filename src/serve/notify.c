/* SPDX-License-Identifier: MIT */
/* The protocol is a single datagram (sd_notify(3)), so systemd's library is not needed. */
#include "serve/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void serve_notify(const char *state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof at.sun_path || (*path != '/' && *path != '@')) return;
    memcpy(at.sun_path, path, length);
    if (*path == '@') at.sun_path[0] = '\0'; /* the abstract namespace */
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) return;
    (void)sendto(file, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&at,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    close(file);
}
