/* SPDX-License-Identifier: MIT */
/* Residual MLPs, and azula's DiTs, ViTs and U-Nets, as programs: their E[X | x_t] beside PyTorch's
 * in float64 (tests/reference/networks.py), and their bits over instruction sets and batches. */
#include "formula_weights.h"
#include "harness.h"
#include "isas.h"
#include "models.h"
#include "small_networks.h"
#include "io/safetensors.h"
#include "models/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double times[] = {0.3, 0.6, 0.95};
#define TIMES (sizeof times / sizeof *times)

enum { MOST_ROWS = 61, MOST_DIM = 256 };

/* out[TIMES][rows][elements] */
static const struct reference {
    const char *network;
    size_t rows;
    const double *out;
} references[] = {
#include "references.inc"
};
#define REFERENCES (sizeof references / sizeof *references)

struct subject {
    size_t dim, classes;
    quell_sampler *sampler;
};

static struct subject subject_of(const char *name)
{
    quell_denoiser *denoiser = small_network_denoiser(name);
    quell_schedule *schedule = must_schedule("vp");
    const struct subject made = {quell_denoiser_dim(denoiser), quell_denoiser_classes(denoiser),
                                 must_sampler("ddim", denoiser, schedule, 2)};
    CHECK(made.dim <= MOST_DIM, "%s is too large", name);
    quell_schedule_free(schedule);
    quell_denoiser_free(denoiser);
    return made;
}

/* E[X | x_t] of the rows first ... first + rows, which are a formula; row i has class 7 i modulo
 * classes + 1. */
static void denoise(const struct subject *of, const char *isa, size_t tile, double t, size_t first,
                    size_t rows, float *out)
{
    static float x[MOST_ROWS * MOST_DIM];
    int32_t label[MOST_ROWS];
    quell_draw draw = quell_draw_defaults();
    quell_run run = quell_run_defaults();
    formula_fill("x", 2, (first + rows) * of->dim, x);
    for (size_t i = 0; i < rows; i++) {
        size_t class = (first + i) * 7 % (of->classes + 1);
        label[i] = class == of->classes ? -1 : (int32_t)class;
    }
    draw.count = rows, draw.classes = of->classes ? label : NULL;
    run.isa = isa, run.tile = tile;
    MUST(quell_denoise(of->sampler, &draw, &run, t, x + first * of->dim, out));
}

static void check_reference(const struct reference *at, const char *isa)
{
    static float out[MOST_ROWS * MOST_DIM];
    struct subject subject = subject_of(at->network);
    size_t count = at->rows * subject.dim;
    for (size_t t = 0; t < TIMES; t++) {
        const double *right = at->out + t * count;
        double most = 0, worst = 0;
        denoise(&subject, isa, 0, times[t], 0, at->rows, out);
        for (size_t e = 0; e < count; e++) {
            double apart = fabs((double)out[e] - right[e]);
            if (fabs(right[e]) > most) most = fabs(right[e]);
            if (!(apart <= worst)) worst = apart;
        }
        CHECK(worst <= 3e-6 * most, "%s, %s, time %g: %g of %g off", at->network, isa, times[t],
              worst, most);
    }
    quell_sampler_free(subject.sampler);
}

TEST(networks, are_as_in_pytorch)
{
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t i = 0; i < REFERENCES; i++) check_reference(&references[i], k->isa);
}

/* Each row alone, on each instruction set, has the bits that it has among others. */
static void check_rows(const char *name, size_t most)
{
    static float all[MOST_ROWS * MOST_DIM], part[MOST_ROWS * MOST_DIM];
    struct subject subject = subject_of(name);
    size_t dim = subject.dim;
    denoise(&subject, "scalar", 1, 0.75, 0, most, all);
    for (const struct quell_kernels *k = isa_after(NULL); k; k = isa_after(k))
        for (size_t rows = 1; rows <= most; rows = rows * 5 / 2)
            for (size_t first = 0; first + rows <= most; first += rows + 3) {
                denoise(&subject, k->isa, first % 4, 0.75, first, rows, part);
                CHECK(!memcmp(part, all + first * dim, rows * dim * sizeof *part),
                      "%s: %s, rows %zu from %zu", k->isa, name, rows, first);
            }
    quell_sampler_free(subject.sampler);
}

TEST(networks, rows_have_bits_of_their_own)
{
    for (size_t i = 0; i < REFERENCES; i++) {
        const char *name = references[i].network;
        check_rows(name, strncmp(name, "mlp", 3) ? 8 : MOST_ROWS);
    }
}

TEST(networks, no_class_is_minus_one)
{
    struct subject subject = subject_of("mlp_gelu");
    const int32_t none = -1;
    quell_draw draw = quell_draw_defaults();
    float x[MOST_DIM] = {0.5f}, without[MOST_DIM], with[MOST_DIM];
    draw.count = 1;
    MUST(quell_denoise(subject.sampler, &draw, NULL, 0.5, x, without));
    draw.classes = &none;
    MUST(quell_denoise(subject.sampler, &draw, NULL, 0.5, x, with));
    CHECK(!memcmp(with, without, subject.dim * sizeof *with), "-1 is not 'no class'");
    quell_sampler_free(subject.sampler);
}

/* A file in which any one tensor has another name is refused in a line that names what is missing:
 * the first letter is changed. */
static void check_missing(const char *name)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    size_t size = small_network_file(name, file), count = 1;
    for (size_t i = 0; i < count; i++) {
        struct quell_tensors tensors = {0};
        quell_model *model = calloc(1, sizeof *model);
        char quoted[200];
        MUST(quell_tensors_open_memory(&tensors, name, file, size));
        count = tensors.count;
        snprintf(quoted, sizeof quoted, "\"%s\":", tensors.tensors[i].name);
        quell_tensors_close(&tensors);
        char *at = memmem(file, size, quoted, strlen(quoted));
        CHECK(at, "%s: no %s", name, quoted);
        at[1] ^= 2;
        quell_status status = quell_model_read_memory(model, name, file, size);
        at[1] ^= 2;
        quoted[strlen(quoted) - 2] = 0;
        CHECK(status == QUELL_BAD_MODEL, "%s without %s: %s", name, quoted + 1,
              quell_status_name(status));
        CHECK(strstr(quell_error_message(), quoted + 1), "%s without %s: %s", name, quoted + 1,
              quell_error_message());
        quell_model_free(model);
    }
}

TEST(networks, a_missing_tensor_is_named)
{
    const char *name;
    for (size_t i = 0; (name = small_network_name(i)); i++) check_missing(name);
}
