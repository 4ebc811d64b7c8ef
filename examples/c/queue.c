/* SPDX-License-Identifier: MIT */
/* Many clients of one model: each has its own seed, and asks for one letter at a time. */
#include <pthread.h>
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 20, LETTERS = 3, PIXELS = 28 * 28 };

struct client {
    pthread_t thread;
    uint64_t number;
    quell_queue *queue;
    const quell_sampler *sampler;
    float x[LETTERS][PIXELS];
};

/* Asks for letter number i, and waits for it. */
static void ask_for(struct client *client, uint64_t i)
{
    int32_t class = (int32_t)(client->number % 10);
    quell_draw draw = quell_draw_defaults();
    quell_request request = quell_request_defaults();
    quell_ticket *ticket = NULL;
    draw.seed = client->number;
    draw.first = i;
    draw.classes = &class;
    request.sampler = client->sampler;
    request.draw = &draw;
    request.x = client->x[i];
    request.client = client->number;
    if (quell_queue_submit(client->queue, &request, &ticket) || quell_ticket_wait(ticket, -1))
        fprintf(stderr, "%s\n", quell_error_message());
    quell_ticket_free(ticket);
}

/* One letter after the other, as a connection of a server does. */
static void *ask(void *data)
{
    for (uint64_t i = 0; i < LETTERS; i++) ask_for(data, i);
    return NULL;
}

int main(void)
{
    static struct client clients[CLIENTS];
    static float alone[LETTERS][PIXELS];
    quell_model *model = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_queue *queue = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    options.steps = 8;
    if (quell_model_load(&model, "builtin:glyphs") ||
        quell_schedule_create(&schedule, quell_model_schedule(model)) ||
        quell_sampler_create(&sampler, "dpmpp_2m", quell_model_denoiser(model), schedule,
                             &options) ||
        quell_queue_create(&queue, NULL)) {
        fprintf(stderr, "%s\n", quell_error_message());
        return 1;
    }
    for (uint64_t i = 0; i < CLIENTS; i++) {
        clients[i].number = i;
        clients[i].queue = queue;
        clients[i].sampler = sampler;
        pthread_create(&clients[i].thread, NULL, ask, &clients[i]);
    }
    for (size_t i = 0; i < CLIENTS; i++) pthread_join(clients[i].thread, NULL);

    /* What client 7 has, it would have had alone. */
    int32_t classes[LETTERS] = {7, 7, 7};
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7;
    draw.count = LETTERS;
    draw.classes = classes;
    if (quell_sample(sampler, &draw, NULL, alone[0])) return 1;
    quell_queue_state state;
    quell_queue_look(queue, &state);
    printf("%d letters in %s than %d runs; client 7: %s\n", (int)state.drawn,
           state.runs < state.drawn ? "fewer" : "no fewer", (int)state.drawn,
           memcmp(alone, clients[7].x, sizeof alone) ? "other bits" : "the same bits as alone");
    quell_queue_free(queue);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    return 0;
}
