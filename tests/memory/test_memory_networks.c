/* SPDX-License-Identifier: MIT */
/* Every allocation made to fail while small networks are loaded from files, guided and drawn
 * from. */
#include "effort.h"
#include "harness.h"
#include "memory_parts.h"
#include "scratch.h"
#include "small_networks.h"
#include "wrap_malloc.h"

#include <quell/quell.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 11 };

static char untouched[1];
#define UNTOUCHED ((quell_denoiser *)(void *)untouched)

/* The description as a file that names its weights. */
static struct scratch_path write_description(const struct scratch *scratch, const char *name)
{
    static char json[SMALL_NETWORK_MOST_FILE];
    char *description = small_network_description(name);
    snprintf(json, sizeof json, "{\"weights\": \"n.safetensors\", %s", description + 1);
    free(description);
    return scratch_write(scratch, "n.json", json, 0);
}

TEST(memory_networks, files)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    struct scratch scratch = scratch_new();
    for (size_t i = 0; small_network_name(i); i++) {
        if (!its_turn(i, 4, 0)) continue;
        const char *name = small_network_name(i);
        size_t size = small_network_file(name, file);
        struct scratch_path path = scratch_write(&scratch, "n.safetensors", file, size);
        every_allocation_fails(name, load_model, path.text);
        scratch_write(&scratch, "n.safetensors", file, small_network_described(name, NULL, file));
        path = write_description(&scratch, name);
        every_allocation_fails(name, load_model, path.text);
    }
    scratch_remove(&scratch);
}

/* The memory of a model is in proportion to its file, whatever it describes: loading asks for at
 * most so many bytes for each of the file, all requests together. */
static void check_proportion(const char *path, size_t size, size_t most)
{
    size_t before = wrap_asked();
    quell_model *model = NULL;
    CHECK(!quell_model_load(&model, path), "%s", quell_error_message());
    size_t asked = wrap_asked() - before;
    quell_model_free(model);
    CHECK(asked <= most * size + 65536, "%s: %zu bytes are asked for, the file has %zu", path,
          asked, size);
}

TEST(memory_networks, in_proportion)
{
    enum { COMPONENTS = 20000 };
    static char file[SMALL_NETWORK_MOST_FILE];
    static char long_text[60 * COMPONENTS];
    struct scratch scratch = scratch_new();
    size_t length = 0;
    for (size_t i = 0; small_network_name(i); i++) {
        size_t size = small_network_file(small_network_name(i), file);
        check_proportion(scratch_write(&scratch, "n.safetensors", file, size).text, size, 12);
    }
    for (int list = 0; list < 3; list++) {
        const char *begin[] = {"{\"kind\": \"mixture\", \"dim\": 1, \"weights\": [1",
                               ", \"means\": [[0]", ", \"variances\": [1"};
        length += (size_t)sprintf(long_text + length, "%s", begin[list]);
        for (int i = 1; i < COMPONENTS; i++)
            length += (size_t)sprintf(long_text + length, list == 1 ? ", [0]" : ", 1");
        length += (size_t)sprintf(long_text + length, "]");
    }
    length += (size_t)sprintf(long_text + length, "}");
    check_proportion(scratch_write(&scratch, "m.json", long_text, length).text, length, 12);
    scratch_remove(&scratch);
}

struct guiding {
    const quell_denoiser *denoiser, *guide;
};

static quell_status guide(void *data)
{
    const struct guiding *guiding = data;
    quell_denoiser *guided = UNTOUCHED;
    quell_status status =
        quell_denoiser_from_guidance(&guided, guiding->denoiser, guiding->guide, NULL);
    if (!status)
        quell_denoiser_free(guided);
    else if (guided != UNTOUCHED)
        return QUELL_OK;
    return status;
}

/* Nothing else holds the two denoisers afterwards, so that freeing them frees all their memory. */
TEST(memory_networks, guided)
{
    long before = wrap_live();
    quell_denoiser *denoiser = small_network_denoiser("mlp"), *other = NULL;
    CHECK(!quell_denoiser_from_isotropic(&other, quell_denoiser_dim(denoiser), NULL, 1), "%s",
          quell_error_message());
    struct guiding classes = {denoiser, NULL}, autoguidance = {denoiser, other};
    every_allocation_fails("classifier-free", guide, &classes);
    every_allocation_fails("autoguidance", guide, &autoguidance);
    quell_denoiser_free(denoiser);
    quell_denoiser_free(other);
    CHECK(wrap_live() == before, "%ld blocks are still held", wrap_live() - before);
}

struct drawing {
    quell_sampler *sampler;
    quell_draw draw;
    quell_run run;
    float x[ROWS * SMALL_NETWORK_MOST_DIM];
};

static quell_status draw(void *data)
{
    struct drawing *drawing = data;
    return quell_sample(drawing->sampler, &drawing->draw, &drawing->run, drawing->x);
}

static void check_draws(const char *name)
{
    int32_t classes[ROWS];
    float before[ROWS * SMALL_NETWORK_MOST_DIM];
    quell_denoiser *guided = small_network_guided(name, 2);
    quell_schedule *schedule = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    struct drawing drawing = {.draw = quell_draw_defaults(), .run = quell_run_defaults()};
    for (int32_t i = 0; i < ROWS; i++) classes[i] = i % (SMALL_NETWORK_CLASSES + 1) - 1;
    options.steps = 2;
    drawing.draw.count = ROWS, drawing.draw.classes = classes;
    drawing.run.threads = 2, drawing.run.tile = 3;
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&drawing.sampler, "ddpm", guided, schedule, &options), "%s",
          quell_error_message());
    CHECK(!draw(&drawing), "%s: %s", name, quell_error_message());
    memcpy(before, drawing.x, sizeof before);
    every_allocation_fails(name, draw, &drawing);
    CHECK(!memcmp(before, drawing.x, sizeof before), "%s: other samples after failures", name);
    quell_sampler_free(drawing.sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(guided);
}

TEST(memory_networks, runs)
{
    for (size_t i = 0; small_network_name(i); i++) check_draws(small_network_name(i));
}
