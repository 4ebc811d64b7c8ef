/* SPDX-License-Identifier: MIT */
#include "turning.h"
#include "harness.h"
#include "models.h"
#include "small_networks.h"

#include <string.h>

struct kind kind_new(const char *network, const char *sampler, size_t steps)
{
    struct kind kind = {.denoiser = small_network_denoiser(network)};
    kind.schedule = must_schedule("vp");
    kind.sampler = must_sampler(sampler, kind.denoiser, kind.schedule, steps);
    kind.bytes = quell_denoiser_dim(kind.denoiser) * sizeof(float);
    return kind;
}

void kind_free(struct kind *kind)
{
    quell_sampler_free(kind->sampler);
    quell_schedule_free(kind->schedule);
    quell_denoiser_free(kind->denoiser);
}

int turning_look(void *user, size_t transition, const quell_point *s, const quell_call *told,
                 const float *x)
{
    struct asked *asked = user;
    (void)s, (void)told, (void)x, (void)transition;
    if (atomic_fetch_add(&asked->seen, 1) + 1 == asked->when) asked->act(asked);
    return 0;
}

void prepare(struct asked *asked, quell_queue *queue, const struct kind *kind, size_t count)
{
    memset(asked, 0, sizeof *asked);
    asked->kind = kind;
    asked->queue = queue;
    asked->draw = quell_draw_defaults();
    asked->draw.count = count;
    asked->draw.classes = asked->classes;
    for (size_t i = 0; i < count; i++) asked->classes[i] = (int32_t)i % SMALL_NETWORK_CLASSES;
    asked->request = request_for(kind->sampler, &asked->draw, asked->x);
    asked->request.observe = turning_look;
    asked->request.observe_user = asked;
}

void submit(struct asked *asked)
{
    quell_ticket *ticket;
    MUST(quell_queue_submit(asked->queue, &asked->request, &ticket));
    atomic_store(&asked->ticket, ticket);
}

void finish(struct asked *asked, quell_status status)
{
    while (!atomic_load(&asked->ticket)) continue;
    quell_status got = quell_ticket_wait(asked->ticket, -1);
    CHECK(got == status, "%s: %s", quell_status_name(got), quell_error_message());
    quell_ticket_free(asked->ticket);
}

void check_bits(const struct asked *asked)
{
    float alone[MOST_COUNT * MOST_DIM];
    MUST(quell_sample(asked->kind->sampler, &asked->draw, NULL, alone));
    CHECK(!memcmp(alone, asked->x, asked->draw.count * asked->kind->bytes),
          "a request has other bits than alone");
}

void bring(struct asked *asked)
{
    asked->other->when_asked = atomic_load(&asked->seen);
    submit(asked->other);
}
