/* SPDX-License-Identifier: MIT */
/* Which of a network's inputs is x, which the time, which the label. */
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

/* One input, or the output, of a number. */
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

/* A number for each row: (), (1), (B), (B, 1). */
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

/* The input that is named, or else the first that may be it. */
static quell_status choose(struct port *ports, size_t count, const char *path, const char *role,
                           const char *name, bool fits(const struct port *), const char *needs,
                           struct port *chosen)
{
    for (size_t i = 0; i < count; i++) {
        struct port *port = &ports[i];
        if (port->used || (name ? strcmp(port->name, name) != 0 : !fits(port))) continue;
        if (!fits(port))
            return refuse(QUELL_BAD_MODEL, path, "input '%.60s', the %s, must be %s", port->name,
                          role, needs);
        port->used = true;
        *chosen = *port;
        return QUELL_OK;
    }
    if (name) return refuse(QUELL_BAD_MODEL, path, "has no input '%.60s' to be the %s", name, role);
    return QUELL_OK;
}

static quell_status choose_inputs(struct network *network, struct port *ports, size_t count,
                                  const char *path, const quell_onnx_options *options)
{
    const char *x_needs = "float32, shape (batch, ...): export it so";
    quell_status status =
        choose(ports, count, path, "sample", options->x, may_be_x, x_needs, &network->x);
    if (!status && !network->x.used)
        status = refuse(QUELL_BAD_MODEL, path, "has no input for samples: it must be %s", x_needs);
    if (!status)
        status = choose(ports, count, path, "time", options->time, may_be_time,
                        "float32 or int64, a number for each row", &network->time);
    if (!status)
        status = choose(ports, count, path, "label", options->label, may_be_label,
                        "int64, a number for each row", &network->label);
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
