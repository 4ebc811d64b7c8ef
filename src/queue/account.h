/* SPDX-License-Identifier: MIT */
/* Accounts: what each client uses, and has used, of time, memory, samples in the queue, requests
 * and turns in a workshop. A queue has an account for each client. A server around the queue uses
 * the same accounts, so that a single place decides what a client may have next. All functions are
 * thread-safe, except for quell_accounts_begin and quell_accounts_end. */
#ifndef QUELL_QUEUE_ACCOUNT_H
#define QUELL_QUEUE_ACCOUNT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The resources of which there is a fixed amount. A client may have as much of a resource as it
 * leaves for others; a client that is alone gets half. So some is always left for a client who has
 * none. */
enum quell_resource {
    QUELL_OF_MEMORY,   /* bytes of memory */
    QUELL_OF_SAMPLES,  /* samples in the queue */
    QUELL_OF_REQUESTS, /* requests that are being answered */
    QUELL_OF_TURNS,    /* pieces of work that wait for a workshop */
    QUELL_RESOURCES
};

/* The account of one client. */
struct quell_account {
    struct quell_accounts *accounts;
    uint64_t number; /* identifies the client */
    double served;   /* seconds charged; only differences between clients have a meaning */
    size_t wants;    /* the client's tickets and pieces of work that are not finished */
    size_t holders;  /* reference count */
    size_t has[QUELL_RESOURCES]; /* how much the client has of each resource */
    struct quell_account *next;
};

/* The accounts of all clients. */
struct quell_accounts {
    pthread_mutex_t lock;
    struct quell_account *first;
    double floor;   /* the value of `served` with which a new account begins */
    size_t wanting; /* accounts whose `wants` is not 0 */
    size_t count;
    size_t most[QUELL_RESOURCES];  /* how much there is of each resource; initially SIZE_MAX */
    size_t taken[QUELL_RESOURCES]; /* how much all clients together have of each */
};

void quell_accounts_begin(struct quell_accounts *accounts);

/* Frees all accounts, to none of which a reference may be held any more. */
void quell_accounts_end(struct quell_accounts *accounts);

/* Returns the account of the client `number`, which is created if it does not exist, with a
 * reference for the caller. NULL if there is no memory. */
struct quell_account *quell_account_open(struct quell_accounts *accounts, uint64_t number);

/* Adds a reference, and returns the account. */
struct quell_account *quell_account_hold(struct quell_account *account);

/* Drops a reference. NULL is allowed. If the client has had more time than others who waited, its
 * account is remembered until these have caught up, so that a client gains nothing by leaving and
 * coming back. */
void quell_account_close(struct quell_account *account);

/* Notes that one more thing of the client wants time, or one less. A client that wants none does
 * not accumulate any: when it wants some again, it is treated as if it had had as much as the
 * client with the least. */
void quell_account_want(struct quell_account *account);
void quell_account_rest(struct quell_account *account);

/* Charges the client for `seconds` of time. */
void quell_account_charge(struct quell_account *account, double seconds);

/* Whether client a has had less time than client b. Called under the lock of the accounts. */
static inline bool quell_account_before(const struct quell_account *a,
                                        const struct quell_account *b)
{
    return a->served < b->served;
}

/* Takes an amount of a resource, which the caller gives back later. If that would be more than the
 * client leaves for others, takes nothing, and returns false. */
bool quell_account_take(struct quell_account *account, enum quell_resource resource, size_t amount);
void quell_account_give(struct quell_account *account, enum quell_resource resource, size_t amount);

/* The most of a resource that a client can have, which is when it is the only one. */
size_t quell_accounts_most(const struct quell_accounts *accounts, enum quell_resource resource);

/* How much all clients together have of a resource. */
size_t quell_accounts_taken(struct quell_accounts *accounts, enum quell_resource resource);

#endif
