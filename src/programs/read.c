/* SPDX-License-Identifier: MIT */
/* Reads a program from its description, which is untrusted text: names, operands and attributes.
 * infer.c checks whether they fit together. */
#include "base/memory.h"
#include "programs/read.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPERANDS ((size_t)1 << 20) /* in a program */

/* The JSON reader returns const pointers into this text, which belongs to the program and may be
 * written to. */
static char *own(const char *value) { return (char *)(uintptr_t)value; }

static quell_status no_memory(const struct quell_reader *reader)
{
    return quell_program_no_memory(reader->program);
}

quell_status quell_reader_bad(const struct quell_reader *reader, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return quell_program_bad(reader->program, "instruction %zu (%.40s): %s", reader->number,
                             reader->kind, text);
}

/* Reads the shape of an input. */
static bool read_shape(const char *list, struct quell_shape *shape)
{
    uint64_t size;
    if (!quell_json_is_list(list)) return false;
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at)) {
        if (shape->rank == QUELL_MAX_RANK || !quell_json_whole(at, &size)) return false;
        shape->size[shape->rank++] = (size_t)size;
    }
    return quell_shape_fits(shape);
}

static enum quell_stage stage_of(const char *name)
{
    if (!strcmp(name, "x")) return QUELL_FROM_SAMPLE;
    return strcmp(name, "time") ? QUELL_FROM_CONDITIONS : QUELL_FROM_TIME;
}

static quell_status read_inputs(struct quell_reader *reader, const struct quell_json_object *inputs)
{
    struct quell_program *program = reader->program;
    for (size_t i = 0; i < inputs->count; i++) {
        struct quell_value *value = &program->value[program->values++];
        const char *name = inputs->members[i].name;
        *value = (struct quell_value){.origin = QUELL_INPUT, .name = name, .stage = stage_of(name)};
        value->root = i;
        if (!read_shape(inputs->members[i].value, &value->shape))
            return quell_program_bad(program,
                                     "input '%.60s' must have a shape, a list of at most %d sizes "
                                     "from 1 on, of 2^31 elements at most",
                                     name, QUELL_MAX_RANK);
    }
    program->inputs = program->values;
    return QUELL_OK;
}

/* Adds a value that is a constant or a result. */
static uint32_t add_value(struct quell_reader *reader, const struct quell_value *value)
{
    struct quell_program *program = reader->program;
    program->value[program->values] = *value;
    program->value[program->values].root = program->values;
    return (uint32_t)program->values++;
}

static quell_status read_name(struct quell_reader *reader, size_t number, const char *name,
                              uint32_t *to)
{
    size_t tensor, input = quell_program_input(reader->program, name);
    struct quell_value value = {.origin = QUELL_TENSOR, .name = name};
    if (input < reader->program->inputs) {
        *to = (uint32_t)input;
        return QUELL_OK;
    }
    if (!reader->from->find(reader->from->user, name, &tensor))
        return quell_reader_bad(
            reader, "operand %zu, '%.60s', is neither an input nor a tensor of the file", number,
            name);
    if (!reader->known[tensor]) {
        value.tensor = tensor;
        if (!reader->from->shape(reader->from->user, tensor, &value.shape) ||
            !quell_shape_fits(&value.shape))
            return quell_reader_bad(
                reader,
                "operand %zu, '%.60s', must have sizes from 1 on, and 2^31 elements "
                "at most",
                number, name);
        reader->known[tensor] = 1 + add_value(reader, &value);
    }
    *to = reader->known[tensor] - 1;
    return QUELL_OK;
}

static quell_status read_number(struct quell_reader *reader, size_t number, const char *list,
                                uint32_t *to)
{
    struct quell_value value = {.origin = QUELL_NUMBER};
    double read;
    if (quell_json_length(list) != 1 || !quell_json_number(quell_json_first(list), &read))
        return quell_reader_bad(reader, "operand %zu is a list, which must have one number",
                                number);
    value.number = (float)read;
    if (!(fabsf(value.number) <= FLT_MAX))
        return quell_reader_bad(reader, "operand %zu is beyond the largest float32, 3.4e38",
                                number);
    *to = add_value(reader, &value);
    return QUELL_OK;
}

/* Reads an operand. Results are numbered by their instructions until the number of other values is
 * known. */
static quell_status read_operand(struct quell_reader *reader, size_t number, char *value,
                                 uint32_t *to)
{
    uint64_t result;
    const char *name = quell_json_decoded(value);
    if (name) return read_name(reader, number, name, to);
    if (quell_json_is_list(value)) return read_number(reader, number, value, to);
    if (!quell_json_whole(value, &result))
        return quell_reader_bad(
            reader,
            "operand %zu must be the number of an instruction, the name of an input "
            "or a tensor, or a number in a list, as [0.5]",
            number);
    if (result >= reader->number)
        return quell_reader_bad(
            reader, "operand %zu is the result of instruction %" PRIu64 ", which must come before",
            number, result);
    *to = UINT32_MAX - (uint32_t)result;
    return QUELL_OK;
}

static quell_status read_operands(struct quell_reader *reader, char *list)
{
    struct quell_instruction *now = reader->now;
    size_t count = quell_json_length(list);
    if (!quell_json_is_list(list))
        return quell_reader_bad(reader, "must have a list of its operands");
    if (count < now->kind->least || count > now->kind->most)
        return quell_reader_bad(reader, "has %zu operands, must have %zu to %zu", count,
                                now->kind->least, now->kind->most);
    uint32_t *to = reader->program->operand + reader->operands;
    now->operand = to;
    now->operands = count;
    reader->operands += count;
    size_t i = 0;
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at), i++) {
        quell_status status = read_operand(reader, i, own(at), &to[i]);
        if (status) return status;
    }
    return QUELL_OK;
}

static const struct quell_kind *find_kind(const char *name)
{
    const struct quell_kind *kind;
    for (size_t i = 0; (kind = quell_kind_at(i)); i++)
        if (!strcmp(kind->name, name)) return kind;
    return NULL;
}

static quell_status read_members(struct quell_reader *reader,
                                 const struct quell_json_object *object)
{
    reader->kind = object->count ? object->members[0].name : "";
    reader->now->kind = find_kind(reader->kind);
    if (!reader->now->kind)
        return quell_reader_bad(
            reader, "its first member must be its kind, with a list of its operands: see "
                    "docs/programs.md");
    quell_status status = read_operands(reader, object->members[0].value);
    for (size_t i = 1; i < object->count && !status; i++)
        status = quell_read_setting(reader, &object->members[i]);
    return status ? status : quell_settle_settings(reader);
}

static quell_status read_instruction(struct quell_reader *reader, char *value)
{
    struct quell_json_object object;
    const char *twice;
    if (!quell_json_is_object(value))
        return quell_program_bad(reader->program, "instruction %zu must be an object",
                                 reader->number);
    if (quell_json_open(&object, value, &twice)) return no_memory(reader);
    reader->kind = "";
    quell_status status = twice ? quell_reader_bad(reader, "has '%.40s' twice", twice)
                                : read_members(reader, &object);
    quell_json_close(&object);
    return status;
}

/* Returns an upper bound of the number of operands in a list of instructions. */
static size_t count_operands(const char *list)
{
    size_t count = 0;
    for (const char *at = list; *at; at++) count += *at == ',' || *at == '[';
    return count;
}

static quell_status make_room(struct quell_reader *reader, const char *list, size_t inputs)
{
    struct quell_program *program = reader->program;
    program->count = quell_json_length(list);
    if (program->count < 1 || program->count > QUELL_MOST_INSTRUCTIONS)
        return quell_program_bad(program, "'instructions' must be a list of 1 to %d",
                                 QUELL_MOST_INSTRUCTIONS);
    reader->most_operands = count_operands(list);
    if (reader->most_operands > MOST_OPERANDS)
        return quell_program_bad(program, "has more than 2^20 operands and attributes");
    program->instruction = quell_new(program->count, sizeof *program->instruction);
    program->operand = quell_new(reader->most_operands, sizeof *program->operand);
    program->value =
        quell_new(inputs + reader->most_operands + program->count, sizeof *program->value);
    reader->known = quell_new(reader->from->count, sizeof *reader->known);
    return program->instruction && program->operand && program->value && reader->known
               ? QUELL_OK
               : no_memory(reader);
}

/* Renumbers the results, which follow the inputs and the constants. */
static void number_results(struct quell_reader *reader)
{
    struct quell_program *program = reader->program;
    size_t before = program->values;
    for (size_t i = 0; i < reader->operands; i++) {
        uint32_t *operand = &program->operand[i];
        if (*operand >= before) *operand = (uint32_t)before + (UINT32_MAX - *operand);
    }
    for (size_t i = 0; i < program->count; i++)
        program->instruction[i].result = program->instruction[i].writes =
            add_value(reader, &(struct quell_value){.origin = QUELL_RESULT});
}

static quell_status read_instructions(struct quell_reader *reader, const char *list)
{
    for (const char *at = quell_json_first(list); at; at = quell_json_next(at), reader->number++) {
        reader->now = &reader->program->instruction[reader->number];
        quell_status status = read_instruction(reader, own(at));
        if (status) return status;
    }
    number_results(reader);
    return QUELL_OK;
}

static quell_status read_output(struct quell_reader *reader, const char *value)
{
    uint64_t output;
    struct quell_program *program = reader->program;
    if (!quell_json_whole(value, &output) || output >= program->count)
        return quell_program_bad(program,
                                 "'output' must be the number of an instruction, from 0 "
                                 "to %zu",
                                 program->count - 1);
    program->output = program->instruction[output].result;
    return QUELL_OK;
}

static quell_status check_fields(const struct quell_program *program,
                                 const struct quell_json_object *object)
{
    static const char *const known[] = {"inputs", "instructions", "output", "comment"};
    for (size_t i = 0; i < object->count; i++) {
        size_t k = 0;
        while (k < 4 && strcmp(known[k], object->members[i].name)) k++;
        if (k == 4)
            return quell_program_bad(program, "field '%.40s' is not known: see docs/programs.md",
                                     object->members[i].name);
    }
    return QUELL_OK;
}

static quell_status read_parts(struct quell_reader *reader, const struct quell_json_object *object,
                               const struct quell_json_object *inputs)
{
    const char *list = quell_json_get(object, "instructions");
    quell_status status = check_fields(reader->program, object);
    if (!status && inputs->count > QUELL_MOST_PROGRAM_INPUTS)
        status = quell_program_bad(reader->program, "has more than %d inputs",
                                   QUELL_MOST_PROGRAM_INPUTS);
    if (!status) status = make_room(reader, list, inputs->count);
    if (!status) status = read_inputs(reader, inputs);
    if (!status) status = read_instructions(reader, list);
    if (!status) status = read_output(reader, quell_json_get(object, "output"));
    free(reader->known);
    return status;
}

static quell_status open_inputs(struct quell_reader *reader, const struct quell_json_object *object,
                                struct quell_json_object *inputs)
{
    const char *twice;
    char *value = quell_json_get(object, "inputs");
    if (!quell_json_is_object(value))
        return quell_program_bad(reader->program, "'inputs' must be an object of shapes by name");
    if (quell_json_open(inputs, value, &twice)) return no_memory(reader);
    return twice ? quell_program_bad(reader->program, "has the input '%.60s' twice", twice)
                 : QUELL_OK;
}

quell_status quell_program_read(struct quell_program *program, char *description,
                                const struct quell_constants *from)
{
    struct quell_reader reader = {.program = program, .from = from};
    struct quell_json_object object = {0}, inputs = {0};
    const char *twice;
    if (!quell_json_is_object(description)) return quell_program_bad(program, "must be an object");
    if (quell_json_open(&object, description, &twice)) return no_memory(&reader);
    quell_status status = twice ? quell_program_bad(program, "has '%.40s' twice", twice)
                                : open_inputs(&reader, &object, &inputs);
    if (!status) status = read_parts(&reader, &object, &inputs);
    quell_json_close(&inputs);
    quell_json_close(&object);
    return status;
}
