/* SPDX-License-Identifier: MIT */
#include "models/program_file.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/memory.h"
#include "engine/isa.h"
#include "io/safetensors.h"
#include "models/network_program.h"
#include "programs/program.h"

#include <stdlib.h>
#include <string.h>

struct quell_program_file {
    struct quell_program program;
};

static quell_status read_open(struct quell_program_file *file, struct quell_tensors *tensors,
                              const char *name)
{
    struct quell_document document = {0};
    const char *text = quell_tensors_metadata(tensors, "quell");
    if (!text)
        return quell_fail(QUELL_BAD_MODEL, "%s: has no description in its metadata", tensors->path);
    quell_status status = quell_document_parse(&document, tensors->path, text);
    if (!status) status = quell_model_read_program(&document, tensors, name, &file->program);
    quell_document_free(&document);
    return status;
}

quell_status quell_program_file_open(struct quell_program_file **file, const char *path,
                                     const char *name)
{
    QUELL_OWN_FLOATS;
    struct quell_tensors tensors = {0};
    struct quell_program_file *made = quell_new(1, sizeof *made);
    if (!made) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", path);
    quell_status status = quell_tensors_open(&tensors, path);
    if (!status) status = read_open(made, &tensors, name);
    quell_tensors_close(&tensors);
    if (status)
        quell_program_file_free(made);
    else
        *file = made;
    return status;
}

void quell_program_file_free(struct quell_program_file *file)
{
    if (file) quell_program_free(&file->program);
    free(file);
}

const char *quell_program_file_input(const struct quell_program_file *file, size_t i)
{
    return i < file->program.inputs ? file->program.value[i].name : NULL;
}

size_t quell_program_file_shape(const struct quell_program_file *file, size_t i,
                                const size_t **shape)
{
    const struct quell_program *program = &file->program;
    size_t value = i < program->inputs ? i : program->output;
    *shape = program->value[value].shape.size;
    return program->value[value].shape.rank;
}

/* The offsets, in floats, of the memory of each stage, of the scratch memory, and of the end. */
static void lay_out(const struct quell_program *program, size_t begin[QUELL_STAGES + 2])
{
    begin[0] = 0;
    for (size_t stage = 0; stage < QUELL_STAGES; stage++) {
        size_t floats = quell_round_up(program->floats[stage], QUELL_CACHE_LINE / sizeof(float));
        begin[stage + 1] = begin[stage] + floats;
    }
    begin[QUELL_STAGES + 1] = begin[QUELL_STAGES] + quell_program_scratch(program, QUELL_FROM_TIME);
}

quell_status quell_program_file_run(const struct quell_program_file *file,
                                    const float *const *inputs, float *out)
{
    QUELL_OWN_FLOATS;
    const struct quell_program *program = &file->program;
    const struct quell_kernels *kernels;
    size_t begin[QUELL_STAGES + 2];
    quell_status status = quell_isa_choose(NULL, &kernels);
    if (status) return status;
    lay_out(program, begin);
    float *memory = quell_new(begin[QUELL_STAGES + 1], sizeof *memory);
    if (!memory) return quell_program_no_memory(program);
    struct quell_room room = {.samples = 1, .scratch = memory + begin[QUELL_STAGES]};
    for (size_t i = 0; i < program->inputs; i++) room.input[i] = inputs[i];
    for (size_t stage = 0; stage < QUELL_STAGES; stage++) room.at[stage] = memory + begin[stage];
    for (size_t stage = QUELL_FROM_TIME; stage < QUELL_STAGES; stage++)
        quell_program_run(program, kernels, (enum quell_stage)stage, &room);
    memcpy(out, quell_value_at(program, &room, program->output),
           quell_elements(&program->value[program->output].shape) * sizeof *out);
    free(memory);
    return QUELL_OK;
}
