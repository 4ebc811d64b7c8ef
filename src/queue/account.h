/* SPDX-License-Identifier: MIT */
/* What each client has and has had, wherever it is served: time, memory, samples in the queue,
 * requests, turns. A queue has an account for each client; a server around it uses the same ones,
 * so that there is one answer to what a client may have next. All here is thread-safe. */
#ifndef QUELL_QUEUE_ACCOUNT_H
#define QUELL_QUEUE_ACCOUNT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What there is so much of and no more: bytes of memory, samples in the queue, requests that are
 * being answered, pieces of work that wait. A client may have as much of it as it leaves for
 * others: half, where it is alone. So there is always some left for a client who has none. */
enum quell_goods {
    QUELL_OF_MEMORY,
    QUELL_OF_SAMPLES,
    QUELL_OF_REQUESTS,
    QUELL_OF_TURNS,
    QUELL_GOODS
};

/* served: seconds that went to this client; only differences between clients count.
 * wants: how many things of theirs wait for time or have it. holders: who will close it.
 * has: how much of each of the goods. */
struct quell_account {
    struct quell_accounts *accounts;
    uint64_t number;
    double served;
    size_t wants, holders;
    size_t has[QUELL_GOODS];
    struct quell_account *next;
};

/* floor: what a client without an account has been served. wanting: clients that want time.
 * most: how much there is of each of the goods (SIZE_MAX). taken: by all clients. */
struct quell_accounts {
    pthread_mutex_t lock;
    struct quell_account *first;
    double floor;
    size_t wanting, count;
    size_t most[QUELL_GOODS], taken[QUELL_GOODS];
};

void quell_accounts_begin(struct quell_accounts *accounts);

/* Nobody may hold one of them any more. */
void quell_accounts_end(struct quell_accounts *accounts);

/* The account of a client, by its number: made if it is not there, and held. NULL if there is no
 * memory. */
struct quell_account *quell_account_open(struct quell_accounts *accounts, uint64_t number);

/* Holds it once more, and returns it. */
struct quell_account *quell_account_hold(struct quell_account *account);

/* Gives up one hold; NULL is allowed. A client that has had more time than others who waited for it
 * is remembered until they have had as much, so that nothing is won by leaving and coming back. */
void quell_account_close(struct quell_account *account);

/* Something of this client's waits for time, or does not any more. Who wants none saves none up:
 * when it wants some again, it has had as much as the client that has had least. */
void quell_account_want(struct quell_account *account);
void quell_account_rest(struct quell_account *account);

/* Seconds went to this client. */
void quell_account_charge(struct quell_account *account, double seconds);

/* Whether a client has had less time than another one. Under the lock of their accounts. */
static inline bool quell_account_before(const struct quell_account *a,
                                        const struct quell_account *b)
{
    return a->served < b->served;
}

/* Takes an amount of some goods; false, and nothing is taken, if that is more than the client
 * leaves for others. Give it back. */
bool quell_account_take(struct quell_account *account, enum quell_goods goods, size_t amount);
void quell_account_give(struct quell_account *account, enum quell_goods goods, size_t amount);

/* The most that a client can have, when there is no other one. */
size_t quell_accounts_most(const struct quell_accounts *accounts, enum quell_goods goods);

/* How much all clients have. */
size_t quell_accounts_taken(struct quell_accounts *accounts, enum quell_goods goods);

#endif
