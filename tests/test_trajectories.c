/* SPDX-License-Identifier: MIT */
/* Whole trajectories through networks against azula's own samplers, classes and guidance included:
 * tests/reference/trajectories.py made the values in double. We are at most 3e-6 off, and azula in
 * float32 at most 5e-6. */
#include "formula_weights.h"
#include "harness.h"
#include "models.h"
#include "scratch.h"
#include "tensor_file.h"
#include "denoisers/network.h"
#include "networks/dit.h"
#include "networks/mlp.h"
#include "networks/unet.h"

#include <math.h>
#include <string.h>

enum { COUNT = 3, STEPS = 6, MOST_DIM = 64 };

static const int32_t classes[COUNT] = {1, -1, 3};

static const struct row {
    const char *network, *sampler, *schedule;
    double guidance;
    const double *x; /* [COUNT][dim] */
} rows[] = {
#include "network_trajectories.inc"
};
#define ROWS (sizeof rows / sizeof *rows)

#define TIME {8, 16, 4, 1e3}
static const struct quell_mlp_shape mlp = {5, 32, 2, QUELL_SILU, TIME};
static const struct quell_dit_shape dit = {
    {0, 3, {5}, {0}}, 24, 2, 3, 2, QUELL_SILU, true, false, true, true, TIME};
static const struct quell_dit_shape vit = {
    {2, 1, {4, 8}, {2, 4}}, 32, 2, 4, 4, QUELL_SILU, false, true, true, false, TIME};
static const struct quell_unet_shape unet = {
    2, 2, 2,   {{1, 5, 4}}, {8, 12}, {1, 1}, {1, 3, 3}, {1, 2, 2}, false, QUELL_NORM_GROUP,
    4, 1, TIME};

#define COMMON                                                                             \
    "{'kind': 'network', 'precondition': 'karras', 'schedule': 'vp', 'time_features': 8, " \
    "'mod_features': 16, 'classes': 4, 'time_omega': 1000, "

/* description: NULL for what is made without a file. */
static const struct network {
    const char *name, *description;
    size_t dim;
} networks[] = {
    {"mlp", COMMON "'architecture': 'mlp', 'dim': 5, 'hidden': 32, 'blocks': 2}", 5},
    {"dit",
     COMMON "'architecture': 'dit', 'shape': [5, 3], 'hid_channels': 24, 'hid_blocks': 2, "
            "'attention_heads': 3, 'ffn_activation': 'swiglu', 'ffn_factor': 2, "
            "'qkv_bias': false, 'rope': true}",
     15},
    {"vit",
     COMMON "'architecture': 'vit', 'shape': [4, 8], 'patch_size': [2, 4], 'hid_channels': 32, "
            "'hid_blocks': 2, 'attention_heads': 4}",
     32},
    {"unet", NULL, 40},
};

static const struct network *network_of(const struct row *row)
{
    const struct network *network = networks;
    while (strcmp(network->name, row->network)) network++;
    return network;
}

static struct quell_network *load(const char *name, const struct quell_weights *from)
{
    struct quell_network *network = NULL;
    MUST(!strcmp(name, "mlp")   ? quell_mlp_load(&network, from, &mlp)
         : !strcmp(name, "dit") ? quell_dit_load(&network, from, &dit)
         : !strcmp(name, "vit") ? quell_dit_load(&network, from, &vit)
                                : quell_unet_load(&network, from, &unet));
    return network;
}

static quell_denoiser *denoiser_direct(const char *name)
{
    const struct quell_parametrization karras = {QUELL_X0, QUELL_KARRAS};
    struct formula_weights state = {0};
    const struct quell_weights from = formula_weights(&state);
    quell_denoiser *denoiser = NULL;
    MUST(quell_denoiser_network(&denoiser, load(name, &from), &karras));
    return denoiser;
}

/* As a user has it: from a file. */
static quell_denoiser *denoiser_from_file(const struct network *network)
{
    static struct tensor_writer writer;
    static char file[1 << 20];
    const struct quell_weights from = tensor_recorder(&writer);
    struct scratch scratch = scratch_new();
    quell_model model = {0};
    tensor_begin(&writer, network->description);
    quell_network_free(load(network->name, &from));
    struct scratch_path path =
        scratch_write(&scratch, "n.safetensors", file, tensor_finish(&writer, file));
    MUST(quell_model_load(&model, path.text));
    scratch_remove(&scratch);
    return model.denoiser;
}

static quell_denoiser *new_denoiser(const struct row *row)
{
    const struct network *network = network_of(row);
    quell_denoiser *plain =
        network->description ? denoiser_from_file(network) : denoiser_direct(network->name);
    quell_denoiser *guided = NULL;
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = row->guidance;
    if (row->guidance == 1) return plain;
    MUST(quell_denoiser_guided(&guided, plain, NULL, &guidance));
    quell_denoiser_free(plain);
    return guided;
}

static void check(const struct row *row, const char *isa)
{
    size_t dim = network_of(row)->dim;
    float x[COUNT * MOST_DIM];
    double worst = 0, most = 0;
    quell_denoiser *denoiser = new_denoiser(row);
    quell_schedule *schedule = must_schedule(row->schedule);
    quell_sampler *sampler = must_sampler(row->sampler, denoiser, schedule, STEPS);
    quell_run run = quell_run_defaults();
    run.count = COUNT, run.classes = classes, run.isa = isa;
    CHECK(quell_denoiser_dim(denoiser) == dim, "%s: %zu elements", row->network,
          quell_denoiser_dim(denoiser));
    formula_fill("x_1", sqrt(3), COUNT * dim, x);
    MUST(quell_forward(sampler, &run, x));
    for (size_t i = 0; i < COUNT * dim; i++) {
        worst = fmax(worst, fabs((double)x[i] - row->x[i]));
        most = fmax(most, fabs(row->x[i]));
    }
    CHECK(worst <= 1e-5 * most, "%s: %s, %s, weight %g: %.2g of %g off", isa, row->network,
          row->sampler, row->guidance, worst, most);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
}

TEST(trajectories, are_azulas)
{
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; quell_isa_name(k); k++)
            if (quell_isa_available(quell_isa_name(k))) check(&rows[i], quell_isa_name(k));
}
