/* SPDX-License-Identifier: MIT */
/* Makes one evaluation. The tensors use quell's memory directly: only the time and the label of
 * each row are copied. The copies lie on the stack, so a call has at most ROWS rows. */
#include "onnx/network.h"
#include "base/process.h"

#include <math.h>

#define ROWS 1024

union numbers {
    float real[ROWS];
    int64_t integer[ROWS];
};

/* Fills in the shape of a port for this number of rows, and returns the number of its elements. */
static size_t shape_of(const struct port *port, size_t rows, int64_t *dims)
{
    size_t elements = 1;
    for (size_t i = 0; i < port->rank; i++) {
        dims[i] = port->dims[i] < 1 ? (int64_t)rows : port->dims[i];
        elements *= (size_t)dims[i];
    }
    return elements;
}

static OrtStatus *samples(const struct network *network, const float *data, size_t rows,
                          OrtValue **value)
{
    int64_t dims[MOST_RANK] = {(int64_t)rows};
    for (size_t i = 0; i < network->rank; i++) dims[i + 1] = (int64_t)network->shape[i];
    return network->api->CreateTensorWithDataAsOrtValue(
        network->memory, (void *)(uintptr_t)data, rows * network->dim * sizeof *data, dims,
        network->rank + 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, value);
}

static OrtStatus *numbers(const struct network *network, const struct port *port, size_t rows,
                          union numbers *store, OrtValue **value)
{
    int64_t dims[MOST_RANK];
    size_t elements = shape_of(port, rows, dims);
    bool real = port->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    return network->api->CreateTensorWithDataAsOrtValue(
        network->memory, store, elements * (real ? sizeof(float) : sizeof(int64_t)), dims,
        port->rank, port->type, value);
}

/* Writes the same time for each row. */
static void fill_times(const struct port *port, double time, size_t rows, union numbers *times)
{
    for (size_t i = 0; i < rows; i++)
        if (port->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
            times->real[i] = (float)time;
        else
            times->integer[i] = llrint(time);
}

/* Writes the class of each row, or the number that stands for no class. */
static void fill_labels(const struct network *network, const int32_t *classes, size_t rows,
                        union numbers *labels)
{
    for (size_t i = 0; i < rows; i++)
        labels->integer[i] = classes && classes[i] >= 0 ? classes[i] : network->class_label;
}

static OrtStatus *run(const struct network *network, double time, const int32_t *classes,
                      size_t rows, const float *input, float *output)
{
    union numbers times, labels;
    const char *names[3] = {network->x.name}, *result[] = {network->result.name};
    OrtValue *values[3] = {0}, *out = NULL;
    size_t count = 1;
    OrtStatus *status = samples(network, input, rows, &values[0]);
    if (!status) status = samples(network, output, rows, &out);
    if (!status && network->time.used) {
        names[count] = network->time.name;
        fill_times(&network->time, time, rows, &times);
        status = numbers(network, &network->time, rows, &times, &values[count++]);
    }
    if (!status && network->label.used) {
        names[count] = network->label.name;
        fill_labels(network, classes, rows, &labels);
        status = numbers(network, &network->label, rows, &labels, &values[count++]);
    }
    if (!status)
        status = network->api->Run(network->session, NULL, names, (const OrtValue *const *)values,
                                   count, result, 1, &out);
    for (size_t i = 0; i < count; i++)
        if (values[i]) network->api->ReleaseValue(values[i]);
    if (out) network->api->ReleaseValue(out);
    return status;
}

int network_run(void *user, const quell_call *call, const float *input, float *output)
{
    const struct network *network = user;
    double time = call->time * network->time_scale;
    size_t most = network->x.dims[0] == 1 ? 1 : ROWS;
    if (network->process != quell_process_number()) {
        refuse(QUELL_AFTER_FORK, "network",
               "ONNX Runtime's threads are not in a child of fork(): open the file there");
        return -1;
    }
    for (size_t done = 0; done < call->rows; done += most) {
        size_t rows = call->rows - done < most ? call->rows - done : most;
        OrtStatus *status = run(network, time, call->classes ? call->classes + done : NULL, rows,
                                input + done * network->dim, output + done * network->dim);
        if (refuse_by(network->api, status, QUELL_DENOISER_FAILED, "network")) return -1;
    }
    return 0;
}
