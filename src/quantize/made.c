/* SPDX-License-Identifier: MIT */
#include "quantize/made.h"
#include "base/fail.h"
#include "base/memory.h"
#include "programs/kind.h"

#include <stdlib.h>
#include <string.h>

/* names: the text into which the instructions' names of weights point. */
struct quell_quantized {
    quell_quantize_report report;
    quell_quantize_instruction *instruction;
    char *names;
};

static const char *weights_of(const struct quell_quantizing *q, size_t i)
{
    const struct quell_program *program = quell_quantize_program(q);
    const struct quell_instruction *now = &program->instruction[q->candidate[i].number];
    const struct quell_value *w = &program->value[now->operand[1]];
    return w->origin == QUELL_TENSOR ? q->tensors.tensors[w->tensor].name : "";
}

static void copy(quell_quantized *made, const struct quell_quantizing *q)
{
    const struct quell_program *program = quell_quantize_program(q);
    char *to = made->names;
    made->report = q->report;
    for (size_t i = 0; i < q->candidates; i++) {
        const struct quell_candidate *c = &q->candidate[i];
        quell_quantize_instruction *one = &made->instruction[i];
        const char *name = weights_of(q, i);
        *one = quell_quantize_instruction_init();
        one->number = c->number;
        one->kind = program->instruction[c->number].kind->name;
        one->weights = memcpy(to, name, strlen(name) + 1);
        one->multiply_adds = c->multiply_adds;
        one->quantized = q->chosen[i];
        one->tried = c->possible;
        one->moves = c->possible ? c->moves : 0;
        one->why = q->chosen[i] ? NULL : c->why;
        to += strlen(name) + 1;
    }
}

quell_status quell_quantized_make(quell_quantized **made, const struct quell_quantizing *q)
{
    size_t letters = 0;
    for (size_t i = 0; i < q->candidates; i++) letters += strlen(weights_of(q, i)) + 1;
    quell_quantized *own = quell_new(1, sizeof *own);
    if (own) {
        own->instruction = quell_new(q->candidates, sizeof *own->instruction);
        own->names = quell_new(letters, 1);
    }
    if (!own || !own->instruction || !own->names) {
        quell_quantized_free(own);
        return quell_fail(QUELL_NO_MEMORY, "quantize: no memory for the report");
    }
    copy(own, q);
    *made = own;
    return QUELL_OK;
}

/* Checks the pointer and the size of a caller's struct. */
static quell_status check(const quell_quantized *made, const void *theirs, size_t size,
                          const char *start)
{
    if (!made || !theirs)
        return quell_fail(QUELL_BAD_ARGUMENT, "quantized: %s is NULL",
                          made ? "the place for the report" : "what was made");
    size_t given;
    memcpy(&given, theirs, sizeof given);
    if (given == size) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "quantized: the size of the struct is %zu, must be %zu; start from %s()",
                      given, size, start);
}

quell_status quell_quantized_report(const quell_quantized *made, quell_quantize_report *report)
{
    quell_status status = check(made, report, sizeof *report, "quell_quantize_report_init");
    if (!status) *report = made->report;
    return status;
}

quell_status quell_quantized_instruction(const quell_quantized *made, size_t i,
                                         quell_quantize_instruction *instruction)
{
    quell_status status =
        check(made, instruction, sizeof *instruction, "quell_quantize_instruction_init");
    if (status) return status;
    if (i >= made->report.instructions)
        return quell_fail(QUELL_NOT_FOUND, "quantized: there is no instruction %zu of %zu", i,
                          made->report.instructions);
    *instruction = made->instruction[i];
    return QUELL_OK;
}

void quell_quantized_free(quell_quantized *made)
{
    if (!made) return;
    free(made->instruction);
    free(made->names);
    free(made);
}
