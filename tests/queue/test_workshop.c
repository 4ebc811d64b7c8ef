/* SPDX-License-Identifier: MIT */
/* The server's workshops: between the pieces of one client's work others have their turn, whatever
 * the pieces take. */
#include "asking.h"
#include "harness.h"
#include "serve/workshop.h"

#include <string.h>

enum { PIECES = 12 };

/* What is written for a client, in pieces of which each is charged as an hour, so that what a piece
 * really takes decides nothing. */
struct writing {
    struct serve_work work;
    struct record *record;
    char letter;
    size_t left;
};

static bool write_piece(void *user)
{
    struct writing *writing = user;
    quell_account_charge(writing->work.account, 3600);
    record_add(writing->record, writing->letter);
    return --writing->left > 0;
}

/* Work without an account, which goes first, and keeps a thread busy until all other work is
 * waiting. */
struct door {
    struct serve_work work;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool reached, opened;
};

static bool stand_before(void *user)
{
    struct door *door = user;
    pthread_mutex_lock(&door->lock);
    door->reached = true;
    pthread_cond_broadcast(&door->change);
    while (!door->opened) pthread_cond_wait(&door->change, &door->lock);
    pthread_mutex_unlock(&door->lock);
    return false;
}

static void door_shut(struct door *door, struct serve_workshop *workshop)
{
    *door = (struct door){.work = {.work = stand_before, .user = door}};
    pthread_mutex_init(&door->lock, NULL);
    pthread_cond_init(&door->change, NULL);
    serve_workshop_add(workshop, &door->work);
    pthread_mutex_lock(&door->lock);
    while (!door->reached) pthread_cond_wait(&door->change, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

static void door_open(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    door->opened = true;
    pthread_cond_broadcast(&door->change);
    pthread_mutex_unlock(&door->lock);
}

static void door_free(struct door *door)
{
    pthread_cond_destroy(&door->change);
    pthread_mutex_destroy(&door->lock);
}

/* Two clients whose long answers are written by one thread have turns: at no time has one of them
 * had two pieces more than the other. */
TEST(workshop, clients_take_turns)
{
    struct quell_accounts accounts;
    struct serve_workshop workshop = {.threads = 0};
    struct record record;
    struct door door;
    struct writing writings[2];
    quell_accounts_begin(&accounts);
    record_begin(&record);
    CHECK(!serve_workshop_begin(&workshop, 1), "%s", quell_error_message());
    door_shut(&door, &workshop);
    for (size_t i = 0; i < 2; i++) {
        struct quell_account *account = quell_account_open(&accounts, i);
        writings[i] = (struct writing){.record = &record, .letter = "ab"[i], .left = PIECES};
        writings[i].work =
            (struct serve_work){.work = write_piece, .user = &writings[i], .account = account};
        serve_workshop_add(&workshop, &writings[i].work);
        quell_account_close(account);
    }
    door_open(&door);
    serve_workshop_end(&workshop);
    int ahead = 0, used = (int)record.used;
    for (size_t i = 0; i < record.used; i++) {
        ahead += record.text[i] == 'a' ? 1 : -1;
        CHECK(ahead >= -1 && ahead <= 1, "the order of pieces: %.*s", used, record.text);
    }
    CHECK(record.used == 2 * PIECES, "%zu pieces, must be %d", record.used, 2 * PIECES);
    CHECK(workshop.pieces == 2 * PIECES + 1, "%llu pieces are counted",
          (unsigned long long)workshop.pieces);
    door_free(&door);
    quell_accounts_end(&accounts);
}
