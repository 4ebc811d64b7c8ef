/* SPDX-License-Identifier: MIT */
/* Every allocation made to fail while a program is loaded from its file and drawn from. */
#include "harness.h"
#include "memory_parts.h"
#include "scratch.h"
#include "small_program.h"
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
