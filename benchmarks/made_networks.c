/* SPDX-License-Identifier: MIT */
#include "made_networks.h"
#include "denoisers/program_denoiser.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program that is being written: its instructions so far, with ' for ". The shape of a tensor is
 * in its name, behind a number: 7:64,3,3,3. */
struct writer {
    char text[1 << 18];
    size_t used, count, tensors;
};

__attribute__((format(printf, 2, 3))) static size_t put(struct writer *w, const char *format, ...)
{
    va_list list;
    w->used += (size_t)snprintf(w->text + w->used, sizeof w->text - w->used, w->count ? ", " : "");
    va_start(list, format);
    w->used += (size_t)vsnprintf(w->text + w->used, sizeof w->text - w->used, format, list);
    va_end(list);
    if (w->used >= sizeof w->text) exit(1);
    return w->count++;
}

#define X SIZE_MAX /* the input x as an operand */

/* An operand: the number of an instruction, or the input. */
struct operand {
    char text[24];
};
static struct operand operand(size_t value)
{
    struct operand o = {"'x'"};
    if (value != X) snprintf(o.text, sizeof o.text, "%zu", value);
    return o;
}

static size_t linear(struct writer *w, size_t x, size_t in, size_t out)
{
    size_t t = w->tensors++;
    return put(w, "{'linear': [%s, '%zu:%zu,%zu', '%zu:%zu']}", operand(x).text, t, out, in, t,
               out);
}

static size_t map(struct writer *w, const char *function, size_t a)
{
    return put(w, "{'map': [%s], 'function': '%s'}", operand(a).text, function);
}

static size_t map2(struct writer *w, const char *function, size_t a, size_t b)
{
    return put(w, "{'map': [%s, %s], 'function': '%s'}", operand(a).text, operand(b).text,
               function);
}

static size_t reshape(struct writer *w, size_t x, const char *shape)
{
    return put(w, "{'move': [%s], 'form': 'reshape', 'shape': %s}", operand(x).text, shape);
}

/* What is made of time and class: [width]. */
static size_t told(struct writer *w, size_t features, size_t width)
{
    size_t t = w->tensors++;
    size_t angle = put(w, "{'map': ['time', '%zu:%zu'], 'function': 'mul'}", t, features);
    size_t sin = map(w, "sin", angle), cos = map(w, "cos", angle);
    size_t both = put(w, "{'concat': [%zu, %zu], 'dim': 0}", sin, cos);
    size_t time = linear(w, map(w, "silu", linear(w, both, 2 * features, width)), width, width);
    size_t row = put(w, "{'gather': ['%zu:%d,%zu', 'class'], 'dim': 0}", w->tensors++,
                     MADE_CLASSES + 1, width);
    return map(w, "silu", map2(w, "add", time, row));
}

static void write_mlp(struct writer *w, size_t width, size_t layers)
{
    size_t e = told(w, 32, width), h = X;
    for (size_t i = 0; i < layers; i++) {
        size_t row = linear(w, e, width, width);
        h = map(w, "silu", map2(w, "add", linear(w, h, width, width), row));
    }
    linear(w, h, width, width);
}

/* Tokens of patches, and blocks of attention and two layers, modulated by what is told. */
static void write_transformer(struct writer *w, size_t tokens, size_t patch, size_t width,
                              size_t heads, size_t blocks)
{
    char shape[2][64];
    size_t each = width / heads, e = told(w, 128, width);
    size_t h = linear(w, X, patch, width);
    h = put(w, "{'map': [%zu, '%zu:%zu,%zu'], 'function': 'add'}", h, w->tensors++, tokens, width);
    snprintf(shape[0], sizeof shape[0], "[%zu, 3, %zu, %zu]", tokens, heads, each);
    snprintf(shape[1], sizeof shape[1], "[%zu, %zu]", tokens, width);
    for (size_t i = 0; i < blocks; i++) {
        size_t all = linear(w, e, width, 6 * width), m[6], part[3];
        for (size_t k = 0; k < 6; k++)
            m[k] = put(w, "{'move': [%zu], 'form': 'slice', 'dim': 0, 'start': %zu, 'stop': %zu}",
                       all, k * width, (k + 1) * width);
        size_t n = put(w, "{'norm': [%zu, %zu, %zu], 'dims': [1]}", h, m[0], m[1]);
        size_t qkv = reshape(w, linear(w, n, width, 3 * width), shape[0]);
        qkv = put(w, "{'move': [%zu], 'form': 'permute', 'order': [1, 2, 0, 3]}", qkv);
        for (size_t k = 0; k < 3; k++) {
            char one[64];
            snprintf(one, sizeof one, "[%zu, %zu, %zu]", heads, tokens, each);
            part[k] =
                put(w, "{'move': [%zu], 'form': 'slice', 'dim': 0, 'start': %zu, 'stop': %zu}", qkv,
                    k, k + 1);
            part[k] = reshape(w, part[k], one);
        }
        size_t a = put(w, "{'attention': [%zu, %zu, %zu]}", part[0], part[1], part[2]);
        a = put(w, "{'move': [%zu], 'form': 'permute', 'order': [1, 0, 2]}", a);
        a = linear(w, reshape(w, a, shape[1]), width, width);
        h = map2(w, "add", h, map2(w, "mul", a, m[2]));
        n = put(w, "{'norm': [%zu, %zu, %zu], 'dims': [1]}", h, m[3], m[4]);
        n = linear(w, map(w, "gelu_tanh", linear(w, n, width, 4 * width)), 4 * width, width);
        h = map2(w, "add", h, map2(w, "mul", n, m[5]));
    }
    linear(w, put(w, "{'norm': [%zu], 'dims': [1]}", h), width, patch);
}

static size_t conv(struct writer *w, size_t x, size_t in, size_t out, size_t taps, size_t stride)
{
    size_t t = w->tensors++, pad = taps / 2;
    return put(w,
               "{'conv': [%s, '%zu:%zu,%zu,%zu,%zu', '%zu:%zu'], 'stride': [%zu, %zu], 'before': "
               "[%zu, %zu], 'after': [%zu, %zu]%s}",
               operand(x).text, t, out, in, taps, taps, t, out, stride, stride, pad, pad, pad, pad,
               taps == 3 && stride == 1 && in >= 32 && out >= 32 ? ", 'winograd': 4" : "");
}

static size_t norm(struct writer *w, size_t x, size_t channels)
{
    size_t t = w->tensors++;
    return put(w, "{'norm': [%zu, '%zu:%zu,1,1', '%zub:%zu,1,1'], 'groups': 8}", x, t, channels, t,
               channels);
}

static size_t block(struct writer *w, size_t x, size_t e, size_t width, size_t in, size_t out)
{
    char shape[64];
    snprintf(shape, sizeof shape, "[%zu, 1, 1]", out);
    size_t row = reshape(w, linear(w, e, width, out), shape);
    size_t skip = in == out ? x : conv(w, x, in, out, 1, 1);
    size_t h = conv(w, map(w, "silu", norm(w, x, in)), in, out, 3, 1);
    h = map2(w, "add", h, row);
    h = conv(w, map(w, "silu", norm(w, h, out)), out, out, 3, 1);
    return map2(w, "add", h, skip);
}

/* Two blocks on each of three levels, down and up. */
static void write_unet(struct writer *w, size_t channels, size_t first)
{
    const size_t widths[] = {first, 2 * first, 4 * first};
    size_t told_by = 4 * first, e = told(w, first / 2, told_by), seen[3], width = first;
    size_t h = conv(w, X, channels, first, 3, 1);
    for (size_t k = 0; k < 3; k++) {
        h = block(w, h, e, told_by, width, widths[k]);
        seen[k] = h = block(w, h, e, told_by, widths[k], widths[k]);
        width = widths[k];
        if (k < 2) h = conv(w, h, width, width, 3, 2);
    }
    for (size_t k = 3; k-- > 0;) {
        h = put(w, "{'concat': [%zu, %zu], 'dim': 0}", h, seen[k]);
        h = block(w, h, e, told_by, width + widths[k], widths[k]);
        h = block(w, h, e, told_by, widths[k], widths[k]);
        width = widths[k];
        if (k)
            h = conv(w, put(w, "{'nearest': [%zu], 'factors': [1, 2, 2]}", h), width, width, 3, 1);
    }
    conv(w, map(w, "silu", norm(w, h, width)), width, channels, 3, 1);
}

/* The tensors that were asked for, and the state of the random numbers. */
struct tensors {
    const char *name[1024];
    size_t count;
    uint64_t state;
};

static bool find(void *user, const char *name, size_t *index)
{
    struct tensors *tensors = user;
    size_t i = 0;
    while (i < tensors->count && strcmp(tensors->name[i], name) != 0) i++;
    if (!strchr(name, ':') || i == sizeof tensors->name / sizeof *tensors->name) return false;
    if (i == tensors->count) tensors->name[tensors->count++] = name;
    *index = i;
    return true;
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    const struct tensors *tensors = user;
    char *at = strchr(tensors->name[index], ':') + 1;
    shape->rank = 0;
    while (*at) {
        shape->size[shape->rank++] = strtoul(at, &at, 10);
        if (*at) at++;
    }
    return true;
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    size_t count = quell_elements(shape), in = count / shape->size[0];
    struct tensors *tensors = user;
    uint64_t state = tensors->state + count;
    float scale = shape->rank > 1 && in > 1 ? (float)sqrt(3 / (double)in) : 1;
    (void)index;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = scale * ((float)(state >> 40) * 0x1p-23f - 1);
    }
    tensors->state = state;
    return QUELL_OK;
}

static const struct made {
    const char *name, *shape;
    int kind;
    size_t size[5];
} made[] = {
    {"MLP 1024 x 7", "[1024]", 0, {1024, 6}},
    {"ViT 128 x 6, 49 tokens", "[49, 16]", 1, {49, 16, 128, 4, 6}},
    {"DiT-S/2, 256 tokens", "[256, 16]", 1, {256, 16, 384, 6, 12}},
    {"U-Net 32-64-128, 28 x 28", "[1, 28, 28]", 2, {1, 32}},
    {"U-Net 64-128-256, 64 x 64", "[3, 64, 64]", 2, {3, 64}},
};

const char *made_network_name(size_t i)
{
    return i < sizeof made / sizeof *made ? made[i].name : NULL;
}

quell_denoiser *made_network(size_t i)
{
    static struct writer writer;
    static char text[sizeof writer.text + 256];
    const struct made *one = &made[i];
    const size_t *size = one->size;
    struct tensors tensors = {.state = 1};
    const struct quell_constants from = {
        .user = &tensors, .count = 1024, .find = find, .shape = shape_of, .read = read_at};
    struct quell_program program;
    struct quell_parametrization terms = {.output = QUELL_EPS, .precondition = QUELL_PLAIN};
    quell_denoiser *denoiser = NULL;
    memset(&writer, 0, sizeof writer);
    if (one->kind == 0) write_mlp(&writer, size[0], size[1]);
    if (one->kind == 1) write_transformer(&writer, size[0], size[1], size[2], size[3], size[4]);
    if (one->kind == 2) write_unet(&writer, size[0], size[1]);
    snprintf(text, sizeof text,
             "{'inputs': {'x': %s, 'time': [], 'class': []}, 'instructions': [%s], 'output': %zu}",
             one->shape, writer.text, writer.count - 1);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    quell_status status = quell_program_load(&program, one->name, "denoise", text, &from);
    if (!status)
        status = quell_denoiser_program(&denoiser, &program, MADE_CLASSES, &terms, NULL, 0);
    if (status) {
        fprintf(stderr, "%s\n", quell_error_message());
        exit(1);
    }
    return denoiser;
}
