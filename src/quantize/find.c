/* SPDX-License-Identifier: MIT */
/* Finds the linear maps, convolutions and attentions of a network's program, and rounds their
 * weights to whole numbers. The description is read twice: by the reader of programs, and here, to
 * find the positions in its text that change. */
#include "quantize/quantize.h"
#include "base/fail.h"
#include "base/floats.h"
#include "base/json.h"
#include "base/memory.h"
#include "denoisers/program_denoiser.h"
#include "models/model.h"
#include "programs/kinds/conv_way.h"
#include "programs/quantised.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An instruction with fewer multiply-adds than this is not worth quantising. */
#define LEAST_WORK 4096

const struct quell_program *quell_quantize_program(const struct quell_quantizing *q)
{
    return quell_denoiser_is_program(q->model->denoiser);
}

static bool uses_tensor(const struct quell_program *program, size_t tensor)
{
    for (size_t i = 0; program && i < program->values; i++)
        if (program->value[i].origin == QUELL_TENSOR && program->value[i].tensor == tensor)
            return true;
    return false;
}

static size_t count_readers(const struct quell_program *program, size_t value)
{
    size_t count = 0;
    for (size_t i = 0; i < program->count; i++)
        for (size_t k = 0; k < program->instruction[i].operands; k++)
            count += program->instruction[i].operand[k] == value;
    return count;
}

/* Returns why an instruction cannot have whole weights; NULL if it can. */
static const char *refusal(const struct quell_quantizing *q, const struct quell_program *program,
                           const struct quell_instruction *now)
{
    const struct quell_value *w = &program->value[now->operand[1]];
    bool convolves = now->kind == &quell_kind_conv;
    if (program->value[now->result].stage == QUELL_FROM_CONSTANTS || now->same)
        return "is computed when the file is read";
    if (now->kind == &quell_kind_attention)
        return now->multiply_adds < LEAST_WORK ? "has fewer than 4096 multiply-adds" : NULL;
    if (w->origin != QUELL_TENSOR || w->stage != QUELL_FROM_CONSTANTS)
        return "has weights that are computed";
    if (count_readers(program, now->operand[1]) > 1 || uses_tensor(q->model->decode, w->tensor))
        return "has weights that something else reads";
    for (size_t k = 2; k < now->operands; k++)
        if (program->value[now->operand[k]].stage != QUELL_FROM_CONSTANTS)
            return "has a bias that is computed";
    if (convolves && quell_set(now, QUELL_CONV_GROUPS) > 1) return "has groups of channels";
    if (quell_elements_of(&w->shape, 1, w->shape.rank) > QUELL_MOST_BYTES)
        return "has sums that are too long";
    return now->multiply_adds < LEAST_WORK ? "has fewer than 4096 multiply-adds" : NULL;
}

/* Rounds the weights of each output with a scale of its own, by which the greatest of them becomes
 * 127. */
static void quantise(struct quell_candidate *c, const float *w)
{
    QUELL_OWN_FLOATS;
    for (size_t o = 0; o < c->out; o++) {
        float most = 0;
        for (size_t p = 0; p < c->in; p++) most = fmaxf(most, fabsf(w[o * c->in + p]));
        c->scale[o] = most / 127;
        for (size_t p = 0; p < c->in; p++) {
            float whole = c->scale[o] > 0 ? rintf(w[o * c->in + p] / c->scale[o]) : 0;
            c->bytes[o * c->in + p] = (signed char)fmaxf(-127, fminf(127, whole));
        }
    }
}

static quell_status read_weights(struct quell_quantizing *q, struct quell_candidate *c)
{
    const struct quell_tensor *tensor = &q->tensors.tensors[c->tensor];
    size_t count = 1;
    for (size_t d = 0; d < tensor->rank; d++) count *= tensor->shape[d];
    c->out = tensor->shape[0], c->in = count / c->out;
    float *w = quell_new(count, sizeof *w);
    c->bytes = quell_new(count, 1);
    c->scale = quell_new(c->out, sizeof *c->scale);
    c->name = quell_new(strlen(tensor->name) + 8, 1);
    quell_status status;
    if (!w || !c->bytes || !c->scale || !c->name) {
        status = quell_fail(QUELL_NO_MEMORY, "quantize: no memory for %zu weights", count);
    } else {
        status = quell_tensors_read_at(&q->tensors, c->tensor, w);
        if (!status) quantise(c, w);
        memcpy(c->name, tensor->name, strlen(tensor->name));
        strcat(c->name, ".scale");
    }
    free(w);
    return status;
}

/* The name of the scale must differ from that of every tensor and input. */
static bool name_is_free(const struct quell_quantizing *q, const struct quell_program *program,
                         const char *name)
{
    for (size_t i = 0; i < q->tensors.count; i++)
        if (!strcmp(q->tensors.tensors[i].name, name)) return false;
    return quell_program_input(program, name) == program->inputs;
}

/* Returns the list of the instructions of `denoise`, in a text that may be written to. */
static char *instructions_of(char *text, struct quell_json_object open[3])
{
    static const char *const names[] = {"programs", "denoise", "instructions"};
    char *at = quell_json_root(text);
    for (size_t i = 0; i < 3 && at; i++) {
        const char *twice;
        if (quell_json_open(&open[i], at, &twice)) return NULL;
        at = quell_json_get(&open[i], names[i]);
    }
    return at;
}

/* Attributes that a convolution of bytes does not have: winograd, and groups, of which there is
 * one. */
static void cut_attributes(const char *text, const char *own,
                           const struct quell_json_object *object, struct quell_candidate *c)
{
    for (size_t i = 1; i < object->count; i++) {
        const char *name = object->members[i].name;
        if (strcmp(name, "winograd") && strcmp(name, "groups")) continue;
        size_t value = (size_t)(object->members[i].value - own), *cut = &c->cut[c->cuts];
        *cut = (size_t)(name - own);
        while (text[*cut] != ',') --*cut;
        c->cut_end[c->cuts++] = value + quell_json_size(text + value);
    }
}

/* Finds where the instruction's kind and the name of its weights end; false if they are written
 * with escapes. */
static bool find_places(const char *text, char *own, char *value, struct quell_candidate *c)
{
    struct quell_json_object object = {0};
    const char *twice;
    if (quell_json_open(&object, value, &twice) || !object.count) return false;
    const char *kind = object.members[0].name;
    size_t at = (size_t)(kind - own), length = strlen(kind);
    const char *operand = quell_json_next(quell_json_first(object.members[0].value));
    bool plain = operand && !memcmp(text + at, kind, length) && text[at + length] == '"';
    c->kind_end = at + length;
    if (plain) {
        size_t begin = (size_t)(operand - own), size = quell_json_size(text + begin);
        c->operand_end = begin + size;
        plain = !memchr(text + begin, '\\', size);
    }
    if (plain) cut_attributes(text, own, &object, c);
    quell_json_close(&object);
    return plain;
}

static quell_status take_weights(struct quell_quantizing *q, const struct quell_program *program,
                                 struct quell_candidate *c)
{
    quell_status status = read_weights(q, c);
    if (!status && !name_is_free(q, program, c->name))
        c->why = "has weights whose name with .scale is taken";
    return status;
}

static quell_status find_all(struct quell_quantizing *q, const struct quell_program *program,
                             char *own)
{
    struct quell_json_object open[3] = {{0}};
    const char *at = quell_json_first(instructions_of(own, open));
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < program->count && at && !status; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        const char *next = quell_json_next(at);
        bool attends = now->kind == &quell_kind_attention;
        if (attends || now->kind == &quell_kind_linear || now->kind == &quell_kind_conv) {
            struct quell_candidate *c = &q->candidate[q->candidates++];
            *c = (struct quell_candidate){.number = i, .multiply_adds = now->multiply_adds};
            c->why = refusal(q, program, now);
            c->tensor = attends ? QUELL_NO_WEIGHTS : program->value[now->operand[1]].tensor;
            if (!find_places(q->text, own, own + (at - own), c) && !c->why)
                c->why = "has a name with escapes";
            if (!c->why && !attends) status = take_weights(q, program, c);
            c->possible = !c->why;
        }
        at = next;
    }
    for (size_t i = 0; i < 3; i++) quell_json_close(&open[i]);
    return status;
}

quell_status quell_quantize_find(struct quell_quantizing *q)
{
    const struct quell_program *program = quell_quantize_program(q);
    char *own = strdup(q->text);
    size_t at;
    q->candidate = quell_new(program->count, sizeof *q->candidate);
    q->order = quell_new(program->count, sizeof *q->order);
    q->chosen = quell_new(program->count, sizeof *q->chosen);
    quell_status status = QUELL_OK;
    if (!own || !q->candidate || !q->order || !q->chosen || quell_json_check(own, strlen(own), &at))
        status =
            quell_fail(QUELL_NO_MEMORY, "quantize: no memory for %zu instructions", program->count);
    if (!status) status = find_all(q, program, own);
    free(own);
    for (size_t i = 0; i < q->candidates; i++)
        if (q->candidate[i].possible) q->order[q->possible++] = i;
    return status;
}
