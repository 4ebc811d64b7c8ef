/* SPDX-License-Identifier: MIT */
/* Describes a model and its origin: the digest of its file, the fields of its description, and what
 * its exporter left in the metadata. */
#include "cli/info_model.h"
#include "cli/cli.h"
#include "cli/file_digest.h"
#include "cli/onnx_model.h"
#include "cli/programs.h"
#include "cli/report.h"
#include "cli/sampling.h"
#include "base/line.h"
#include "denoisers/empirical.h"
#include "models/builtin.h"
#include "models/document.h"
#include "models/model.h"
#include "io/ending.h"
#include "io/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LONGEST 200 /* the most characters of a field that are shown */

/* What is known about a model. */
struct facts {
    const char *name;
    quell_model *model;
    bool file;         /* the model has a file */
    bool has_document; /* `document` is its description */
    uint64_t bytes;
    uint64_t parameters; /* trained parameters; 0 if it is not a network of quell */
    uint64_t digest;
    char sha256[65];
    struct quell_tensors tensors;
    struct quell_document document;
};

static void count_parameters(struct facts *facts, const struct quell_tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++) {
        uint64_t values = 1;
        for (size_t k = 0; k < tensors->tensors[i].rank; k++)
            values *= tensors->tensors[i].shape[k];
        facts->parameters += values;
    }
}

/* Opens the weights of a description, if they are a file of their own. */
static void open_weights(struct facts *facts)
{
    const char *name = NULL;
    if (quell_document_text(&facts->document, "weights", &name) || !name) return;
    char *path = quell_document_beside(&facts->document, name);
    if (path && !quell_tensors_open(&facts->tensors, path))
        count_parameters(facts, &facts->tensors);
    free(path);
}

static void read_metadata(struct facts *facts)
{
    count_parameters(facts, &facts->tensors);
    const char *text = quell_tensors_metadata(&facts->tensors, "quell");
    facts->has_document = text && !quell_document_parse(&facts->document, facts->name, text);
}

/* Opens the description. The model has been loaded from it, so this only fails if the file has
 * changed since then. */
static void open_description(struct facts *facts)
{
    size_t length = 0;
    const void *inside = quell_builtin_file(facts->name, &length);
    if (inside) {
        if (!quell_tensors_open_memory(&facts->tensors, facts->name, inside, length))
            read_metadata(facts);
    } else if (facts->file && quell_ending_is(facts->name, ".safetensors")) {
        if (!quell_tensors_open(&facts->tensors, facts->name)) read_metadata(facts);
    } else if (facts->file && quell_ending_is(facts->name, ".json")) {
        facts->has_document = !quell_document_load(&facts->document, facts->name);
        if (facts->has_document) open_weights(facts);
    }
}

static int open_file(struct facts *facts)
{
    struct stat status;
    facts->file = strncmp(facts->name, "builtin:", 8) != 0;
    open_description(facts);
    if (!facts->file) return EXIT_DONE;
    quell_status failed = file_sha256(facts->name, facts->sha256);
    if (!failed) failed = model_digest(facts->name, &facts->digest);
    if (!failed && !stat(facts->name, &status)) facts->bytes = (uint64_t)status.st_size;
    return failed ? complain_input(EXIT_FILE, failed) : EXIT_DONE;
}

static const char *kind_of(const struct facts *facts)
{
    const char *kind = quell_model_denoiser(facts->model)->type->kind;
    if (onnx_is(facts->name)) return "onnx";
    if (!strcmp(kind, "isotropic") || !strcmp(kind, "diagonal") || !strcmp(kind, "full"))
        return "gaussian";
    return kind;
}

/* Returns whether LAPACK computed the eigenbasis on this machine. */
static bool has_own_basis(const struct facts *facts)
{
    return facts->has_document && quell_document_has(&facts->document, "covariance");
}

static bool is_reproducible(const struct facts *facts)
{
    return quell_denoiser_reproducible(quell_model_denoiser(facts->model)) && !has_own_basis(facts);
}

static const char *reproducibility(const struct facts *facts)
{
    if (is_reproducible(facts)) return "yes: the same bits on any machine";
    if (!has_own_basis(facts)) return "no: as ONNX Runtime is, with other bits on other machines";
    return "no: LAPACK's eigenbasis has other bits on other machines: see `quell model`";
}

/* The number of components of a mixture or points of a data set; 0 for other models. */
static size_t parts_of(const struct facts *facts)
{
    const quell_denoiser *denoiser = quell_model_denoiser(facts->model);
    const struct quell_description *description = facts->model->description;
    if (!strcmp(denoiser->type->kind, "empirical"))
        return ((const struct quell_empirical *)denoiser)->count;
    return description && description->means.values ? description->means.rows : 0;
}

static const char *parts_name(const struct facts *facts)
{
    return !strcmp(quell_model_denoiser(facts->model)->type->kind, "empirical") ? "points"
                                                                                : "components";
}

/* Prints the text of a field as it is in the file, on a single line. */
static void print_field(const char *name, const char *value, bool quoted)
{
    char text[LONGEST + 4], label[64];
    size_t length = quoted ? quell_json_size(value) : strlen(value), shown = length;
    if (shown > LONGEST) shown = LONGEST;
    snprintf(text, sizeof text, "%.*s%s", (int)shown, value, length > shown ? "..." : "");
    snprintf(label, sizeof label, "%.40s", name);
    quell_make_line(text);
    quell_make_line(label);
    printf("  %-16s %s\n", label, text);
}

/* Prints the fields that the reader of the file uses, then its other fields. */
static void print_description(const struct facts *facts)
{
    const struct quell_json_object *root = &facts->document.root;
    const struct quell_json_object *metadata = &facts->tensors.metadata;
    if (facts->has_document) puts("description");
    for (size_t i = 0; facts->has_document && i < root->count; i++) {
        const char *value = root->members[i].value, *text = quell_json_text(value);
        if (!strcmp(root->members[i].name, "programs")) continue; /* `quell plan` shows them */
        print_field(root->members[i].name, text ? text : value, !text);
    }
    bool more = false;
    for (size_t i = 0; i < metadata->count; i++) {
        const char *text = quell_json_text(metadata->members[i].value);
        if (!text || !strcmp(metadata->members[i].name, "quell")) continue;
        if (!more) puts("metadata");
        more = true;
        print_field(metadata->members[i].name, text, false);
    }
}

/* What guidance does with a condition for the output "without a condition". */
static const char *none_of(const struct quell_taken *taken)
{
    return taken->same   ? "left as it is by guidance"
           : taken->none ? "samples may be without it"
                         : "each sample must have it";
}

static void print_conditions(const quell_denoiser *denoiser)
{
    for (size_t i = 0; i < denoiser->conditions; i++) {
        const struct quell_taken *taken = &denoiser->taken[i];
        printf("condition    ");
        print_name(stdout, taken->name);
        printf(taken->rank ? ", (" : ", a number");
        for (size_t k = 0; k < taken->rank; k++) printf("%s%zu", k ? ", " : "", taken->shape[k]);
        printf("%s: %s\n", taken->rank ? ")" : "", none_of(taken));
    }
}

static void print_decoded(const quell_model *model)
{
    printf("decoded      (");
    for (size_t i = 0; i < quell_model_decoded_rank(model); i++)
        printf("%s%zu", i ? ", " : "", quell_model_decoded_shape(model)[i]);
    printf(")%s\n", quell_model_image(model) ? ", an image" : "");
}

static void put_conditions(struct quell_json_writer *writer, const quell_denoiser *denoiser)
{
    quell_json_begin(writer, "conditions", '{');
    for (size_t i = 0; i < denoiser->conditions; i++) {
        const struct quell_taken *taken = &denoiser->taken[i];
        quell_json_begin(writer, taken->name, '{');
        quell_json_begin(writer, "shape", '[');
        for (size_t k = 0; k < taken->rank; k++) report_count(writer, NULL, taken->shape[k]);
        quell_json_end(writer, ']');
        quell_json_put_truth(writer, "none", taken->none != NULL);
        quell_json_put_truth(writer, "same", taken->same);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, '}');
}

static void print_text(const struct facts *facts)
{
    const quell_model *model = facts->model;
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    fputs("model        ", stdout);
    print_name(stdout, facts->name);
    putchar('\n');
    if (facts->file)
        printf("file         %" PRIu64 " bytes, sha256 %s\n", facts->bytes, facts->sha256);
    printf("kind         %s", kind_of(facts));
    if (parts_of(facts)) printf(", %zu %s", parts_of(facts), parts_name(facts));
    if (facts->parameters) printf(", %" PRIu64 " parameters", facts->parameters);
    printf("\nshape        (");
    for (size_t i = 0; i < quell_model_rank(model); i++)
        printf("%s%zu", i ? ", " : "", quell_model_shape(model)[i]);
    printf("), %zu numbers%s\n", quell_denoiser_dim(denoiser),
           quell_model_image(model) && !quell_model_decodes(model) ? ", an image" : "");
    if (quell_model_decodes(model)) print_decoded(model);
    printf("classes      %zu\n", quell_denoiser_classes(denoiser));
    print_conditions(denoiser);
    printf("schedule     %s\n", *quell_model_schedule(model)
                                    ? quell_model_schedule(model)
                                    : "none of its own: vp, or --schedule");
    printf("digest       %016" PRIx64 ", the model_digest of reports\n",
           quell_denoiser_digest(denoiser));
    printf("reproducible %s\n", reproducibility(facts));
    printf("law          %s\n",
           denoiser->type->draw ? "known: `quell compare` takes it" : "not known");
    programs_print_facts(model);
    print_description(facts);
}

static void put_fields(struct quell_json_writer *writer, const char *name,
                       const struct quell_json_object *fields, const char *without)
{
    quell_json_begin(writer, name, '{');
    for (size_t i = 0; i < fields->count; i++) {
        const struct quell_json_member *member = &fields->members[i];
        if (without && !strcmp(member->name, without)) continue;
        if (quell_json_is_text(member->value))
            quell_json_put_text(writer, member->name, quell_json_text(member->value));
        else if (!quell_json_is_list(member->value) || quell_json_size(member->value) <= LONGEST)
            quell_json_put_value(writer, member->name, member->value);
    }
    quell_json_end(writer, '}');
}

static void put_number(struct quell_json_writer *writer, const char *name, uint64_t number)
{
    if (number)
        report_count(writer, name, number);
    else
        quell_json_put_null(writer, name);
}

static int print_json(const struct facts *facts)
{
    const quell_model *model = facts->model;
    const quell_denoiser *denoiser = quell_model_denoiser(model);
    char digest[20];
    struct quell_json_writer writer = report_begin_exact();
    quell_json_put_text(&writer, "model", facts->name);
    put_number(&writer, "bytes", facts->bytes);
    quell_json_put_text(&writer, "sha256", facts->file ? facts->sha256 : NULL);
    snprintf(digest, sizeof digest, "%016" PRIx64, facts->digest);
    quell_json_put_text(&writer, "file_digest", facts->file ? digest : NULL);
    snprintf(digest, sizeof digest, "%016" PRIx64, quell_denoiser_digest(denoiser));
    quell_json_put_text(&writer, "model_digest", digest);
    quell_json_put_text(&writer, "kind", kind_of(facts));
    put_number(&writer, "parameters", facts->parameters);
    put_number(&writer, parts_name(facts), parts_of(facts));
    quell_json_begin(&writer, "shape", '[');
    for (size_t i = 0; i < quell_model_rank(model); i++)
        report_count(&writer, NULL, quell_model_shape(model)[i]);
    quell_json_end(&writer, ']');
    report_count(&writer, "dim", quell_denoiser_dim(denoiser));
    quell_json_begin(&writer, "decoded", '[');
    for (size_t i = 0; quell_model_decodes(model) && i < quell_model_decoded_rank(model); i++)
        report_count(&writer, NULL, quell_model_decoded_shape(model)[i]);
    quell_json_end(&writer, ']');
    quell_json_put_truth(&writer, "image", quell_model_image(model));
    report_count(&writer, "classes", quell_denoiser_classes(denoiser));
    put_conditions(&writer, denoiser);
    quell_json_put_text(&writer, "schedule",
                        *quell_model_schedule(model) ? quell_model_schedule(model) : NULL);
    quell_json_put_truth(&writer, "reproducible", is_reproducible(facts));
    quell_json_put_truth(&writer, "law", denoiser->type->draw != NULL);
    programs_put_facts(&writer, model);
    if (facts->has_document) put_fields(&writer, "description", &facts->document.root, "programs");
    put_fields(&writer, "metadata", &facts->tensors.metadata, "quell");
    return report_end(&writer);
}

int info_model(const char *name, int json)
{
    struct facts facts = {.name = name};
    int code = sampling_open_model(&facts.model, name, NULL);
    if (code == EXIT_DONE) code = open_file(&facts);
    if (code == EXIT_DONE && json) code = print_json(&facts);
    if (code == EXIT_DONE && !json) print_text(&facts);
    if (facts.has_document) quell_document_free(&facts.document);
    quell_tensors_close(&facts.tensors);
    quell_model_free(facts.model);
    return code;
}
