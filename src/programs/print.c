/* SPDX-License-Identifier: MIT */
/* Prints a program as text, one instruction on a line, with everything that its results depend on:
 * the digest of a program is that of this text and of its tensors. */
#include "base/text.h"
#include "programs/kind.h"

#include <inttypes.h>
#include <stdarg.h>

/* Prints to `digest` or, if that is NULL, to `text`. */
struct printer {
    const struct quell_program *program;
    struct quell_text text;
    struct quell_digest *digest;
};

static void add_to_digest(struct quell_digest *digest, const char *format, va_list arguments)
{
    char piece[256];
    struct quell_text text = quell_text_new(piece, sizeof piece);
    quell_say_list(&text, format, arguments);
    quell_digest_text(digest, piece);
}

__attribute__((format(printf, 2, 3))) static void print(struct printer *printer, const char *format,
                                                        ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (printer->digest)
        add_to_digest(printer->digest, format, arguments);
    else
        quell_say_list(&printer->text, format, arguments);
    va_end(arguments);
}

static void print_operand(struct printer *printer, size_t index)
{
    const struct quell_program *program = printer->program;
    const struct quell_value *value = &program->value[index];
    if (value->name)
        print(printer, "%.200s", value->name);
    else if (value->origin == QUELL_NUMBER)
        print(printer, "[%.9g]", (double)value->number);
    else
        print(printer, "%zu", index - (program->values - program->count));
}

static void print_list(struct printer *printer, const struct quell_setting *set)
{
    print(printer, "[");
    for (size_t i = 0; i < set->count; i++)
        print(printer, "%s%" PRId64, i ? ", " : "", set->whole[i]);
    print(printer, "]");
}

static void print_setting(struct printer *printer, const struct quell_attribute *attribute,
                          const struct quell_setting *set)
{
    print(printer, " %s=", attribute->name);
    switch (attribute->type) {
    case QUELL_WHOLE:
        print(printer, "%" PRId64, set->whole[0]);
        break;
    case QUELL_WHOLES:
        print_list(printer, set);
        break;
    case QUELL_REAL:
        print(printer, "%.9g", (double)set->real);
        break;
    case QUELL_TRUTH:
        print(printer, set->whole[0] ? "true" : "false");
        break;
    case QUELL_CHOICE:
        print(printer, "%s", attribute->choices[set->whole[0]]);
    }
}

/* Returns whether an attribute is printed: whether it differs from its default. */
static bool is_said(const struct quell_attribute *attribute, const struct quell_setting *set)
{
    if (attribute->type == QUELL_WHOLES) return set->given;
    if (attribute->type == QUELL_REAL) return set->real != (float)attribute->usual;
    return attribute->needed || set->whole[0] != (int64_t)attribute->usual;
}

static const char *const stages[QUELL_STAGES] = {"constant", "time", "condition", "time, condition",
                                                 "sample"};

static void print_instruction(struct printer *printer, const struct quell_instruction *now)
{
    char shape[QUELL_SHAPE_TEXT];
    const struct quell_value *result = &printer->program->value[now->result];
    const struct quell_attribute *attributes = now->kind->attributes;
    print(printer, "  %-14s %-18s %-15s (", now->kind->name,
          quell_shape_text(shape, &result->shape), stages[result->stage]);
    for (size_t i = 0; i < now->operands; i++) {
        if (i) print(printer, ", ");
        print_operand(printer, now->operand[i]);
    }
    print(printer, ")");
    for (size_t i = 0; i < QUELL_MOST_ATTRIBUTES && attributes[i].name; i++)
        if (is_said(&attributes[i], &now->set[i]))
            print_setting(printer, &attributes[i], &now->set[i]);
    print(printer, "\n");
}

static void print_program(struct printer *printer)
{
    const struct quell_program *program = printer->program;
    char shape[QUELL_SHAPE_TEXT];
    print(printer, "program %s\n", program->name);
    for (size_t i = 0; i < program->inputs; i++)
        print(printer, "%5s  %-14.200s %s\n", "in", program->value[i].name,
              quell_shape_text(shape, &program->value[i].shape));
    for (size_t i = 0; i < program->count; i++) {
        print(printer, "%5zu", i);
        print_instruction(printer, &program->instruction[i]);
    }
    print(printer, "%5s  ", "out");
    print_operand(printer, program->output);
    print(printer, "\n");
}

size_t quell_program_print(const struct quell_program *program, char *buffer, size_t size)
{
    struct printer printer = {.program = program, .text = quell_text_new(buffer, size)};
    print_program(&printer);
    return printer.text.length;
}

/* Adds the elements of a constant that is stored in packed form only. */
static void digest_packed(const struct quell_program *program, const struct quell_value *value,
                          struct quell_digest *digest)
{
    const struct quell_instruction *now = &program->instruction[value->packed - 1];
    float some[256];
    const struct quell_packing *packing = now->kind->packing;
    size_t most = sizeof some / sizeof *some;
    size_t count =
        packing->elements ? packing->elements(program, now) : quell_elements(&value->shape);
    for (size_t from = 0; from < count; from += most) {
        size_t part = count - from < most ? count - from : most;
        packing->unpack(program, now, from, part, some);
        quell_digest_floats(digest, some, part);
    }
}

/* The constants that are still stored stand for those that they were computed from. */
void quell_program_digest(const struct quell_program *program, struct quell_digest *digest)
{
    struct printer printer = {.program = program, .digest = digest};
    print_program(&printer);
    for (size_t i = 0; i < program->values; i++) {
        const struct quell_value *value = &program->value[i];
        if (value->data) quell_digest_floats(digest, value->data, quell_elements(&value->shape));
        if (value->packed) digest_packed(program, value, digest);
    }
}
