/* SPDX-License-Identifier: MIT */
#include "serve/address.h"
#include "base/fail.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct serve_address address_from(const void *bytes, size_t size)
{
    static const unsigned char mapped[12] = {[10] = 255, [11] = 255};
    struct serve_address address = {.size = size};
    if (size == 16 && !memcmp(bytes, mapped, sizeof mapped))
        return address_from((const char *)bytes + sizeof mapped, 4);
    memcpy(address.bytes, bytes, size);
    return address;
}

struct serve_address serve_address_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return address_from(&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    if (address->sa_family == AF_INET6)
        return address_from(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    return (struct serve_address){.size = 0};
}

void serve_address_write(const struct serve_address *address, char text[INET6_ADDRSTRLEN])
{
    int family = address->size == 4 ? AF_INET : AF_INET6;
    if (!address->size || !inet_ntop(family, address->bytes, text, INET6_ADDRSTRLEN))
        strcpy(text, "-");
}

/* Reads an address that is the whole text. */
static bool read_address(struct serve_address *address, const char *text)
{
    unsigned char bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1)
        *address = address_from(bytes, 4);
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        *address = address_from(bytes, 16);
    else
        return false;
    return true;
}

/* ---- Networks ---- */

static bool same_beginning(const struct serve_address *a, const struct serve_address *b,
                           unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (a->size != b->size || memcmp(a->bytes, b->bytes, whole) != 0) return false;
    return !rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest));
}

/* The first address of a network. */
static struct serve_address beginning(const struct serve_network *network)
{
    struct serve_address first = {.size = network->address.size};
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    memcpy(first.bytes, network->address.bytes, whole);
    if (rest) first.bytes[whole] = (unsigned char)(network->address.bytes[whole] & 0xff00 >> rest);
    return first;
}

static bool read_bits(unsigned *bits, const char *text, size_t most)
{
    *bits = (unsigned)strtoul(text, NULL, 10);
    return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 4 && *bits &&
           *bits <= most;
}

quell_status serve_network_read(struct serve_network *network, const char *text)
{
    char own[INET6_ADDRSTRLEN], first[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    snprintf(own, sizeof own, "%.*s", length < sizeof own ? (int)length : 0, text);
    if (!read_address(&network->address, own))
        return quell_fail(
            QUELL_BAD_ARGUMENT,
            "must be an address, as 127.0.0.1 or fd00::1, or a network, as 10.0.0.0/8");
    size_t most = 8 * network->address.size;
    network->bits = (unsigned)most;
    if (text[length] && !read_bits(&network->bits, text + length + 1, most))
        return quell_fail(QUELL_BAD_ARGUMENT, "the number after the / must be from 1 to %zu", most);
    struct serve_address begins = beginning(network);
    if (!memcmp(begins.bytes, network->address.bytes, begins.size)) return QUELL_OK;
    serve_address_write(&begins, first);
    return quell_fail(QUELL_BAD_ARGUMENT, "the network with this address is %s/%u", first,
                      network->bits);
}

bool serve_networks_have(const struct serve_network *networks, size_t count,
                         const struct serve_address *address)
{
    for (size_t i = 0; i < count; i++)
        if (same_beginning(&networks[i].address, address, networks[i].bits)) return true;
    return false;
}

/* ---- What proxies say ---- */

static bool is_port(const char *text)
{
    return *text && strlen(text) < 6 && strspn(text, "0123456789") == strlen(text);
}

/* Reads one address of a list. Some proxies append a port to it: 192.0.2.1:99, [fd00::1]:99. */
static bool read_listed(struct serve_address *address, const char *begin, size_t length)
{
    char text[INET6_ADDRSTRLEN + 8];
    if (length >= sizeof text) return false;
    snprintf(text, sizeof text, "%.*s", (int)length, begin);
    char *port = strrchr(text, ':');
    if (*text == '[') {
        char *close = strchr(text, ']');
        if (!close || (close[1] && (close + 1 != port || !is_port(port + 1)))) return false;
        *close = '\0';
        return read_address(address, text + 1);
    }
    if (port && strchr(text, ':') == port) {
        if (!is_port(port + 1)) return false;
        *port = '\0';
    }
    return read_address(address, text);
}

bool serve_address_forwarded(const struct serve_network *proxies, size_t count, const char *list,
                             struct serve_address *client)
{
    static const char space[] = " \t";
    for (size_t end = strlen(list);;) {
        size_t begin = end;
        while (begin && list[begin - 1] != ',') begin--;
        size_t from = begin + strspn(list + begin, space), to = end;
        while (to > from && strchr(space, list[to - 1])) to--;
        if (!read_listed(client, list + from, to - from)) return false;
        if (!begin || !serve_networks_have(proxies, count, client)) return true;
        end = begin - 1;
    }
}
