/* SPDX-License-Identifier: MIT */
/* Showers of electrons in a calorimeter, for energies of yours: ./showers 20 50 80 */
#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENTS = 1000, LAYERS = 6 };

/* Draws events of these energies, in GeV: readings[EVENTS][LAYERS], in GeV. */
static int draw_events(const float *energy, float *readings)
{
    static float x[EVENTS][LAYERS]; /* what the network draws, before it is decoded */
    quell_model *model = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    quell_condition condition = {.name = "energy", .values = energy, .count = EVENTS, .size = 1};
    quell_draw draw = quell_draw_defaults();
    options.steps = 24;
    draw.count = EVENTS;
    draw.conditions = &condition;
    draw.condition_count = 1;
    int failed = quell_model_load(&model, "builtin:showers") ||
                 quell_schedule_create(&schedule, quell_model_schedule(model)) ||
                 quell_sampler_create(&sampler, "dpmpp_2m", quell_model_denoiser(model), schedule,
                                      &options) ||
                 quell_sample(sampler, &draw, NULL, x[0]) ||
                 quell_model_decode(model, &draw, NULL, x[0], readings);
    if (failed) fprintf(stderr, "%s\n", quell_error_message());
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    return failed;
}

int main(int argc, char **argv)
{
    static float energy[EVENTS], readings[EVENTS][LAYERS];
    char *usual[] = {NULL, "20", "50", "80", NULL};
    for (char **word = argc > 1 ? argv + 1 : usual + 1; *word; word++) {
        for (int k = 0; k < EVENTS; k++) energy[k] = strtof(*word, NULL);
        if (draw_events(energy, readings[0])) return 1;
        printf("%g GeV: mean readings", energy[0]);
        for (int layer = 0; layer < LAYERS; layer++) {
            double sum = 0;
            for (int k = 0; k < EVENTS; k++) sum += readings[k][layer];
            printf(" %.4f", sum / EVENTS);
        }
        printf("\n");
    }
    return 0;
}
