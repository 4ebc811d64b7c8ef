/* SPDX-License-Identifier: MIT */
/* The accounts of clients: which client goes next, which accounts are kept, and how much a client
 * may take. */
#include "harness.h"
#include "queue/account.h"

#include <stdint.h>

static struct quell_account *open(struct quell_accounts *accounts, uint64_t number)
{
    struct quell_account *made = quell_account_open(accounts, number);
    CHECK(made, "an account");
    return made;
}

static bool before(struct quell_account *a, struct quell_account *b)
{
    pthread_mutex_lock(&a->accounts->lock);
    bool is = quell_account_before(a, b);
    pthread_mutex_unlock(&a->accounts->lock);
    return is;
}

TEST(accounts, least_time_first)
{
    struct quell_accounts accounts;
    quell_accounts_begin(&accounts);
    struct quell_account *a = open(&accounts, 1), *b = open(&accounts, 2);
    CHECK(open(&accounts, 1) == a, "one account for a client");
    quell_account_close(a);
    quell_account_want(a);
    quell_account_want(b);
    CHECK(!before(a, b) && !before(b, a), "both have had nothing");
    quell_account_charge(a, 2);
    CHECK(before(b, a) && !before(a, b), "who has had less goes first");
    quell_account_charge(b, 3);
    CHECK(before(a, b), "and then the other one");
    quell_account_rest(a);
    quell_account_rest(b);
    quell_account_close(a);
    quell_account_close(b);
    quell_accounts_end(&accounts);
}

/* A client saves up no time while it wants none, however long its account is held. */
TEST(accounts, nothing_is_saved_up)
{
    struct quell_accounts accounts;
    quell_accounts_begin(&accounts);
    struct quell_account *a = open(&accounts, 1), *idle = open(&accounts, 2);
    quell_account_want(a);
    quell_account_charge(a, 100);
    quell_account_want(idle);
    CHECK(!before(idle, a) && !before(a, idle), "it begins where the others are");
    struct quell_account *late = open(&accounts, 3);
    quell_account_want(late);
    CHECK(!before(late, a) && !before(a, late), "as a new one does");
    quell_account_charge(late, 1);
    quell_account_rest(idle);
    quell_account_charge(a, 50);
    quell_account_want(idle);
    CHECK(idle->served == late->served, "%g, must be %g: the least of who waits", idle->served,
          late->served);
    quell_accounts_end(&accounts);
}

/* A client that leaves, and comes back while others wait, is still charged for the time that it has
 * used. Once no client wants time, this is forgotten. */
TEST(accounts, nothing_is_forgiven)
{
    struct quell_accounts accounts;
    quell_accounts_begin(&accounts);
    struct quell_account *a = open(&accounts, 1), *b = open(&accounts, 2);
    quell_account_want(a);
    quell_account_want(b);
    quell_account_charge(a, 10);
    quell_account_rest(a);
    quell_account_close(a);
    for (uint64_t i = 10; i < 20; i++) quell_account_close(open(&accounts, i));
    CHECK(accounts.count < 14, "%zu accounts, of those that say nothing none", accounts.count);
    a = open(&accounts, 1);
    quell_account_want(a);
    CHECK(before(b, a), "it has had more than who waited meanwhile");
    quell_account_rest(a);
    quell_account_close(a);
    quell_account_rest(b);
    struct quell_account *c = open(&accounts, 3);
    quell_account_want(c);
    a = open(&accounts, 1);
    quell_account_want(a);
    CHECK(!before(a, c) && !before(c, a), "once nobody waits, all begin anew");
    quell_accounts_end(&accounts);
}

/* Clients that come once each do not fill the memory. */
TEST(accounts, few_are_remembered)
{
    struct quell_accounts accounts;
    quell_accounts_begin(&accounts);
    struct quell_account *waits = open(&accounts, 0);
    quell_account_want(waits);
    for (uint64_t i = 1; i <= 5000; i++) {
        struct quell_account *one = open(&accounts, i);
        quell_account_want(one);
        quell_account_charge(one, 1);
        quell_account_rest(one);
        quell_account_close(one);
    }
    CHECK(accounts.count <= 1100, "%zu accounts", accounts.count);
    quell_accounts_end(&accounts);
}

TEST(accounts, what_is_left_for_others)
{
    struct quell_accounts accounts;
    quell_accounts_begin(&accounts);
    accounts.most[QUELL_OF_MEMORY] = 100;
    struct quell_account *a = open(&accounts, 1), *b = open(&accounts, 2), *c = open(&accounts, 3);
    CHECK(quell_accounts_most(&accounts, QUELL_OF_MEMORY) == 50, "half");
    CHECK(!quell_account_take(a, QUELL_OF_MEMORY, 51), "more than half");
    CHECK(!quell_account_take(a, QUELL_OF_MEMORY, SIZE_MAX), "more than there is");
    CHECK(quell_account_take(a, QUELL_OF_MEMORY, 30), "less");
    CHECK(!quell_account_take(a, QUELL_OF_MEMORY, 21), "more than half, in parts");
    CHECK(quell_account_take(a, QUELL_OF_MEMORY, 20), "half, in parts");
    CHECK(!quell_account_take(b, QUELL_OF_MEMORY, 26), "more than half of the rest");
    CHECK(quell_account_take(b, QUELL_OF_MEMORY, 25), "half of the rest");
    CHECK(quell_account_take(c, QUELL_OF_MEMORY, 12), "and half of that");
    CHECK(!quell_account_take(a, QUELL_OF_MEMORY, 1), "who has most gets nothing more");
    CHECK(quell_accounts_taken(&accounts, QUELL_OF_MEMORY) == 87, "all of it");
    CHECK(quell_account_take(a, QUELL_OF_SAMPLES, 1000000), "of what has no bound");
    quell_account_give(a, QUELL_OF_MEMORY, 50);
    CHECK(quell_account_take(b, QUELL_OF_MEMORY, 6), "what was given back");
    CHECK(quell_accounts_taken(&accounts, QUELL_OF_MEMORY) == 43, "and is taken");
    quell_accounts_end(&accounts);
}
