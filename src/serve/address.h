/* SPDX-License-Identifier: MIT */
/* Addresses of clients: those of their connections, or what a proxy that is trusted says. */
#ifndef QUELL_SERVE_ADDRESS_H
#define QUELL_SERVE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

/* size: 4 or 16 bytes, 0: it is not known. IPv4 within IPv6 (::ffff:a.b.c.d) is IPv4. */
struct serve_address {
    unsigned char bytes[16];
    size_t size;
};

/* The addresses that begin with the first bits of this one. */
struct serve_network {
    struct serve_address address;
    unsigned bits;
};

struct serve_address serve_address_of(const struct sockaddr *address);

/* Writes it as text, "-" if it is not known. */
void serve_address_write(const struct serve_address *address, char text[INET6_ADDRSTRLEN]);

/* Reads an address, as 127.0.0.1 or fd00::1, or a network, as 10.0.0.0/8. */
quell_status serve_network_read(struct serve_network *network, const char *text);

/* Whether an address is in one of the networks. */
bool serve_networks_have(const struct serve_network *networks, size_t count,
                         const struct serve_address *address);

/* Finds the client in the list of X-Forwarded-For, to which each proxy has added at the end whom it
 * was asked by: the last address that is none of these proxies'. What stands before it anybody can
 * have written. False if what has to be read is no address. */
bool serve_address_forwarded(const struct serve_network *proxies, size_t count, const char *list,
                             struct serve_address *client);

#endif
