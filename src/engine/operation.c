/* SPDX-License-Identifier: MIT */
/* Describes the operations of a sampler's plan to the caller (quell/operation.h). */
#include "engine/sampler.h"
#include "base/fail.h"

#include <quell/operation.h>
#include <string.h>

/* Both functions are switches, so that the compiler warns of a kind that is missing. */
static quell_operation_kind kind_of(enum quell_op_kind kind)
{
    switch (kind) {
    case QUELL_EVAL:
        return QUELL_OPERATION_EVAL;
    case QUELL_COMBINE:
        return QUELL_OPERATION_COMBINE;
    case QUELL_STEP:
        return QUELL_OPERATION_STEP;
    case QUELL_SPREAD:
        return QUELL_OPERATION_SPREAD;
    case QUELL_LANGEVIN:
        return QUELL_OPERATION_LANGEVIN;
    case QUELL_ADAPT:
        break;
    }
    return QUELL_OPERATION_ADAPT;
}

const char *quell_operation_name(quell_operation_kind kind)
{
    switch (kind) {
    case QUELL_OPERATION_EVAL:
        return "eval";
    case QUELL_OPERATION_COMBINE:
        return "combine";
    case QUELL_OPERATION_STEP:
        return "step";
    case QUELL_OPERATION_SPREAD:
        return "spread";
    case QUELL_OPERATION_LANGEVIN:
        return "langevin";
    case QUELL_OPERATION_ADAPT:
        return "adapt";
    }
    return "unknown";
}

static quell_operation_noise noise_of(const struct quell_plan *plan, uint32_t stream,
                                      double coefficient)
{
    const struct quell_noise_name *name = &plan->name[stream];
    quell_operation_noise noise = {coefficient, name->stream, 0, name->from, name->to};
    if (quell_noise_is_path(name)) {
        noise.slot = name->path.slot;
        noise.path = 1;
        noise.from = (double)name->path.from / QUELL_BROWNIAN_CELLS;
        noise.to = (double)name->path.to / QUELL_BROWNIAN_CELLS;
    }
    return noise;
}

static void put_combine(const struct quell_plan *plan, const struct quell_op *op,
                        quell_operation *out)
{
    out->terms = op->terms;
    out->noises = op->noises;
    for (unsigned k = 0; k < op->terms; k++)
        out->term[k] = (quell_term){op->coefficient[k], op->in[k]};
    for (unsigned j = 0; j < op->noises; j++)
        out->noise[j] = noise_of(plan, op->stream[j], op->coefficient[op->terms + j]);
}

/* SPREAD and LANGEVIN have one term and one noise. */
static void put_one_of_each(const struct quell_plan *plan, const struct quell_op *op,
                            double coefficient, double of_noise, quell_operation *out)
{
    out->terms = out->noises = 1;
    out->term[0] = (quell_term){coefficient, op->in[0]};
    out->noise[0] = noise_of(plan, op->stream[0], of_noise);
}

static quell_operation operation_of(const struct quell_plan *plan, const struct quell_op *op)
{
    quell_operation out = quell_operation_init();
    out.kind = kind_of(op->kind);
    out.out = op->out;
    switch (op->kind) {
    case QUELL_EVAL:
        out.variance = op->variance;
        out.apart = op->apart;
        out.terms = 1;
        out.term[0] = (quell_term){1, op->in[0]};
        out.t = op->t;
        break;
    case QUELL_COMBINE:
        put_combine(plan, op, &out);
        break;
    case QUELL_SPREAD:
        out.spread_middle = op->coefficient[0];
        put_one_of_each(plan, op, op->coefficient[1], 1, &out);
        break;
    case QUELL_LANGEVIN:
        out.by_norms = op->number == 1;
        put_one_of_each(plan, op, op->coefficient[0], op->coefficient[1], &out);
        break;
    case QUELL_STEP:
    case QUELL_ADAPT:
        out.t = op->t;
        out.s = op->s;
        break;
    }
    return out;
}

size_t quell_sampler_operations(const quell_sampler *sampler)
{
    return sampler ? sampler->plan.count : 0;
}

quell_status quell_sampler_operation(const quell_sampler *sampler, size_t i,
                                     quell_operation *operation)
{
    if (!sampler || !operation)
        return quell_fail(QUELL_BAD_ARGUMENT, "operation: %s is NULL",
                          sampler ? "the place for it" : "the sampler");
    if (operation->size != sizeof *operation)
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "operation: the size of its struct is %zu, must be %zu; start from "
                          "quell_operation_init()",
                          operation->size, sizeof *operation);
    if (i >= sampler->plan.count)
        return quell_fail(QUELL_NOT_FOUND, "operation: there is no operation %zu, the plan has %zu",
                          i, sampler->plan.count);
    *operation = operation_of(&sampler->plan, &sampler->plan.ops[i]);
    return QUELL_OK;
}
