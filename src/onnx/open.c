/* SPDX-License-Identifier: MIT */
/* Opens a file. A setting comes from the options, else from the file's metadata, else it is the
 * default. The network then becomes a denoiser from a function. */
#include <quell/function.h>
#include "onnx/network.h"
#include "base/number.h"
#include "base/sized.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_ELEMENTS ((size_t)1 << 31)

/* The settings of the network, once they are decided. */
struct words {
    char output[64], precondition[64], schedule[128], shape[128], scale[64], classes[64], label[64];
};

static quell_status settle_word(struct network *network, const char *path, const char *given,
                                const char *key, const char *otherwise, char *word, size_t size)
{
    if (!given) {
        quell_status status = runtime_metadata(network, path, key, word, size);
        if (status || *word) return status;
    }
    if ((size_t)snprintf(word, size, "%s", given ? given : otherwise) >= size)
        return refuse(QUELL_BAD_ARGUMENT, path, "option %s: '%.60s...' is too long", key, given);
    return QUELL_OK;
}

static quell_status settle_words(struct network *network, const char *path,
                                 const quell_onnx_options *o, struct words *w)
{
    quell_status status =
        settle_word(network, path, o->output, "quell.output", "x0", w->output, sizeof w->output);
    if (!status)
        status = settle_word(network, path, o->precondition, "quell.precondition", "none",
                             w->precondition, sizeof w->precondition);
    if (!status)
        status = settle_word(network, path, o->schedule, "quell.schedule", "", w->schedule,
                             sizeof w->schedule);
    if (!status) status = runtime_metadata(network, path, "quell.shape", w->shape, sizeof w->shape);
    if (!status)
        status = runtime_metadata(network, path, "quell.time_scale", w->scale, sizeof w->scale);
    if (!status)
        status = runtime_metadata(network, path, "quell.classes", w->classes, sizeof w->classes);
    if (!status)
        status = runtime_metadata(network, path, "quell.class_label", w->label, sizeof w->label);
    return status;
}

/* Reads a shape such as "3,32,32". */
static quell_status read_shape(struct network *network, const char *path, const char *text)
{
    for (network->rank = 0; network->rank < QUELL_MAX_RANK; text++) {
        char *end;
        unsigned long long size = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
        if (!size || size > MOST_ELEMENTS) break;
        network->shape[network->rank++] = (size_t)size;
        if (!*end) return QUELL_OK;
        if (*end != ',') break;
        text = end;
    }
    return refuse(QUELL_BAD_MODEL, path, "metadata quell.shape: must be sizes, as 3,32,32");
}

/* Refuses a network with a fixed number of rows. */
static quell_status check_batch(const char *path, const struct port *port)
{
    if (!port->rank || port->dims[0] <= 1) return QUELL_OK;
    return refuse(QUELL_BAD_MODEL, path,
                  "'%.60s' has a batch of %lld: export it with a dynamic batch, or 1", port->name,
                  (long long)port->dims[0]);
}

/* Refuses sizes of a sample that contradict the file's. */
static quell_status check_port(const struct network *network, const char *path,
                               const struct port *port)
{
    if (port->rank != network->rank + 1)
        return refuse(QUELL_BAD_MODEL, path,
                      "'%.60s' has rank %zu, must have that of a sample and the batch, %zu",
                      port->name, port->rank, network->rank + 1);
    for (size_t i = 0; i < network->rank; i++)
        if (port->dims[i + 1] > 0 && (size_t)port->dims[i + 1] != network->shape[i])
            return refuse(QUELL_BAD_MODEL, path, "'%.60s' has size %lld in place %zu, must be %zu",
                          port->name, (long long)port->dims[i + 1], i + 1, network->shape[i]);
    return QUELL_OK;
}

static quell_status settle_shape(struct network *network, const char *path,
                                 const quell_onnx_options *options, const char *text)
{
    const struct port *x = &network->x;
    quell_status status = QUELL_OK;
    if (options->rank) {
        network->rank = options->rank;
        memcpy(network->shape, options->shape, options->rank * sizeof *options->shape);
    } else if (*text) {
        status = read_shape(network, path, text);
    } else {
        network->rank = x->rank - 1;
        for (size_t i = 0; i < network->rank; i++) {
            if (x->dims[i + 1] < 1)
                return refuse(QUELL_BAD_MODEL, path,
                              "the size of '%.60s' in place %zu is dynamic: give quell.shape in "
                              "the metadata, as 3,32,32",
                              x->name, i + 1);
            network->shape[i] = (size_t)x->dims[i + 1];
        }
    }
    network->dim = 1;
    for (size_t i = 0; !status && i < network->rank; i++) {
        size_t size = network->shape[i];
        if (size < 1 || size > MOST_ELEMENTS / network->dim)
            return refuse(QUELL_BAD_MODEL, path, "the shape must have 1 to 2^31 elements");
        network->dim *= size;
    }
    if (!status) status = check_batch(path, x);
    if (!status) status = check_batch(path, &network->time);
    if (!status) status = check_batch(path, &network->label);
    if (!status) status = check_port(network, path, x);
    if (!status) status = check_port(network, path, &network->result);
    return status;
}

static quell_status settle_scale(struct network *network, const char *path, double given,
                                 const char *text)
{
    bool number = true;
    if (given != 0 && !network->time.used)
        return refuse(QUELL_BAD_ARGUMENT, path,
                      "time_scale is %g, but there is no input for the time; leave it out", given);
    network->time_scale = network->time.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 ? 999 : 1;
    if (given != 0)
        network->time_scale = given;
    else if (*text)
        number = !quell_parse_double(text, strlen(text), &network->time_scale);
    if (!number || !(fabs(network->time_scale) <= 1e9) || network->time_scale == 0)
        return refuse(QUELL_BAD_MODEL, path, "quell.time_scale: must be a number, as 999");
    return QUELL_OK;
}

/* Reads a whole number from the metadata. */
static quell_status read_number(const char *path, const char *key, const char *text,
                                int64_t *number)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return refuse(QUELL_BAD_MODEL, path, "%s: must be a number, as 10", key);
    *number = strtoll(text, &end, 10);
    if (!*end && *number <= INT32_MAX) return QUELL_OK;
    return refuse(QUELL_BAD_MODEL, path, "%s: must be a number up to 2^31 - 1", key);
}

static quell_status settle_classes(struct network *network, const char *path,
                                   const quell_onnx_options *options, const struct words *words,
                                   size_t *classes)
{
    int64_t count = (int64_t)options->classes;
    quell_status status = QUELL_OK;
    if (!count && *words->classes)
        status = read_number(path, "quell.classes", words->classes, &count);
    if (!status && count && !network->label.used)
        return refuse(QUELL_BAD_MODEL, path, "classes: there is no input for a label");
    if (!status && options->class_label && !network->label.used)
        return refuse(QUELL_BAD_ARGUMENT, path,
                      "class_label is %lld, but there is no input for a label; leave it out",
                      (long long)options->class_label);
    network->class_label = options->class_label ? options->class_label : count;
    if (!status && !options->class_label && *words->label)
        status = read_number(path, "quell.class_label", words->label, &network->class_label);
    *classes = (size_t)count;
    return status;
}

static void release(void *user)
{
    runtime_end(user);
    free(user);
}

/* Creates the denoiser of a network, which it then owns, and finds the schedule that the file asks
 * for. */
static quell_status build(struct network *network, quell_denoiser **denoiser, char schedule[128],
                          const char *path, const quell_onnx_options *options)
{
    struct words words;
    quell_function_options how = quell_function_defaults();
    quell_status status = runtime_start(network, path, options);
    if (!status) status = ports_find(network, path, options);
    if (!status) status = settle_words(network, path, options, &words);
    if (!status) status = settle_shape(network, path, options, words.shape);
    if (!status) status = settle_scale(network, path, options->time_scale, words.scale);
    if (!status) status = settle_classes(network, path, options, &words, &how.classes);
    if (!status) status = identity_find(network, path, &how.digest);
    if (status) return status;
    how.output = words.output;
    how.precondition = words.precondition;
    how.whole_batch = options->whole_batch;
    how.release = release;
    status = quell_denoiser_from_function(denoiser, network->dim, network_run, network, &how);
    if (status == QUELL_BAD_ARGUMENT || status == QUELL_NOT_FOUND) {
        char reason[512];
        snprintf(reason, sizeof reason, "%s", quell_error_message());
        return refuse(QUELL_BAD_MODEL, path, "%s", reason);
    }
    if (status) return status;
    strcpy(schedule, words.schedule);
    return QUELL_OK;
}

static const struct quell_sized sized = {"onnx", "quell_onnx_options", "quell_onnx_defaults", NULL};

/* Opens a file as a denoiser, which owns the network that *network is set to. */
static quell_status open_network(struct network **network, quell_denoiser **denoiser,
                                 char schedule[128], const char *path,
                                 const quell_onnx_options *options)
{
    quell_onnx_options o = quell_onnx_defaults();
    quell_status status = options ? quell_sized_copy(&sized, &o, sizeof o, options) : QUELL_OK;
    if (status) return status;
    if (o.rank > QUELL_MAX_RANK || (o.rank && !o.shape) || o.class_label < 0 ||
        o.classes > INT32_MAX)
        return refuse(
            QUELL_BAD_ARGUMENT, path,
            "rank must be at most %d, with a shape, class_label 0 or more, and classes less "
            "than 2^31",
            QUELL_MAX_RANK);
    if (o.threads && !o.whole_batch)
        return refuse(QUELL_BAD_ARGUMENT, path,
                      "threads is %zu, but whole_batch is 0: the network is called from quell's "
                      "threads; leave it out",
                      o.threads);
    if (access(path, R_OK)) return refuse(QUELL_IO_FAILED, path, "%s", strerror(errno));
    struct network *made = calloc(1, sizeof *made);
    if (!made) return refuse(QUELL_NO_MEMORY, path, "no memory");
    made->api = runtime_api();
    status = made->api
                 ? build(made, denoiser, schedule, path, &o)
                 : refuse(QUELL_UNSUPPORTED, path, "ONNX Runtime is %s here: install 1.%d or later",
                          quell_onnx_runtime(), ORT_API_VERSION);
    if (status)
        release(made);
    else
        *network = made;
    return status;
}

quell_status quell_denoiser_from_onnx(quell_denoiser **denoiser, const char *path,
                                      const quell_onnx_options *options)
{
    struct network *network;
    char schedule[128];
    if (!denoiser || !path)
        return quell_error_set(QUELL_BAD_ARGUMENT, path ? "onnx: the place for the denoiser is NULL"
                                                        : "onnx: the path is NULL");
    return open_network(&network, denoiser, schedule, path, options);
}

quell_status quell_model_from_onnx(quell_model **model, const char *path,
                                   const quell_onnx_options *options)
{
    struct network *network = NULL;
    quell_denoiser *denoiser = NULL;
    char schedule[128];
    if (!model || !path)
        return quell_error_set(QUELL_BAD_ARGUMENT, path ? "onnx: the place for the model is NULL"
                                                        : "onnx: the path is NULL");
    quell_status status = open_network(&network, &denoiser, schedule, path, options);
    if (status) return status;
    status = quell_model_from_denoiser(model, denoiser, network->rank, network->shape, schedule);
    quell_denoiser_free(denoiser);
    return status;
}
