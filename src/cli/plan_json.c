/* SPDX-License-Identifier: MIT */
/* `quell plan --json`: the operations of a sampler, with the names of quell/operation.h. */
#include "cli/plan_json.h"
#include "cli/report.h"

#include <quell/operation.h>

static void put_point(struct quell_json_writer *writer, const char *name, const quell_point *point)
{
    quell_json_begin(writer, name, '{');
    quell_json_put_number(writer, "t", point->t);
    quell_json_put_number(writer, "alpha", point->alpha);
    quell_json_put_number(writer, "sigma", point->sigma);
    quell_json_end(writer, '}');
}

static void put_terms(struct quell_json_writer *writer, const quell_operation *op)
{
    quell_json_begin(writer, "terms", '[');
    for (size_t k = 0; k < op->terms; k++) {
        quell_json_begin(writer, NULL, '{');
        quell_json_put_number(writer, "coefficient", op->term[k].coefficient);
        quell_json_put_whole(writer, "source", op->term[k].source);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static void put_noises(struct quell_json_writer *writer, const quell_operation *op)
{
    quell_json_begin(writer, "noises", '[');
    for (size_t j = 0; j < op->noises; j++) {
        const quell_operation_noise *noise = &op->noise[j];
        quell_json_begin(writer, NULL, '{');
        quell_json_put_number(writer, "coefficient", noise->coefficient);
        quell_json_put_whole(writer, "slot", noise->slot);
        quell_json_put_truth(writer, "path", noise->path);
        quell_json_put_number(writer, "from", noise->from);
        quell_json_put_number(writer, "to", noise->to);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

/* Writes the members that EVAL, COMBINE, SPREAD and LANGEVIN have. */
static void put_arithmetic(struct quell_json_writer *writer, const quell_operation *op)
{
    quell_json_put_whole(writer, "out", op->out);
    put_terms(writer, op);
    if (op->kind != QUELL_OPERATION_EVAL) put_noises(writer, op);
    if (op->kind == QUELL_OPERATION_SPREAD)
        quell_json_put_number(writer, "middle", op->spread_middle);
    if (op->kind == QUELL_OPERATION_LANGEVIN)
        quell_json_put_truth(writer, "by_norms", op->by_norms);
    if (op->kind != QUELL_OPERATION_EVAL) return;
    quell_json_put_truth(writer, "apart", op->apart);
    if (op->variance)
        quell_json_put_whole(writer, "variance", op->variance);
    else
        quell_json_put_null(writer, "variance");
    put_point(writer, "t", &op->t);
}

static void put_operation(struct quell_json_writer *writer, const quell_operation *op)
{
    quell_json_begin(writer, NULL, '{');
    quell_json_put_text(writer, "kind", quell_operation_name(op->kind));
    if (op->kind == QUELL_OPERATION_STEP || op->kind == QUELL_OPERATION_ADAPT) {
        put_point(writer, "t", &op->t);
        put_point(writer, "s", &op->s);
    } else {
        put_arithmetic(writer, op);
    }
    quell_json_end(writer, '}');
}

int plan_json(const quell_sampler *sampler)
{
    struct quell_json_writer writer = report_begin_exact();
    quell_operation op = quell_operation_init();
    quell_json_begin(&writer, "operations", '[');
    for (size_t i = 0; !quell_sampler_operation(sampler, i, &op); i++) put_operation(&writer, &op);
    quell_json_end(&writer, ']');
    return report_end(&writer);
}
