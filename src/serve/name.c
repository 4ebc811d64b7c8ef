/* SPDX-License-Identifier: MIT */
/* The ETag of a result is a digest of everything that its bytes depend on, in this version of
 * quell. So two results with the same tag have the same bytes. */
#include "serve/drawing.h"
#include "base/sha256.h"
#include "models/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_text(struct quell_sha256 *sum, const char *text)
{
    quell_sha256_add(sum, text, strlen(text) + 1);
}

static void add_number(struct quell_sha256 *sum, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    add_text(sum, digits);
}

static void add_conditions(struct quell_sha256 *sum, const quell_condition *list, size_t count)
{
    add_number(sum, count);
    for (size_t i = 0; i < count; i++) {
        add_text(sum, list[i].name);
        add_number(sum, list[i].count);
        if (list[i].values)
            quell_sha256_add(sum, list[i].values,
                             (list[i].count ? list[i].count : 1) * list[i].size * sizeof(float));
        else
            add_text(sum, "none");
    }
}

static void add_list(struct quell_sha256 *sum, const void *list, size_t bytes)
{
    add_number(sum, list != NULL);
    if (list) quell_sha256_add(sum, list, bytes);
}

void serve_drawing_name(struct serve_drawing *drawing)
{
    const struct serve_ask *ask = &drawing->ask;
    struct quell_sha256 sum;
    char digits[65];
    quell_sha256_begin(&sum);
    add_text(&sum, quell_version());
    add_text(&sum, drawing->model->digest);
    add_number(&sum, quell_model_decoder_digest(drawing->model->model));
    add_text(&sum, serve_format_name(ask->format));
    add_number(&sum, quell_sampler_digest(drawing->sampler->sampler));
    add_number(&sum, ask->seed);
    add_number(&sum, ask->first);
    add_number(&sum, ask->count);
    add_number(&sum, (uint64_t)(ask->class + 1));
    add_number(&sum, (uint64_t)(ask->negative_class + 1));
    add_number(&sum, 2 * (uint64_t)ask->each + (uint64_t)ask->latent);
    add_conditions(&sum, ask->conditions, ask->condition_count);
    add_conditions(&sum, ask->negative, ask->negative_count);
    add_list(&sum, ask->from,
             ask->count * quell_sampler_dim(drawing->sampler->sampler) * sizeof *ask->from);
    add_list(&sum, ask->classes, ask->count * sizeof *ask->classes);
    add_list(&sum, ask->seeds, ask->count * sizeof *ask->seeds);
    add_list(&sum, ask->indices, ask->count * sizeof *ask->indices);
    quell_sha256_end(&sum, digits);
    snprintf(drawing->tag, sizeof drawing->tag, "\"%.32s\"", digits);
}
