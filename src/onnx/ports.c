/* SPDX-License-Identifier: MIT */
/* Finds out which of a network's inputs is x, which the time and which the label: from the options,
 * else from types, shapes and the names that exporters give. Refuses a network for which that would
 * be a guess. */
#include "onnx/network.h"

#include <stdio.h>
#include <string.h>

#define MOST_INPUTS 8

static bool is_float(const struct port *port)
{
    return port->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

static bool is_integer(const struct port *port)
{
    return port->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
}

static OrtStatus *read_type(const OrtApi *api, const OrtTypeInfo *type, struct port *port)
{
    const OrtTensorTypeAndShapeInfo *tensor = NULL;
    OrtStatus *status = api->CastTypeInfoToTensorInfo(type, &tensor);
    if (!status && tensor) status = api->GetTensorElementType(tensor, &port->type);
    if (!status && tensor) status = api->GetDimensionsCount(tensor, &port->rank);
    if (!status && tensor && port->rank <= MOST_RANK)
        status = api->GetDimensions(tensor, port->dims, port->rank);
    return status;
}

/* Reads the input, or the output, with this number. */
static quell_status read_port(const struct network *network, const char *path, bool input,
                              size_t number, struct port *port)
{
    const OrtApi *api = network->api;
    OrtAllocator *allocator = NULL;
    OrtTypeInfo *type = NULL;
    char *name = NULL;
    *port = (struct port){0};
    OrtStatus *status = api->GetAllocatorWithDefaultOptions(&allocator);
    if (!status)
        status = input ? api->SessionGetInputName(network->session, number, allocator, &name)
                       : api->SessionGetOutputName(network->session, number, allocator, &name);
    if (!status)
        status = input ? api->SessionGetInputTypeInfo(network->session, number, &type)
                       : api->SessionGetOutputTypeInfo(network->session, number, &type);
    if (!status) status = read_type(api, type, port);
    bool fits = !name || (size_t)snprintf(port->name, NAME_SIZE, "%s", name) < NAME_SIZE;
    if (type) api->ReleaseTypeInfo(type);
    if (name) allocator->Free(allocator, name);
    quell_status failed = refuse_by(api, status, QUELL_BAD_MODEL, path);
    if (failed) return failed;
    if (!fits)
        return refuse(QUELL_BAD_MODEL, path, "a name has %d bytes or more: rename '%.40s...'",
                      NAME_SIZE, port->name);
    if (port->rank > MOST_RANK)
        return refuse(QUELL_BAD_MODEL, path, "'%.60s' has rank %zu, must have at most %d",
                      port->name, port->rank, MOST_RANK);
    return QUELL_OK;
}

/* Returns whether a port has one number for each row: (), (1), (B) or (B, 1). */
static bool is_row_number(const struct port *port)
{
    return port->rank < 2 || (port->rank == 2 && port->dims[1] == 1);
}

static bool may_be_x(const struct port *port) { return is_float(port) && port->rank >= 2; }
static bool may_be_time(const struct port *port)
{
    return (is_float(port) || is_integer(port)) && is_row_number(port);
}
static bool may_be_label(const struct port *port)
{
    return is_integer(port) && is_row_number(port);
}

/* A role that an input may have: its option's name, the condition on type and shape, and the names
 * that exporters give it. */
struct role {
    const char *option, *needs;
    bool (*fits)(const struct port *);
    const char *names[12];
};

static const struct role sample = {
    "x",
    "float32, shape (batch, ...): export it so",
    may_be_x,
    {"x", "x_t", "xt", "sample", "input", "noisy", "noisy_sample", "latent", "latents"}};
static const struct role moment = {
    "time",
    "float32 or int64, a number for each row",
    may_be_time,
    {"t", "time", "times", "timestep", "timesteps", "time_step", "step", "sigma", "noise_level"}};
static const struct role label = {
    "label",
    "int64, a number for each row",
    may_be_label,
    {"y", "label", "labels", "class", "classes", "class_label", "class_labels", "cls"}};

static bool has_name(const struct port *port, const struct role *role)
{
    for (size_t i = 0; role->names[i]; i++)
        if (!strcmp(port->name, role->names[i])) return true;
    return false;
}

static quell_status use(struct port *port, const char *path, const struct role *role,
                        struct port *chosen)
{
    if (!role->fits(port))
        return refuse(QUELL_BAD_MODEL, path, "input '%.60s', the %s, must be %s", port->name,
                      role->option, role->needs);
    port->used = true;
    *chosen = *port;
    return QUELL_OK;
}

static quell_status choose_by_name(struct port *ports, size_t count, const char *path,
                                   const struct role *role, const char *name, struct port *chosen)
{
    for (size_t i = 0; name && i < count; i++)
        if (!ports[i].used && !strcmp(ports[i].name, name))
            return use(&ports[i], path, role, chosen);
    if (!name) return QUELL_OK;
    return refuse(QUELL_BAD_MODEL, path, "has no input '%.60s' to be the %s", name, role->option);
}

/* Finds the only unused port that `fits` and, with `named`, has a name of the role. Returns NULL if
 * there is none. If there is a second one, sets *more to it. */
static struct port *find_only(struct port *ports, size_t count, const struct role *role,
                              bool fits(const struct port *), bool named, struct port **more)
{
    struct port *found = NULL;
    *more = NULL;
    for (size_t i = 0; i < count; i++) {
        if (ports[i].used || !fits(&ports[i]) || (named && !has_name(&ports[i], role))) continue;
        if (found) *more = &ports[i];
        if (!found) found = &ports[i];
    }
    return found;
}

/* Chooses the only port that fits and has a name of the role, or else the only one that fits. The
 * stricter condition `likely` is tried first. */
static quell_status choose(struct port *ports, size_t count, const char *path,
                           const struct role *role, bool likely(const struct port *),
                           struct port *chosen)
{
    bool (*const kinds[])(const struct port *) = {likely, role->fits};
    if (chosen->used) return QUELL_OK;
    /* By name and likelihood, by name, by likelihood, and then any that fits. */
    for (int i = 0; i < 4; i++) {
        struct port *second, *found = find_only(ports, count, role, kinds[i % 2], i < 2, &second);
        if (found && !second) return use(found, path, role, chosen);
        if (found && i >= 2)
            return refuse(QUELL_BAD_MODEL, path,
                          "inputs '%.60s' and '%.60s' may both be the %s: say which by the option "
                          "%s, or export it with the name '%s'",
                          found->name, second->name, role->option, role->option, role->names[0]);
    }
    return QUELL_OK;
}

/* x rarely has one number for each row; an input that does is more likely the time. */
static bool is_likely_x(const struct port *port) { return may_be_x(port) && !is_row_number(port); }
static bool is_likely_time(const struct port *port) { return may_be_time(port) && is_float(port); }

/* An int64 input with a label's name is a label, never the time, even if it is the only such
 * input. */
static quell_status choose_label_first(struct network *network, struct port *ports, size_t count,
                                       const char *path)
{
    struct port *second, *one = find_only(ports, count, &label, may_be_label, true, &second);
    if (network->label.used || !one || second || has_name(one, &moment)) return QUELL_OK;
    return use(one, path, &label, &network->label);
}

static quell_status choose_inputs(struct network *network, struct port *ports, size_t count,
                                  const char *path, const quell_onnx_options *options)
{
    quell_status status = choose_by_name(ports, count, path, &sample, options->x, &network->x);
    if (!status)
        status = choose_by_name(ports, count, path, &moment, options->time, &network->time);
    if (!status)
        status = choose_by_name(ports, count, path, &label, options->label, &network->label);
    if (!status) status = choose(ports, count, path, &sample, is_likely_x, &network->x);
    if (!status && !network->x.used)
        status =
            refuse(QUELL_BAD_MODEL, path, "has no input for samples: it must be %s", sample.needs);
    if (!status) status = choose_label_first(network, ports, count, path);
    if (!status) status = choose(ports, count, path, &moment, is_likely_time, &network->time);
    if (!status) status = choose(ports, count, path, &label, may_be_label, &network->label);
    for (size_t i = 0; !status && i < count; i++)
        if (!ports[i].used)
            status = refuse(QUELL_BAD_MODEL, path,
                            "nothing is known for input '%.60s': export the network without it",
                            ports[i].name);
    return status;
}

static quell_status choose_result(struct network *network, const char *path, const char *name)
{
    size_t count = 0;
    quell_status status =
        refuse_by(network->api, network->api->SessionGetOutputCount(network->session, &count),
                  QUELL_BAD_MODEL, path);
    for (size_t i = 0; !status && i < count; i++) {
        status = read_port(network, path, false, i, &network->result);
        if (status || (name && strcmp(network->result.name, name) != 0)) continue;
        if (is_float(&network->result)) return QUELL_OK;
        return refuse(QUELL_BAD_MODEL, path, "output '%.60s' must be float32: export it so",
                      network->result.name);
    }
    if (status) return status;
    return refuse(QUELL_BAD_MODEL, path, "has no output '%.60s'", name ? name : "");
}

quell_status ports_find(struct network *network, const char *path,
                        const quell_onnx_options *options)
{
    struct port ports[MOST_INPUTS];
    size_t count = 0;
    quell_status status =
        refuse_by(network->api, network->api->SessionGetInputCount(network->session, &count),
                  QUELL_BAD_MODEL, path);
    if (!status && count > MOST_INPUTS)
        status =
            refuse(QUELL_BAD_MODEL, path,
                   "has %zu inputs, must have those of a denoiser: x, the time, a label", count);
    for (size_t i = 0; !status && i < count; i++)
        status = read_port(network, path, true, i, &ports[i]);
    if (!status) status = choose_inputs(network, ports, count, path, options);
    if (!status) status = choose_result(network, path, options->result);
    return status;
}
