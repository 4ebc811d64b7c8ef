/* SPDX-License-Identifier: MIT */
/* Sets up a draw: the classes, conditions and streams of the samples of a request, and their
 * memory. */
#include "serve/drawing.h"
#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

/* The index of sample i. serve_ask_check has ruled out an overflow. */
static uint64_t index_of(const struct serve_ask *ask, size_t i)
{
    return ask->indices ? (uint64_t)ask->indices[i] : ask->first + (ask->seeds ? 0 : i);
}

/* Makes the list of classes: one class for all samples, all classes in turn, or a given list. A
 * number that does not fit an int32_t becomes INT32_MAX, which is no class of any model either. */
static int32_t *make_classes(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    size_t classes = quell_denoiser_classes(quell_model_denoiser(drawing->model->model));
    int32_t *made = quell_new(ask->count, sizeof *made);
    for (size_t i = 0; made && i < ask->count; i++)
        made[i] = ask->classes
                      ? (int32_t)(ask->classes[i] < INT32_MAX ? ask->classes[i] : INT32_MAX)
                  : ask->each ? (int32_t)(index_of(ask, i) % classes)
                              : ask->class;
    return made;
}

static int32_t *make_negative(const struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    int32_t *made = quell_new(ask->count, sizeof *made);
    for (size_t i = 0; made && i < ask->count; i++) made[i] = ask->negative_class;
    return made;
}

static bool is_labelled(const struct serve_ask *ask)
{
    return ask->class >= 0 || ask->each || ask->classes;
}

/* Allocates memory for the samples. States to start from are replaced by the samples in place. */
static bool make_memory(struct serve_drawing *drawing)
{
    struct serve_ask *ask = &drawing->ask;
    size_t dim = quell_sampler_dim(drawing->sampler->sampler);
    size_t shown = serve_drawing_shown(drawing);
    if (is_labelled(ask)) drawing->classes = make_classes(drawing);
    if (ask->negative_class >= 0) drawing->negative_classes = make_negative(drawing);
    drawing->x = ask->from ? ask->from : quell_new_untouched(ask->count, dim * sizeof(float));
    ask->from = NULL;
    if (serve_drawing_decodes(drawing))
        drawing->decoded = quell_new_untouched(ask->count, shown * sizeof(float));
    return drawing->x && (drawing->decoded || !serve_drawing_decodes(drawing)) &&
           (drawing->classes || !is_labelled(ask)) &&
           (drawing->negative_classes || ask->negative_class < 0);
}

static void make_draw(struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    quell_draw *draw = &drawing->draw;
    *draw = quell_draw_defaults();
    draw->seed = ask->seed;
    draw->first = ask->first;
    draw->count = ask->count;
    draw->seeds = (const uint64_t *)ask->seeds;
    draw->indices = (const uint64_t *)ask->indices;
    draw->classes = drawing->classes;
    draw->negative_classes = drawing->negative_classes;
    draw->conditions = ask->condition_count ? ask->conditions : NULL;
    draw->condition_count = ask->condition_count;
    draw->negative_conditions = ask->negative_count ? ask->negative : NULL;
    draw->negative_condition_count = ask->negative_count;
}

quell_status serve_drawing_fill(struct serve_drawing *drawing)
{
    if (!make_memory(drawing)) return quell_fail(QUELL_NO_MEMORY, "no memory for these samples");
    make_draw(drawing);
    return QUELL_OK;
}
