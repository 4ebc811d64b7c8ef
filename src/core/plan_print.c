/* SPDX-License-Identifier: MIT */
/* A plan as text, one operation a line:
 *
 *     EVAL     r1 = E[X | x] at t = 1, alpha 0.001, sigma 1
 *     COMBINE  x = 0.98 x + 0.02 r1 + 0.17 noise0(1, 0.75)
 *     STEP     1 -> 0.75
 *
 * with the noise of slot 0 from t = 1 to 0.75. In Brownian mode that is W0(0.25, 0.5), the
 * increment of slot 0's path between two places (noise.h). */
#include "plan.h"
#include "base/text.h"

#include <stdio.h>

static const char *name(quell_register_id r, char buffer[8])
{
    if (r == QUELL_STATE) return "x";
    snprintf(buffer, 8, "r%d", r);
    return buffer;
}

static void print_noise(struct quell_text *text, const struct quell_plan *plan, uint32_t stream)
{
    const struct quell_noise_name *name = &plan->name[stream];
    if (quell_noise_is_path(name))
        quell_say(text, "W%u(%.9g, %.9g)", name->path.slot,
                  (double)name->path.from / QUELL_BROWNIAN_CELLS,
                  (double)name->path.to / QUELL_BROWNIAN_CELLS);
    else
        quell_say(text, "noise%u(%.9g, %.9g)", name->stream, name->from, name->to);
}

static void print_combine(struct quell_text *text, const struct quell_plan *plan,
                          const struct quell_op *op)
{
    char buffer[8];
    quell_say(text, "COMBINE  %s =", name(op->out, buffer));
    for (unsigned k = 0; k < op->terms + op->noises; k++) {
        double kept = k == 0 && op->update ? 1 : 0;
        quell_say(text, "%s %.9g ", k ? " +" : "", kept + (double)op->rounded[k]);
        if (k < op->terms)
            quell_say(text, "%s", name(op->in[k], buffer));
        else
            print_noise(text, plan, op->stream[k - op->terms]);
    }
    quell_say(text, "\n");
}

static void print_op(struct quell_text *text, const struct quell_plan *plan,
                     const struct quell_op *op)
{
    char out[8], in[8];
    switch (op->kind) {
    case QUELL_EVAL:
        quell_say(text, "EVAL     %s = E[X | %s]", name(op->out, out), name(op->in[0], in));
        if (op->apart) quell_say(text, " - %s / alpha", in);
        if (op->variance) quell_say(text, ", %s = v", name(op->variance, out));
        quell_say(text, " at t = %.9g, alpha %.9g, sigma %.9g\n", op->t.t, op->t.alpha,
                  op->t.sigma);
        break;
    case QUELL_COMBINE:
        print_combine(text, plan, op);
        break;
    case QUELL_SPREAD:
        quell_say(text, "SPREAD   %s += exp(%.9g + %.9g %s) ", name(op->out, out),
                  op->coefficient[0], op->coefficient[1], name(op->in[0], in));
        print_noise(text, plan, op->stream[0]);
        quell_say(text, "\n");
        break;
    case QUELL_LANGEVIN:
        quell_say(text, "LANGEVIN %s += %.9g r^2 %s + %.9g r z, r by %s |%s|\n", name(op->out, out),
                  op->coefficient[0], name(op->in[0], in), op->coefficient[1],
                  op->number ? "|z| and" : "D and", in);
        break;
    case QUELL_ADAPT:
        quell_say(text, "ADAPT    x from t = %.9g to %.9g, in steps of its own choice\n", op->t.t,
                  op->s.t);
        break;
    case QUELL_STEP:
        quell_say(text, "STEP     %.9g -> %.9g\n", op->t.t, op->s.t);
        break;
    }
}

size_t quell_plan_print(const struct quell_plan *plan, char *buffer, size_t size)
{
    struct quell_text text = quell_text_new(buffer, size);
    for (size_t i = 0; i < plan->count; i++) print_op(&text, plan, &plan->ops[i]);
    return text.length;
}
