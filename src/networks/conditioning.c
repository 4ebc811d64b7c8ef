/* SPDX-License-Identifier: MIT */
#include "networks/conditioning.h"
#include "base/fail.h"
#include "base/memory.h"
#include "networks/sine.h"

#include <stdlib.h>
#include <string.h>

static quell_status load_label(struct quell_conditioning *c, const struct quell_weights *from)
{
    const size_t shape[] = {c->shape.classes + 1, c->shape.width};
    if (!c->shape.classes) return QUELL_OK;
    quell_status status = from->read(from->user, "label.weight", 2, shape, NULL);
    if (status) return status;
    c->label = quell_new(shape[0], shape[1] * sizeof(float));
    if (!c->label) return quell_fail(QUELL_NO_MEMORY, "network: no memory for label");
    return from->read(from->user, "label.weight", 2, shape, c->label);
}

quell_status quell_conditioning_load(struct quell_conditioning *c, const struct quell_weights *from,
                                     const struct quell_conditioning_shape *shape)
{
    *c = (struct quell_conditioning){.shape = *shape};
    c->frequency = quell_sine_frequencies(shape->features, shape->omega);
    if (!c->frequency) return quell_fail(QUELL_NO_MEMORY, "network: no memory for frequencies");
    quell_status status =
        quell_linear_load(&c->first, from, "time.0", shape->features, shape->width, true);
    if (!status)
        status = quell_linear_load(&c->second, from, "time.2", shape->width, shape->width, true);
    return status ? status : load_label(c, from);
}

void quell_conditioning_free(struct quell_conditioning *c)
{
    quell_linear_free(&c->first);
    quell_linear_free(&c->second);
    free(c->label);
    free(c->frequency);
    *c = (struct quell_conditioning){0};
}

void quell_conditioning_digest(const struct quell_conditioning *c, struct quell_digest *digest)
{
    quell_digest_doubles(digest, c->frequency, c->shape.features / 2);
    quell_linear_digest(&c->first, digest);
    quell_linear_digest(&c->second, digest);
    if (c->label) quell_digest_floats(digest, c->label, (c->shape.classes + 1) * c->shape.width);
}

size_t quell_conditioning_floats(const struct quell_conditioning *c)
{
    return quell_linear_stride(c->shape.features) + 2 * quell_linear_stride(c->shape.width);
}

void quell_conditioning_time(const struct quell_conditioning *c,
                             const struct quell_kernels *kernels, double time, float *out)
{
    size_t features = c->shape.features, width = c->shape.width;
    float *hidden = out + quell_linear_stride(width),
          *encoded = hidden + quell_linear_stride(width);
    quell_sine_encode(c->frequency, features, time, encoded);
    quell_linear_activate(&c->first, kernels, 1, encoded, features, hidden, c->first.bias, false,
                          QUELL_SILU);
    quell_linear_apply(&c->second, kernels, 1, hidden, width, out, c->second.bias, false);
}

void quell_conditioning_apply(const struct quell_conditioning *c, const struct quell_pass *pass,
                              const struct quell_labels *labels, float *e)
{
    static const float sum[] = {1, 1};
    size_t width = c->shape.width;
    for (size_t i = 0; i < labels->count; i++, e += quell_linear_stride(width)) {
        if (!c->label) {
            memcpy(e, pass->time, width * sizeof *e);
            continue;
        }
        const float *in[] = {pass->time, c->label + labels->distinct[i] * width};
        pass->kernels->combine(e, width, 2, sum, in);
    }
}
