/* SPDX-License-Identifier: MIT */
/* A model's description, its denoiser, and the description that is stored of it. */
#include "draw.h"
#include "input.h"
#include "models/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[INPUT_LINES];
    input_lines(data, size, lines);
    for (int i = 0; i < INPUT_LINES; i++)
        if ((strstr(lines[i], "dim") || strstr(lines[i], "shape")) && input_asks_much(lines[i], 4))
            return 0;
    quell_model *model = calloc(1, sizeof *model);
    if (!model) return 0;
    if (!quell_model_read_json(model, input_file(data, size))) {
        draw(quell_model_denoiser(model), "", quell_model_schedule(model), "");
        (void)quell_model_save(model, "/dev/null");
    }
    quell_model_free(model);
    return 0;
}
