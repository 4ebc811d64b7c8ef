/* SPDX-License-Identifier: MIT */
/* Every allocation made to fail while a program is loaded from its file and drawn from. */
#include "harness.h"
#include "memory_parts.h"
#include "scratch.h"
#include "small_program.h"
#include "tensor_file.h"
#include "wrap_malloc.h"

#include <quell/quell.h>

static quell_status draw(void *data)
{
    float x[4 * SMALL_PROGRAM_DIM];
    const int32_t classes[4] = {0, 1, -1, 2};
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    draw.count = 4, draw.classes = classes, run.threads = 1;
    return quell_sample(data, &draw, &run, x);
}

TEST(memory_programs, files_and_draws)
{
    static char file[SMALL_PROGRAM_MOST_FILE];
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    struct scratch_path path = scratch_write(&scratch, "p.safetensors", file,
                                             small_program_file(small_program_description, file));
    every_allocation_fails("program", load_model, path.text);
    options.steps = 2;
    CHECK(!quell_model_load(&model, path.text), "%s", quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", quell_model_denoiser(model), schedule, &options),
          "%s", quell_error_message());
    every_allocation_fails("draw", draw, sampler);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    scratch_remove(&scratch);
}

/* A program with conditions, of which one has its none in a tensor, and a decoder. */
static const char told[] =
    "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', 'conditions': {'shift': "
    "{'none': "
    "{'tensor': 'empty'}}, 'scale': {'none': [1]}}, 'programs': {'denoise': {'inputs': {'x': [2], "
    "'shift': [2], 'scale': []}, 'instructions': [{'map': ['x', 'scale', 'shift'], 'function': "
    "'fma'}], 'output': 0}, 'decode': {'inputs': {'x': [2], 'shift': [2]}, 'instructions': "
    "[{'map': "
    "['x', 'shift'], 'function': 'mul'}], 'output': 0}}}";

static const float shifts[3][2] = {{1, 2}, {3, 4}, {5, 6}}, scale = 0.5f;
static const quell_condition conditions[] = {{"shift", shifts[0], 3, 2}, {"scale", &scale, 0, 1}};

static quell_draw told_draw(void)
{
    quell_draw draw = quell_draw_defaults();
    draw.count = 3, draw.conditions = conditions, draw.condition_count = 2;
    return draw;
}

static quell_status draw_told(void *data)
{
    float x[6];
    quell_draw draw = told_draw();
    quell_run run = quell_run_defaults();
    run.threads = 1;
    return quell_sample(data, &draw, &run, x);
}

static quell_status decode(void *data)
{
    static const float x[6] = {1, 2, 3, 4, 5, 6};
    float y[6];
    quell_draw draw = told_draw();
    quell_run run = quell_run_defaults();
    run.threads = 1;
    return quell_model_decode(data, &draw, &run, x, y);
}

static int nothing(void *user, const quell_call *call, const float *input, float *output)
{
    (void)user, (void)call, (void)input, (void)output;
    return 0;
}

static quell_status make_function(void *data)
{
    quell_function_options how = quell_function_defaults();
    quell_denoiser *made = NULL;
    (void)data;
    how.conditions = (quell_condition[]){{"a", shifts[0], 0, 2}, {"b", NULL, 0, 3}};
    how.condition_count = 2;
    quell_status status = quell_denoiser_from_function(&made, 2, nothing, NULL, &how);
    quell_denoiser_free(made);
    return status;
}

TEST(memory_programs, conditions_and_decoders)
{
    static struct tensor_writer writer;
    static char file[1 << 14];
    struct scratch scratch = scratch_new();
    quell_model *model = NULL;
    quell_denoiser *guided = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    quell_sampler_options options = quell_sampler_defaults();
    tensor_begin(&writer, told);
    tensor_add(&writer, "empty", 1, (const size_t[]){2});
    struct scratch_path path =
        scratch_write(&scratch, "p.safetensors", file, tensor_finish(&writer, file));
    every_allocation_fails("a file with conditions", load_model, path.text);
    every_allocation_fails("a function with conditions", make_function, NULL);
    options.steps = 2;
    CHECK(!quell_model_load(&model, path.text), "%s", quell_error_message());
    CHECK(!quell_denoiser_from_guidance(&guided, quell_model_denoiser(model), NULL, NULL), "%s",
          quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", guided, schedule, &options), "%s",
          quell_error_message());
    every_allocation_fails("draw with conditions", draw_told, sampler);
    every_allocation_fails("decode", decode, model);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_denoiser_free(guided);
    quell_model_free(model);
    scratch_remove(&scratch);
}
