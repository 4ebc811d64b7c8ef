/* SPDX-License-Identifier: MIT */
#include "cli/programs.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "cli/sampling.h"
#include "denoisers/program_denoiser.h"
#include "models/model.h"
#include "programs/kind.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const stages[QUELL_STAGES] = {"reading", "time", "condition",
                                                 "time_and_condition", "sample"};

/* Returns program i of a model; NULL past the last one. */
static const struct quell_program *program_at(const quell_model *model, size_t i)
{
    const struct quell_program *denoise = quell_denoiser_is_program(quell_model_denoiser(model));
    const struct quell_program *all[] = {denoise, model->decode, NULL};
    return denoise && i < 2 ? all[i] : NULL;
}

const struct quell_program *programs_denoise(const quell_model *model)
{
    return program_at(model, 0);
}

static size_t count_kind(const struct quell_program *program, const struct quell_kind *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < program->count; i++) count += program->instruction[i].kind == kind;
    return count;
}

static size_t count_stage(const struct quell_program *program, size_t stage)
{
    size_t count = 0;
    for (size_t i = 0; i < program->count; i++)
        count += program->value[program->instruction[i].result].stage == stage;
    return count;
}

/* The bytes of the values of one sample, and of the scratch memory that each worker needs. */
static uint64_t sample_bytes(const struct quell_program *program)
{
    return 4 * (uint64_t)program->floats[QUELL_FROM_SAMPLE];
}

static uint64_t worker_bytes(const struct quell_program *program)
{
    return 4 * (uint64_t)program->scratch[QUELL_FROM_SAMPLE];
}

static void print_facts(const struct quell_program *program)
{
    const struct quell_kind *kind;
    printf("program      %s: %zu instructions:", program->name, program->count);
    const char *before = " ";
    for (size_t i = 0; (kind = quell_kind_at(i)); i++) {
        size_t count = count_kind(program, kind);
        if (count) printf("%s%zu %s", before, count, kind->name);
        if (count) before = ", ";
    }
    printf("\n             %" PRIu64 " bytes of weights; for a sample %" PRIu64
           " multiply-adds and %" PRIu64 " bytes of values, for a worker %" PRIu64 "\n",
           4 * program->weights, program->multiply_adds[QUELL_FROM_SAMPLE], sample_bytes(program),
           worker_bytes(program));
    printf("             instructions worked out once: %zu; for each time %zu, condition %zu, time "
           "and condition %zu, sample %zu\n",
           count_stage(program, QUELL_FROM_CONSTANTS), count_stage(program, QUELL_FROM_TIME),
           count_stage(program, QUELL_FROM_CONDITIONS),
           count_stage(program, QUELL_FROM_TIME_AND_CONDITIONS),
           count_stage(program, QUELL_FROM_SAMPLE));
}

void programs_print_facts(const quell_model *model)
{
    const struct quell_program *program;
    for (size_t i = 0; (program = program_at(model, i)); i++) print_facts(program);
}

static void put_kinds(struct quell_json_writer *writer, const struct quell_program *program)
{
    const struct quell_kind *kind;
    quell_json_begin(writer, "kinds", '{');
    for (size_t i = 0; (kind = quell_kind_at(i)); i++)
        if (count_kind(program, kind)) report_count(writer, kind->name, count_kind(program, kind));
    quell_json_end(writer, '}');
}

static void put_facts(struct quell_json_writer *writer, const struct quell_program *program)
{
    quell_json_put_text(writer, "name", program->name);
    report_count(writer, "instructions", program->count);
    put_kinds(writer, program);
    report_count(writer, "weights_bytes", 4 * program->weights);
    report_count(writer, "sample_bytes", sample_bytes(program));
    report_count(writer, "worker_bytes", worker_bytes(program));
    quell_json_begin(writer, "stages", '{');
    for (size_t stage = 0; stage < QUELL_STAGES; stage++) {
        quell_json_begin(writer, stages[stage], '{');
        report_count(writer, "instructions", count_stage(program, stage));
        report_count(writer, "multiply_adds", program->multiply_adds[stage]);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, '}');
}

void programs_put_facts(struct quell_json_writer *writer, const quell_model *model)
{
    const struct quell_program *program;
    if (!program_at(model, 0)) return;
    quell_json_begin(writer, "programs", '[');
    for (size_t i = 0; (program = program_at(model, i)); i++) {
        quell_json_begin(writer, NULL, '{');
        put_facts(writer, program);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static void put_operand(struct quell_json_writer *writer, const struct quell_program *program,
                        size_t index)
{
    const struct quell_value *value = &program->value[index];
    if (value->name)
        quell_json_put_text(writer, NULL, value->name);
    else if (value->origin == QUELL_NUMBER) {
        quell_json_begin(writer, NULL, '[');
        quell_json_put_number(writer, NULL, (double)value->number);
        quell_json_end(writer, ']');
    } else
        report_count(writer, NULL, index - (program->values - program->count));
}

static void put_sizes(struct quell_json_writer *writer, const struct quell_shape *shape)
{
    quell_json_begin(writer, "shape", '[');
    for (size_t d = 0; d < shape->rank; d++) report_count(writer, NULL, shape->size[d]);
    quell_json_end(writer, ']');
}

static void put_instruction(struct quell_json_writer *writer, const struct quell_program *program,
                            const struct quell_instruction *now)
{
    const struct quell_value *result = &program->value[now->result];
    quell_json_begin(writer, NULL, '{');
    quell_json_put_text(writer, "kind", now->kind->name);
    quell_json_begin(writer, "operands", '[');
    for (size_t i = 0; i < now->operands; i++) put_operand(writer, program, now->operand[i]);
    quell_json_end(writer, ']');
    put_sizes(writer, &result->shape);
    quell_json_put_text(writer, "stage", stages[result->stage]);
    report_count(writer, "multiply_adds", now->multiply_adds);
    quell_json_end(writer, '}');
}

static int show_json(const quell_model *model)
{
    struct quell_json_writer writer = report_begin_exact();
    const struct quell_program *program;
    quell_json_begin(&writer, "programs", '[');
    for (size_t i = 0; (program = program_at(model, i)); i++) {
        quell_json_begin(&writer, NULL, '{');
        put_facts(&writer, program);
        quell_json_begin(&writer, "list", '[');
        for (size_t k = 0; k < program->count; k++)
            put_instruction(&writer, program, &program->instruction[k]);
        quell_json_end(&writer, ']');
        quell_json_end(&writer, '}');
    }
    quell_json_end(&writer, ']');
    return report_end(&writer);
}

static int show_text(const struct quell_program *program)
{
    size_t size = quell_program_print(program, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) return complain(EXIT_MEMORY, "no memory for the program");
    quell_program_print(program, text, size);
    fputs(text, stdout);
    free(text);
    return EXIT_DONE;
}

static int show(const char *name, const quell_model *model, int json)
{
    const struct quell_program *program;
    int code = EXIT_DONE;
    if (!program_at(model, 0))
        return complain(EXIT_USAGE,
                        "--model %s: has no program, as networks of other files have: "
                        "see docs/programs.md",
                        name);
    if (json) return show_json(model);
    for (size_t i = 0; code == EXIT_DONE && (program = program_at(model, i)); i++)
        code = show_text(program);
    return code;
}

int programs_show(const char *name, int json)
{
    quell_model *model = NULL;
    int code = sampling_open_model(&model, name, NULL);
    if (code == EXIT_DONE) code = show(name, model, json);
    quell_model_free(model);
    return code;
}
