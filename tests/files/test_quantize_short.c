/* SPDX-License-Identifier: MIT */
/* Quantised networks beside products of bfloat16 numbers. */
#include "harness.h"
#include "models.h"
#include "names.h"
#include "quantizing.h"
#include "scratch.h"

#include <math.h>
#include <string.h>

/* A guide may have products of bfloat16 numbers: the samples that are compared are its own. */
TEST(quantize_library, with_a_guide_of_short_numbers)
{
    struct scratch scratch = scratch_new();
    struct scratch_path path = scratch_path(&scratch, "q.safetensors");
    struct settings s;
    float x[COUNT * DIM], y[COUNT * DIM], other[COUNT * DIM];
    quell_quantized *made = NULL;
    quell_model *guide = NULL;
    quell_quantize_report report = quell_quantize_report_init();
    settings_of(&s);
    MUST(quell_model_load_as(&guide, "builtin:rings", "bf16_products"));
    s.options.guide = quell_model_denoiser(guide);
    MUST(quell_quantize(&made, "builtin:rings", path.text, &s.options));
    MUST(quell_quantized_report(made, &report));
    draw_as("builtin:rings", NULL, s.options.guide, &s, x);
    draw_as(path.text, NULL, s.options.guide, &s, y);
    draw("builtin:rings", &s, other);
    CHECK(distance(x, other) > 0, "the guide's products do not show");
    CHECK(fabs(distance(x, y) - report.moved) < 1e-6, "moved by %g, not %g", distance(x, y),
          report.moved);
    quell_quantized_free(made);
    quell_model_free(guide);
    scratch_remove(&scratch);
}

/* What stays float32 in a quantised file can be kept, or multiplied, as bfloat16 when it is read:
 * the same bits on every thread and instruction set, near those of the file as it is. */
TEST(quantize_library, the_rest_as_short_numbers)
{
    static const char *const precisions[] = {"bf16", "bf16_products"};
    struct scratch scratch = scratch_new();
    struct scratch_path path = scratch_path(&scratch, "q.safetensors");
    struct settings s;
    float x[COUNT * DIM], y[COUNT * DIM], z[COUNT * DIM];
    quell_quantized *made = NULL;
    quell_quantize_report report = quell_quantize_report_init();
    settings_of(&s);
    s.options.bound = 0.006;
    MUST(quell_quantize(&made, "builtin:rings", path.text, &s.options));
    MUST(quell_quantized_report(made, &report));
    CHECK(report.quantized && report.quantized < report.instructions, "%zu of %zu are quantised",
          report.quantized, report.instructions);
    draw(path.text, &s, x);
    for (size_t i = 0; i < 2; i++) {
        settings_of(&s);
        draw_as(path.text, precisions[i], NULL, &s, y);
        double moved = distance(x, y);
        CHECK(moved > 0 && moved < 0.05, "%s: moved by %g", precisions[i], moved);
        for (size_t k = 0; isa_name(k); k++) {
            if (!quell_isa_available(isa_name(k))) continue;
            s.run.isa = isa_name(k), s.run.threads = 1 + k % 3;
            draw_as(path.text, precisions[i], NULL, &s, z);
            CHECK(!memcmp(y, z, sizeof y), "%s: other bits by %s", precisions[i], isa_name(k));
        }
    }
    quell_quantized_free(made);
    scratch_remove(&scratch);
}
