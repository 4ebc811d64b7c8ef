/* SPDX-License-Identifier: MIT */
#include "denoisers/network_denoiser.h"
#include "base/fail.h"
#include "base/memory.h"
#include "networks/conditioning.h"

struct network_denoiser {
    quell_denoiser base;
    struct quell_network *network;
    struct quell_parametrization parametrization;
};

/* What depends on the schedule's point alone (quell_denoiser_class.constants). */
struct constants {
    struct quell_factors factors;
    _Alignas(QUELL_CACHE_LINE) float time[];
};

static const struct network_denoiser *self(const quell_denoiser *denoiser)
{
    return (const struct network_denoiser *)denoiser;
}

static quell_status check(const quell_denoiser *denoiser, const quell_point *point)
{
    return quell_parametrization_check(&self(denoiser)->parametrization, "network",
                                       denoiser->trained, point);
}

static size_t input_floats(const quell_denoiser *denoiser, size_t rows)
{
    return quell_round_up(rows * denoiser->dim, QUELL_LANES);
}

static size_t constants_size(const quell_denoiser *denoiser)
{
    size_t floats = quell_network_time_floats(self(denoiser)->network);
    return sizeof(struct constants) + floats * sizeof(float);
}

static void work_out_constants(const quell_denoiser *denoiser, const struct quell_kernels *kernels,
                               double t, double alpha, double sigma, void *out)
{
    struct constants *constants = out;
    constants->factors =
        quell_parametrization_at(&self(denoiser)->parametrization, t, alpha, sigma);
    quell_network_time(self(denoiser)->network, kernels, constants->factors.time, constants->time);
}

static size_t scratch_size(const quell_denoiser *denoiser, size_t rows)
{
    const struct quell_network *network = self(denoiser)->network;
    size_t floats = input_floats(denoiser, rows) + network->type->scratch_floats(network, rows);
    return floats * sizeof(float);
}

static int evaluate(const quell_denoiser *denoiser, const struct quell_evaluation *at)
{
    const struct network_denoiser *own = self(denoiser);
    const struct constants *constants = at->constants;
    struct quell_factors c = constants->factors;
    size_t count = at->rows * denoiser->dim;
    float in = (float)c.in, *input = at->scratch;
    at->kernels->combine(input, count, 1, &in, &at->x);
    struct quell_pass pass = {.kernels = at->kernels,
                              .rows = at->rows,
                              .time = constants->time,
                              .labels = at->labels,
                              .x = input,
                              .out = at->out,
                              .scratch = input + input_floats(denoiser, at->rows)};
    own->network->type->forward(own->network, &pass);
    quell_parametrization_apply(&c, at, denoiser->dim);
    return 0;
}

static void destroy(quell_denoiser *denoiser)
{
    quell_network_free(((struct network_denoiser *)denoiser)->network);
}

static void digest(const quell_denoiser *denoiser, struct quell_digest *sum)
{
    const struct quell_network *network = self(denoiser)->network;
    quell_parametrization_digest(&self(denoiser)->parametrization, sum);
    quell_digest_text(sum, network->type->architecture);
    quell_conditioning_digest(network->conditioning, sum);
    network->type->digest(network, sum);
}

static const struct quell_denoiser_class network_class = {
    .kind = "network",
    .apart = true,
    .scratch_size = scratch_size,
    .constants_size = constants_size,
    .constants = work_out_constants,
    .evaluate = evaluate,
    .check = check,
    .destroy = destroy,
    .digest = digest,
};

quell_status quell_denoiser_network(quell_denoiser **denoiser, struct quell_network *network,
                                    const struct quell_parametrization *parametrization)
{
    quell_status status = quell_denoiser_arguments(denoiser, network->inputs);
    struct network_denoiser *made = NULL;
    if (!status) made = quell_denoiser_new(&network_class, sizeof *made, network->inputs);
    if (!status && !made) status = quell_fail(QUELL_NO_MEMORY, "network: no memory");
    if (status) {
        quell_network_free(network);
        return status;
    }
    made->network = network;
    made->parametrization = *parametrization;
    made->base.mean_alone = quell_parametrization_is_mean(parametrization);
    made->base.classes = network->classes;
    made->base.rows = network->rows;
    *denoiser = &made->base;
    return QUELL_OK;
}
