/* SPDX-License-Identifier: MIT */
#include "constants.h"
#include "isa.h"
#include "base/fail.h"
#include "base/memory.h"

/* Upper bound on the bytes of constants that one sampler stores. */
#define MOST_BYTES ((size_t)4 << 20)

quell_status quell_constants_make(quell_sampler *sampler)
{
    const struct quell_plan *plan = &sampler->plan;
    size_t each = quell_denoiser_constants_size(sampler->denoiser);
    if (!each || !plan->evaluations || each > MOST_BYTES / plan->evaluations) return QUELL_OK;
    const struct quell_kernels *kernels;
    quell_status status = quell_isa_choose(NULL, &kernels);
    if (status) return status;
    sampler->constants = quell_new(plan->evaluations, each);
    if (!sampler->constants) return quell_fail(QUELL_NO_MEMORY, "sampler: no memory for constants");
    sampler->constants_each = each;
    for (size_t i = 0; i < plan->count; i++) {
        const struct quell_op *op = &plan->ops[i];
        if (op->kind == QUELL_EVAL)
            quell_denoiser_constants(sampler->denoiser, kernels, op->t.t, op->t.alpha, op->t.sigma,
                                     sampler->constants + op->number * each);
    }
    return QUELL_OK;
}

const void *quell_constants_of(const quell_sampler *sampler, const struct quell_plan *plan,
                               const struct quell_op *op)
{
    if (!sampler->constants || plan != &sampler->plan) return NULL;
    return sampler->constants + op->number * sampler->constants_each;
}
