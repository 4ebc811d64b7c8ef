/* SPDX-License-Identifier: MIT */
/* Addresses of clients: the peer of the connection, or what a trusted proxy says in
 * X-Forwarded-For. */
#ifndef QUELL_SERVE_ADDRESS_H
#define QUELL_SERVE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <quell/status.h>

/* An IPv4 or IPv6 address. An IPv4 address that is mapped into IPv6 (::ffff:a.b.c.d) is stored as
 * IPv4. */
struct serve_address {
    unsigned char bytes[16];
    size_t size; /* 4 or 16 bytes; 0: the address is not known */
};

/* A network, as in 10.0.0.0/8: all addresses that share the first `bits` bits of `address`. */
struct serve_network {
    struct serve_address address;
    unsigned bits;
};

/* The address in a socket address; its size is 0 if the family is neither IPv4 nor IPv6. */
struct serve_address serve_address_of(const struct sockaddr *address);

/* Writes an address as text; "-" if it is not known. */
void serve_address_write(const struct serve_address *address, char text[INET6_ADDRSTRLEN]);

/* Reads an address, such as 127.0.0.1 or fd00::1, or a network, such as 10.0.0.0/8. Fails with
 * QUELL_BAD_ARGUMENT. */
quell_status serve_network_read(struct serve_network *network, const char *text);

/* Whether an address is in one of the networks. */
bool serve_networks_have(const struct serve_network *networks, size_t count,
                         const struct serve_address *address);

/* Finds the client's address in `list`, the value of X-Forwarded-For. Each proxy appends the
 * address that it was called from, so the client is the last address in the list that is not one of
 * `proxies`; anything before it may have been forged by the client. Returns false if one of the
 * addresses up to there cannot be read. */
bool serve_address_forwarded(const struct serve_network *proxies, size_t count, const char *list,
                             struct serve_address *client);

#endif
