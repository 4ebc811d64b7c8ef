/* SPDX-License-Identifier: MIT */
/* A network in ONNX Runtime, which open.c opens and evaluate.c runs. */
#ifndef QUELL_ONNX_NETWORK_H
#define QUELL_ONNX_NETWORK_H

#include <onnxruntime_c_api.h>
#include <quell/onnx.h>
#include <stdbool.h>

#define NAME_SIZE 256
#define MOST_RANK (QUELL_MAX_RANK + 1)

/* An input or an output. `dims` are those of the file, and < 1 for dynamic ones. */
struct port {
    char name[NAME_SIZE];
    ONNXTensorElementDataType type;
    size_t rank;
    int64_t dims[MOST_RANK];
    bool used;
};

struct network {
    const OrtApi *api;
    OrtEnv *env;
    OrtSession *session;
    unsigned process; /* the process whose threads the session uses */
    OrtMemoryInfo *memory;
    struct port x, time, label, result;
    size_t rank, shape[QUELL_MAX_RANK], dim;
    double time_scale;
    int64_t class_label;
};

/* Returns the API of the version that quell was built with, or NULL if the library found at run
 * time is older. */
const OrtApi *runtime_api(void);

/* Records "path: what" as the message. The second function also releases a status of ONNX Runtime,
 * which is the message. */
__attribute__((format(printf, 3, 4))) quell_status refuse(quell_status status, const char *path,
                                                          const char *format, ...);
quell_status refuse_by(const OrtApi *api, OrtStatus *status, quell_status as, const char *path);

/* Starts and ends the session of a file. */
quell_status runtime_start(struct network *network, const char *path,
                           const quell_onnx_options *options);
void runtime_end(struct network *network);

/* Copies the value of a key in the file's metadata to text[size], or "" if there is none. */
quell_status runtime_metadata(struct network *network, const char *path, const char *key,
                              char *text, size_t size);

/* Finds out which input is x, which the time and which the label. */
quell_status ports_find(struct network *network, const char *path,
                        const quell_onnx_options *options);

/* Computes a digest of the file, of those beside it that hold its weights, and of the settings of
 * the network, once they are decided. */
quell_status identity_find(const struct network *network, const char *path, uint64_t *found);

/* The quell_denoise_fn of a network. */
int network_run(void *user, const quell_call *call, const float *input, float *output);

#endif
