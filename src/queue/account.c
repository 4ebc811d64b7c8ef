/* SPDX-License-Identifier: MIT */
#include "queue/account.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define MOST_REMEMBERED 1024 /* accounts without a reference that are kept */

void quell_accounts_begin(struct quell_accounts *accounts)
{
    *accounts = (struct quell_accounts){.first = NULL};
    for (size_t i = 0; i < QUELL_RESOURCES; i++) accounts->most[i] = SIZE_MAX;
    pthread_mutex_init(&accounts->lock, NULL);
}

void quell_accounts_end(struct quell_accounts *accounts)
{
    for (struct quell_account *one = accounts->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    pthread_mutex_destroy(&accounts->lock);
}

/* ---- Opening and closing ---- */

/* Whether an account can be freed, because a new one would begin with the same or a greater
 * `served`. */
static bool says_nothing(const struct quell_account *one)
{
    return !one->holders && (!one->accounts->wanting || one->served <= one->accounts->floor);
}

/* Frees the accounts that can be freed, and those without a reference beyond MOST_REMEMBERED. */
static void sweep(struct quell_accounts *accounts)
{
    size_t remembered = 0;
    for (struct quell_account **at = &accounts->first, *one; (one = *at);) {
        bool gone = !one->holders;
        if (says_nothing(one) || (gone && remembered == MOST_REMEMBERED)) {
            *at = one->next;
            accounts->count--;
            free(one);
        } else {
            remembered += gone;
            at = &one->next;
        }
    }
}

static struct quell_account *make(struct quell_accounts *accounts, uint64_t number)
{
    sweep(accounts);
    struct quell_account *made = quell_new(1, sizeof *made);
    if (!made) return NULL;
    *made = (struct quell_account){
        .accounts = accounts, .number = number, .served = accounts->floor, .next = accounts->first};
    accounts->first = made;
    accounts->count++;
    return made;
}

struct quell_account *quell_account_open(struct quell_accounts *accounts, uint64_t number)
{
    pthread_mutex_lock(&accounts->lock);
    struct quell_account *one = accounts->first;
    while (one && one->number != number) one = one->next;
    if (!one) one = make(accounts, number);
    if (one) one->holders++;
    pthread_mutex_unlock(&accounts->lock);
    return one;
}

struct quell_account *quell_account_hold(struct quell_account *account)
{
    pthread_mutex_lock(&account->accounts->lock);
    account->holders++;
    pthread_mutex_unlock(&account->accounts->lock);
    return account;
}

void quell_account_close(struct quell_account *account)
{
    if (!account) return;
    struct quell_accounts *accounts = account->accounts;
    pthread_mutex_lock(&accounts->lock);
    account->holders--;
    pthread_mutex_unlock(&accounts->lock);
}

/* ---- Time ---- */

/* Raises the value with which a client begins that wants time now: to the least of all clients that
 * want some. If no client wants any, nobody has waited, so all begin again from the same value, the
 * greatest. */
static void raise_floor(struct quell_accounts *accounts)
{
    double least = INFINITY, greatest = accounts->floor;
    for (const struct quell_account *one = accounts->first; one; one = one->next) {
        if (one->wants) least = fmin(least, one->served);
        greatest = fmax(greatest, one->served);
    }
    accounts->floor = accounts->wanting ? fmax(accounts->floor, least) : greatest;
}

void quell_account_want(struct quell_account *account)
{
    struct quell_accounts *accounts = account->accounts;
    pthread_mutex_lock(&accounts->lock);
    if (!account->wants) {
        raise_floor(accounts);
        account->served = fmax(account->served, accounts->floor);
        accounts->wanting++;
    }
    account->wants++;
    pthread_mutex_unlock(&accounts->lock);
}

void quell_account_rest(struct quell_account *account)
{
    pthread_mutex_lock(&account->accounts->lock);
    if (!--account->wants) account->accounts->wanting--;
    pthread_mutex_unlock(&account->accounts->lock);
}

void quell_account_charge(struct quell_account *account, double seconds)
{
    pthread_mutex_lock(&account->accounts->lock);
    account->served += seconds;
    pthread_mutex_unlock(&account->accounts->lock);
}

/* ---- Resources ---- */

size_t quell_accounts_most(const struct quell_accounts *accounts, enum quell_resource resource)
{
    return accounts->most[resource] / 2;
}

size_t quell_accounts_taken(struct quell_accounts *accounts, enum quell_resource resource)
{
    pthread_mutex_lock(&accounts->lock);
    size_t taken = accounts->taken[resource];
    pthread_mutex_unlock(&accounts->lock);
    return taken;
}

bool quell_account_take(struct quell_account *account, enum quell_resource resource, size_t amount)
{
    struct quell_accounts *accounts = account->accounts;
    pthread_mutex_lock(&accounts->lock);
    size_t left = accounts->most[resource] - accounts->taken[resource],
           own = account->has[resource];
    bool fits = amount <= left && own <= left - amount && amount <= left - amount - own;
    if (fits) {
        accounts->taken[resource] += amount;
        account->has[resource] += amount;
    }
    pthread_mutex_unlock(&accounts->lock);
    return fits;
}

void quell_account_give(struct quell_account *account, enum quell_resource resource, size_t amount)
{
    struct quell_accounts *accounts = account->accounts;
    if (!amount) return;
    pthread_mutex_lock(&accounts->lock);
    accounts->taken[resource] -= amount;
    account->has[resource] -= amount;
    pthread_mutex_unlock(&accounts->lock);
}
