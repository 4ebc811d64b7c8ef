/* SPDX-License-Identifier: MIT */
#include "denoisers/program_inputs.h"
#include "base/memory.h"
#include "programs/kind.h"

#include <string.h>

size_t quell_program_class_rows(const struct quell_program *program)
{
    size_t class = quell_program_input(program, "class"), least = SIZE_MAX;
    for (size_t i = 0; i < program->count && class < program->inputs; i++) {
        const struct quell_instruction *now = &program->instruction[i];
        if (now->kind != &quell_kind_gather) continue;
        const struct quell_shape *table = &program->value[now->operand[0]].shape;
        size_t dim = (size_t)now->set[0].whole[0];
        if (program->value[now->operand[1]].root == class && table->size[dim] < least)
            least = table->size[dim];
    }
    return least;
}

static quell_status check_class(const struct quell_program *program, size_t input, size_t classes)
{
    const struct quell_shape *shape = &program->value[input].shape;
    if (!classes)
        return quell_program_bad(program, "has an input 'class': the description must say how many "
                                          "'classes' there are");
    if (shape->rank == 0 && classes >= QUELL_MOST_INDEX)
        return quell_program_bad(program, "its input 'class' is a float32 number, which tells at "
                                          "most 16777215 'classes' apart");
    if (shape->rank == 0 || (shape->rank == 1 && shape->size[0] == classes)) return QUELL_OK;
    return quell_program_bad(program, "its input 'class' must be [] or [%zu]", classes);
}

bool quell_program_is_condition(const char *name)
{
    return strcmp(name, "x") != 0 && strcmp(name, "time") != 0 && strcmp(name, "class") != 0;
}

static quell_status check_input(const struct quell_program *program, size_t i, size_t classes,
                                bool denoises)
{
    const struct quell_value *input = &program->value[i];
    bool time = !strcmp(input->name, "time"), class = !strcmp(input->name, "class");
    if (!quell_condition_can_be_named(input->name))
        return quell_program_bad(program,
                                 "its input '%.60s': a condition must have a name, "
                                 "without '=', so that NAME=VALUE can give it",
                                 input->name);
    if (time && !denoises)
        return quell_program_bad(program, "has an input 'time', which only 'denoise' is given");
    if (!input->used)
        return quell_program_bad(program, "its input '%s' is read by no instruction: leave it out",
                                 input->name);
    if (time && input->shape.rank != 0)
        return quell_program_bad(program, "its input 'time' must be [], a number");
    return class ? check_class(program, i, classes) : QUELL_OK;
}

static quell_status check_inputs(const struct quell_program *program, size_t classes, bool denoises)
{
    quell_status status = QUELL_OK;
    for (size_t i = 0; i < program->inputs && !status; i++)
        status = check_input(program, i, classes, denoises);
    if (status) return status;
    if (quell_program_input(program, "x") == program->inputs)
        return quell_program_bad(program, "must have an input 'x'");
    if (denoises && classes && quell_program_input(program, "class") == program->inputs)
        return quell_program_bad(program,
                                 "has no input 'class', but the description has 'classes'");
    return QUELL_OK;
}

/* Checks that a condition of 'decode' is one that runs have in any case. */
static quell_status check_known(const struct quell_program *program, size_t i,
                                const struct quell_taken *taken, size_t count)
{
    const struct quell_value *input = &program->value[i];
    size_t at = quell_taken_named(taken, count, input->name);
    if (!quell_program_is_condition(input->name)) return QUELL_OK;
    if (at < count && taken[at].rank == input->shape.rank &&
        !memcmp(taken[at].shape, input->shape.size, taken[at].rank * sizeof *taken[at].shape))
        return QUELL_OK;
    return quell_program_bad(
        program, "its input '%.60s' must be a condition of 'denoise', of the same shape",
        input->name);
}

quell_status quell_program_check_decoder(const struct quell_program *program, size_t classes,
                                         const struct quell_taken *taken, size_t count)
{
    quell_status status = check_inputs(program, classes, false);
    for (size_t i = 0; i < program->inputs && !status; i++)
        status = check_known(program, i, taken, count);
    if (status) return status;
    const struct quell_shape *shape = &program->value[program->output].shape;
    if (shape->rank < 1 || shape->rank > QUELL_MAX_RANK)
        return quell_program_bad(program, "its output must have 1 to %d dimensions",
                                 QUELL_MAX_RANK);
    return QUELL_OK;
}

void quell_program_write_class(const struct quell_value *input, const quell_denoiser *denoiser,
                               int32_t label, float *out)
{
    size_t index = label < 0 ? denoiser->no_class : (size_t)label;
    if (input->shape.rank == 0) {
        *out = (float)index;
        return;
    }
    memset(out, 0, denoiser->classes * sizeof *out);
    if (index < denoiser->classes) out[index] = 1;
}

/* Checks the value for no class: it must be a row of the table, or the index of the element that is
 * 1. */
static quell_status check_no_class(const struct quell_program *program, size_t classes,
                                   const struct quell_parametrization *terms)
{
    size_t input = quell_program_input(program, "class"), index = terms->no_class_index;
    bool onehot = input < program->inputs && program->value[input].shape.rank == 1;
    if (terms->no_class == QUELL_NO_CLASS_ZEROS && !onehot)
        return quell_program_bad(program, "its input 'class' is an index, so the field 'no_class' "
                                          "must be an index or none, and not zeros");
    if (terms->no_class != QUELL_NO_CLASS_INDEX) return QUELL_OK;
    size_t rows = onehot ? classes : quell_program_class_rows(program);
    if (index < rows) return QUELL_OK;
    return quell_program_bad(program, "the field 'no_class' is %zu, must be below %zu, %s", index,
                             rows, onehot ? "the 'classes'" : "the rows of the table of classes");
}

static quell_status check_result(const struct quell_program *program,
                                 const struct quell_parametrization *terms)
{
    struct quell_shape shape = program->value[quell_program_input(program, "x")].shape;
    if (terms->learned_range && shape.rank == 0)
        return quell_program_bad(program, "has an x without channels, but a learned 'variance'");
    if (terms->learned_range) shape.size[0] *= 2;
    if (quell_same_shape(&shape, &program->value[program->output].shape)) return QUELL_OK;
    return quell_program_bad(program, terms->learned_range
                                          ? "its output must have twice the channels of x, as the "
                                            "'variance' is learned"
                                          : "its output must have the shape of x");
}

quell_status quell_program_check_denoiser(const struct quell_program *program, size_t classes,
                                          const struct quell_parametrization *terms)
{
    quell_status status = check_inputs(program, classes, true);
    if (status) return status;
    if (quell_program_class_rows(program) < classes)
        return quell_program_bad(program,
                                 "takes a row of the class's number out of a table of %zu rows, "
                                 "but there are %zu 'classes'",
                                 quell_program_class_rows(program), classes);
    status = check_no_class(program, classes, terms);
    return status ? status : check_result(program, terms);
}

quell_status quell_program_taken(const struct quell_program *program, struct quell_taken **taken,
                                 size_t *count)
{
    struct quell_taken *made = quell_new(program->inputs, sizeof *made);
    size_t found = 0;
    if (!made) return quell_program_no_memory(program);
    for (size_t i = 0; i < program->inputs; i++) {
        const struct quell_value *input = &program->value[i];
        if (!quell_program_is_condition(input->name)) continue;
        struct quell_taken *one = &made[found++];
        one->name = input->name;
        one->rank = input->shape.rank;
        memcpy(one->shape, input->shape.size, one->rank * sizeof *one->shape);
        one->size = quell_elements(&input->shape);
    }
    *taken = made;
    *count = found;
    return QUELL_OK;
}
