/* SPDX-License-Identifier: MIT */
#include "networks/dit.h"
#include "networks/dit_parts.h"
#include "base/memory.h"
#include "networks/labels.h"

#include <stdlib.h>

/* Preferred number of tokens in a forward pass: enough for the product's tiles, few enough for the
 * cache. */
#define PREFERRED_TOKENS 128

/* The arrays of a forward pass. wide: query, key and value, then the hidden values of ffn. e,
 * hidden and ada have a row for each distinct label. */
struct work {
    float *labels, *e, *hidden, *ada, *x, *h, *y, *wide, *heads, *attention;
};

struct pass {
    const struct quell_dit *dit;
    const struct quell_pass *of;
    struct quell_labels labels;
    struct work work;
    size_t tokens; /* of all rows */
};

static const struct quell_dit *self(const struct quell_network *network)
{
    return (const struct quell_dit *)network;
}

static size_t wide_row(const struct quell_dit *dit)
{
    size_t attention = 3 * dit->shape.hidden, ffn = dit->shape.factor * dit->shape.hidden;
    return quell_linear_stride(attention > ffn ? attention : ffn);
}

/* The length of a row of heads. A head whose width is not a multiple of QUELL_LANES may be written
 * beyond its end, so there is room for that. */
static size_t heads_row(const struct quell_dit *dit)
{
    return quell_linear_stride(dit->shape.hidden) + QUELL_LANES;
}

/* Places the arrays of `work` in `memory`, and returns the number of floats they take. */
static size_t lay_out(const struct quell_dit *dit, size_t rows, float *memory, struct work *work)
{
    size_t tokens = rows * dit->tokens, width = quell_linear_stride(dit->shape.conditioning.width);
    size_t hidden = quell_linear_stride(dit->shape.hidden);
    size_t channels = quell_linear_stride(dit->channels), used = 0;
    const struct {
        float **part;
        size_t floats;
    } parts[] = {
        {&work->labels, quell_labels_floats(rows)},
        {&work->e, rows * width},
        {&work->hidden, rows * width},
        {&work->ada, rows * quell_modulation_row(dit->shape.hidden)},
        {&work->x, tokens * channels},
        {&work->h, tokens * hidden},
        {&work->y, tokens * hidden},
        {&work->wide, tokens * wide_row(dit) + QUELL_LANES},
        {&work->heads, tokens * heads_row(dit) + QUELL_LANES},
        {&work->attention, quell_attention_floats(&dit->attention)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (memory) *parts[i].part = memory + used;
        used += quell_linear_stride(parts[i].floats);
    }
    return used;
}

static size_t scratch_floats(const struct quell_network *network, size_t rows)
{
    struct work work;
    return lay_out(self(network), rows, NULL, &work);
}

static void apply(const struct pass *p, const struct quell_linear *linear, const float *x,
                  size_t x_row, float *y, const float *start, bool add)
{
    quell_linear_apply(linear, p->of->kernels, p->tokens, x, x_row, y, start, add);
}

/* (a + 1, b, c) of a row's label */
static const float *ada_of(const struct pass *p, size_t row)
{
    return p->work.ada + p->labels.slot[row] * quell_modulation_row(p->dit->shape.hidden);
}

/* y = (a + 1) rms_norm(h) + b */
static void modulate(const struct pass *p)
{
    size_t hidden = p->dit->shape.hidden, stride = quell_linear_stride(hidden);
    for (size_t row = 0; row < p->of->rows; row++) {
        size_t at = row * p->dit->tokens * stride;
        const struct quell_norm norm = {.rows = p->dit->tokens,
                                        .width = hidden,
                                        .x = p->work.h + at,
                                        .x_row = stride,
                                        .out = p->work.y + at,
                                        .out_row = stride,
                                        .scale = ada_of(p, row),
                                        .shift = ada_of(p, row) + hidden,
                                        .epsilon = 1e-5f};
        p->of->kernels->norm(&norm);
    }
}

/* y <- y + y_proj attention(qkv_proj y) */
static void attend(const struct pass *p, const struct quell_dit_block *block)
{
    const struct quell_dit *dit = p->dit;
    size_t stride = quell_linear_stride(dit->shape.hidden), tokens = dit->tokens;
    size_t qkv_row = quell_linear_stride(3 * dit->shape.hidden);
    struct quell_attention attention = dit->attention;
    attention.turn = block->turn;
    apply(p, &block->qkv, p->work.y, stride, p->work.wide, block->qkv.bias, false);
    for (size_t row = 0; row < p->of->rows; row++)
        quell_attention_apply(&attention, p->of->kernels, p->work.wide + row * tokens * qkv_row,
                              qkv_row, p->work.heads + row * tokens * heads_row(dit),
                              heads_row(dit), p->work.attention);
    apply(p, &block->y, p->work.heads, heads_row(dit), p->work.y, NULL, true);
}

/* Gated: the first half of a row times silu of the second. */
static void swiglu(const struct pass *p, size_t half, size_t row)
{
    for (size_t t = 0; t < p->tokens; t++) {
        float *x = p->work.wide + t * row;
        p->of->kernels->activation[QUELL_SILU](x + half, half);
        for (size_t i = 0; i < half; i++) x[i] *= x[half + i];
    }
}

/* h <- h + c ffn(y) */
static void feed_forward(const struct pass *p, const struct quell_dit_block *block)
{
    const struct quell_dit_shape *shape = &p->dit->shape;
    size_t stride = quell_linear_stride(shape->hidden), row = quell_linear_stride(block->in.out);
    quell_linear_activate(&block->in, p->of->kernels, p->tokens, p->work.y, stride, p->work.wide,
                          block->in.bias, false,
                          shape->swiglu ? QUELL_IDENTITY : shape->activation);
    if (shape->swiglu) swiglu(p, block->in.out / 2, row);
    apply(p, &block->out, p->work.wide, row, p->work.y, block->out.bias, false);
    for (size_t t = 0; t < p->tokens; t++) {
        float *h = p->work.h + t * stride;
        p->of->kernels->affine(h, p->work.y + t * stride, shape->hidden,
                               ada_of(p, t / p->dit->tokens) + 2 * shape->hidden, h);
    }
}

static void run_block(const struct pass *p, const struct quell_dit_block *block)
{
    quell_modulation_apply(&block->ada, p->of->kernels, p->labels.count, p->work.e, p->work.hidden,
                           p->work.ada);
    modulate(p);
    attend(p, block);
    feed_forward(p, block);
}

static void begin(struct pass *p)
{
    const struct quell_dit *dit = p->dit;
    const struct quell_pass *of = p->of;
    size_t hidden = quell_linear_stride(dit->shape.hidden), channels = dit->channels;
    quell_conditioning_apply(&dit->conditioning, of, &p->labels, p->work.e);
    for (size_t t = 0; t < p->tokens; t++) {
        const float *x =
            of->x + t / dit->tokens * dit->base.inputs + dit->token_place[t % dit->tokens];
        for (size_t c = 0; c < channels; c++)
            p->work.x[t * channels + c] = x[dit->channel_place[c]];
    }
    for (size_t row = 0; row < of->rows; row++)
        for (size_t i = 0; i < dit->tokens * hidden; i++)
            p->work.h[row * dit->tokens * hidden + i] = dit->position[i];
    apply(p, &dit->in, p->work.x, dit->channels, p->work.h, NULL, true);
}

static void finish(const struct pass *p)
{
    const struct quell_dit *dit = p->dit;
    size_t channels = dit->channels, stride = quell_linear_stride(channels);
    apply(p, &dit->out, p->work.h, quell_linear_stride(dit->shape.hidden), p->work.x, dit->out.bias,
          false);
    for (size_t t = 0; t < p->tokens; t++) {
        float *out =
            p->of->out + t / dit->tokens * dit->base.outputs + dit->token_place[t % dit->tokens];
        for (size_t c = 0; c < channels; c++)
            out[dit->channel_place[c]] = p->work.x[t * stride + c];
    }
}

static void forward(const struct quell_network *network, const struct quell_pass *of)
{
    struct pass p = {.dit = self(network), .of = of, .tokens = of->rows * self(network)->tokens};
    lay_out(p.dit, of->rows, of->scratch, &p.work);
    p.labels = quell_labels_of(network, of, p.work.labels);
    begin(&p);
    for (size_t i = 0; i < p.dit->shape.blocks; i++) run_block(&p, &p.dit->blocks[i]);
    finish(&p);
}

static const struct quell_network_class dit_class = {
    .architecture = "dit",
    .scratch_floats = scratch_floats,
    .forward = forward,
    .destroy = quell_dit_destroy,
    .digest = quell_dit_digest,
};

quell_status quell_dit_load(struct quell_network **network, const struct quell_weights *from,
                            const struct quell_dit_shape *shape)
{
    struct quell_dit *dit = NULL;
    quell_status status = quell_dit_parts_load(&dit, &dit_class, from, shape);
    if (status) return status;
    dit->base.rows = dit->tokens < PREFERRED_TOKENS ? PREFERRED_TOKENS / dit->tokens : 1;
    *network = &dit->base;
    return QUELL_OK;
}
