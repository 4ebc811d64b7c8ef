/* SPDX-License-Identifier: MIT */
#include "models/network_program.h"
#include "base/fail.h"
#include "base/memory.h"
#include "denoisers/program_denoiser.h"
#include "models/network_conditions.h"
#include "models/network_terms.h"

#include <stdlib.h>
#include <string.h>

/* The tensors by their names: by_name[i] is an index of tensors->tensors. */
struct shelf {
    struct quell_tensors *tensors;
    const struct quell_tensor **by_name;
};

static int compare(const void *a, const void *b)
{
    const struct quell_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static bool find(void *user, const char *name, size_t *index)
{
    const struct shelf *shelf = user;
    const struct quell_tensor key = {.name = name}, *wanted = &key;
    const struct quell_tensor **found =
        bsearch(&wanted, shelf->by_name, shelf->tensors->count, sizeof *shelf->by_name, compare);
    if (found) *index = (size_t)(*found - shelf->tensors->tensors);
    return found;
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    const struct shelf *shelf = user;
    const struct quell_tensor *tensor = &shelf->tensors->tensors[index];
    shape->rank = tensor->rank;
    memcpy(shape->size, tensor->shape, sizeof shape->size);
    return true;
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    const struct shelf *shelf = user;
    (void)shape;
    return quell_tensors_read_at(shelf->tensors, index, out);
}

static quell_status check_fields(const struct quell_document *document)
{
    static const char *const known[] = {
        "kind",       "comment", "dim",          "shape",    "image",    "schedule",
        "weights",    "output",  "precondition", "classes",  "version",  "programs",
        "conditions", "time",    "sigma_data",   "no_class", "variance", NULL};
    size_t version = 0;
    quell_status status = quell_document_known(document, known);
    if (!status) status = quell_document_size(document, "version", &version);
    if (!status && version != 1)
        status = quell_document_bad(document, "version",
                                    "must be 1, the version of docs/programs.md that this is");
    return status;
}

static quell_status check_names(const struct quell_document *document,
                                const struct quell_json_object *programs)
{
    for (size_t i = 0; i < programs->count; i++)
        if (strcmp(programs->members[i].name, "denoise") &&
            strcmp(programs->members[i].name, "decode"))
            return quell_document_bad(document, "programs",
                                      "has '%.40s': denoise and decode are known",
                                      programs->members[i].name);
    return QUELL_OK;
}

/* Returns whether the program has an input x with the shape of a sample. */
static bool takes_samples(const struct quell_program *program, const quell_model *model)
{
    struct quell_shape shape = {.rank = model->rank};
    size_t x = quell_program_input(program, "x");
    memcpy(shape.size, model->shape, sizeof shape.size);
    return x < program->inputs && quell_same_shape(&program->value[x].shape, &shape);
}

static quell_status load_program(const struct quell_document *document, const char *name,
                                 const char *text, struct shelf *shelf, const quell_model *model,
                                 struct quell_program *program)
{
    const struct quell_constants from = {.user = shelf,
                                         .count = shelf->tensors->count,
                                         .find = find,
                                         .shape = shape_of,
                                         .read = read_at,
                                         .rounded = model->rounded,
                                         .halves = model->halves};
    quell_status status = quell_program_load(program, document->path, name, text, &from);
    if (!status && !takes_samples(program, model))
        status = quell_program_bad(program, "must have an input 'x' of the description's 'shape'");
    return status;
}

static quell_status read_denoise(const struct quell_document *document, const char *text,
                                 struct shelf *shelf, struct quell_parametrization *parametrization,
                                 quell_model *model)
{
    struct quell_program program = {0};
    struct quell_taken *taken = NULL;
    size_t classes = 0, count = 0;
    if (!text) return quell_document_bad(document, "programs", "must have the program 'denoise'");
    quell_status status = quell_document_size(document, "classes", &classes);
    if (!status) status = load_program(document, "denoise", text, shelf, model, &program);
    if (!status) status = quell_program_taken(&program, &taken, &count);
    if (!status) status = quell_conditions_read(document, shelf->tensors, taken, count);
    if (!status)
        return quell_denoiser_program(&model->denoiser, &program, classes, parametrization, taken,
                                      count);
    quell_taken_free(taken, count);
    quell_program_free(&program);
    return status;
}

static quell_status read_decode(const struct quell_document *document, const char *text,
                                struct shelf *shelf, quell_model *model)
{
    if (!text) return QUELL_OK;
    model->decode = quell_new(1, sizeof *model->decode);
    if (!model->decode) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
    size_t classes = 0;
    quell_status status = quell_document_size(document, "classes", &classes);
    if (!status) status = load_program(document, "decode", text, shelf, model, model->decode);
    const quell_denoiser *denoiser = model->denoiser;
    if (!status)
        status = quell_program_check_decoder(model->decode, classes, denoiser->taken,
                                             denoiser->conditions);
    return status;
}

static quell_status check_all_used(const struct quell_tensors *tensors)
{
    const char *unread = quell_tensors_unread(tensors);
    if (!unread) return QUELL_OK;
    return quell_fail(QUELL_BAD_MODEL, "%s: tensor '%s' is used by no program: leave it out",
                      tensors->path, unread);
}

static quell_status read_all(const struct quell_document *document,
                             const struct quell_json_object *programs, struct shelf *shelf,
                             struct quell_parametrization *parametrization, quell_model *model)
{
    quell_status status = check_names(document, programs);
    if (!status)
        status = read_denoise(document, quell_json_get(programs, "denoise"), shelf, parametrization,
                              model);
    if (!status) status = read_decode(document, quell_json_get(programs, "decode"), shelf, model);
    return status ? status : check_all_used(shelf->tensors);
}

static quell_status open_programs(const struct quell_document *document,
                                  struct quell_json_object *programs)
{
    const char *twice;
    char *value = quell_json_get(&document->root, "programs");
    if (!quell_json_is_object(value))
        return quell_document_bad(document, "programs", "must be an object of programs by name");
    if (quell_json_open(programs, value, &twice))
        return quell_fail(QUELL_NO_MEMORY, "%s: no memory", document->path);
    return twice ? quell_document_bad(document, "programs", "has '%.40s' twice", twice) : QUELL_OK;
}

/* The tensors by their names; QUELL_NO_MEMORY. */
static quell_status put_up(struct shelf *shelf, struct quell_tensors *tensors)
{
    *shelf = (struct shelf){tensors, quell_new(tensors->count, sizeof *shelf->by_name)};
    if (!shelf->by_name) return quell_fail(QUELL_NO_MEMORY, "%s: no memory", tensors->path);
    for (size_t i = 0; i < tensors->count; i++) shelf->by_name[i] = &tensors->tensors[i];
    qsort(shelf->by_name, tensors->count, sizeof *shelf->by_name, compare);
    return QUELL_OK;
}

quell_status quell_model_read_program(const struct quell_document *document,
                                      struct quell_tensors *tensors, const char *name,
                                      struct quell_program *program)
{
    struct quell_json_object programs = {0};
    struct shelf shelf;
    quell_status status = put_up(&shelf, tensors);
    if (!status) status = open_programs(document, &programs);
    const char *text = status ? NULL : quell_json_get(&programs, name);
    const struct quell_constants from = {
        .user = &shelf, .count = tensors->count, .find = find, .shape = shape_of, .read = read_at};
    if (!status && !text)
        status = quell_document_bad(document, "programs", "must have the program '%.40s'", name);
    if (!status) status = quell_program_load(program, document->path, name, text, &from);
    quell_json_close(&programs);
    free(shelf.by_name);
    return status;
}

quell_status quell_model_read_programs(const struct quell_document *document,
                                       struct quell_tensors *tensors,
                                       const struct quell_parametrization *parametrization,
                                       quell_model *model)
{
    struct quell_json_object programs = {0};
    struct shelf shelf;
    quell_status status = put_up(&shelf, tensors);
    struct quell_parametrization whole = *parametrization;
    if (!status) status = check_fields(document);
    if (!status) status = quell_model_read_terms(document, &whole);
    if (!status) status = open_programs(document, &programs);
    if (!status) status = read_all(document, &programs, &shelf, &whole, model);
    quell_time_form_free(&whole.time);
    quell_json_close(&programs);
    free(shelf.by_name);
    return status;
}
