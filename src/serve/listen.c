/* SPDX-License-Identifier: MIT */
#include "serve/listen.h"
#include "base/fail.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024 /* how many connections the kernel keeps until they are accepted */

struct place {
    char host[256], port[8];
};

/* Parses "HOST:PORT". An address that contains colons must be in brackets. */
static bool take_apart(const char *where, struct place *place)
{
    const char *colon = strrchr(where, ':');
    size_t length = colon ? (size_t)(colon - where) : 0;
    bool brackets = length > 2 && *where == '[' && where[length - 1] == ']';
    if (!length || length >= sizeof place->host || strlen(colon + 1) >= sizeof place->port ||
        !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strtol(colon + 1, NULL, 10) > 65535 || (!brackets && memchr(where, ':', length)))
        return false;
    snprintf(place->host, sizeof place->host, "%.*s", (int)(brackets ? length - 2 : length),
             where + brackets);
    strcpy(place->port, colon + 1);
    return true;
}

static quell_status fail(const char *where)
{
    return quell_fail(QUELL_IO_FAILED, "serve: cannot listen at %.200s: %s", where,
                      strerror(errno));
}

/* Writes the address, with the port that the kernel may have chosen. */
static void say_address(const struct place *place, struct serve_listening *listening)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char port[8] = "";
    if (!getsockname(listening->file, (struct sockaddr *)&own, &size))
        getnameinfo((struct sockaddr *)&own, size, NULL, 0, port, sizeof port, NI_NUMERICSERV);
    bool colons = strchr(place->host, ':');
    snprintf(listening->address, sizeof listening->address, "http://%s%s%s:%s", colons ? "[" : "",
             place->host, colons ? "]" : "", port);
}

static quell_status open_at(const char *where, const struct addrinfo *info,
                            struct serve_listening *listening)
{
    int yes = 1;
    int file = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
    if (file < 0) return fail(where);
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(file, info->ai_addr, info->ai_addrlen) || listen(file, BACKLOG)) {
        quell_status status = fail(where);
        close(file);
        return status;
    }
    listening->file = file;
    listening->flags = info->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    return QUELL_OK;
}

quell_status serve_listen(const char *where, struct serve_listening *listening)
{
    struct place place;
    struct addrinfo *info, wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    if (!take_apart(where, &place))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "serve: cannot listen at '%.200s': must be HOST:PORT, as 127.0.0.1:8080 "
                          "or [::1]:8080",
                          where);
    int wrong = getaddrinfo(place.host, place.port, &wanted, &info);
    if (wrong)
        return quell_fail(QUELL_BAD_ARGUMENT, "serve: cannot listen at '%.200s': %s", where,
                          gai_strerror(wrong));
    quell_status status = open_at(where, info, listening);
    freeaddrinfo(info);
    if (!status) say_address(&place, listening);
    return status;
}
