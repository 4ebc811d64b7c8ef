/* SPDX-License-Identifier: MIT */
/* Exported networks as denoisers, by ONNX Runtime. A library of its own, quell_onnx; quell itself
 * has no ONNX in it, and quell.h does not include this.
 *
 * The network's samples are as reproducible as ONNX Runtime, which promises no bits between
 * machines, versions, threads or batches: quell_denoiser_reproducible() is 0. */
#ifndef QUELL_ONNX_H
#define QUELL_ONNX_H

#include <quell/denoiser.h>
#include <quell/model.h>
#include <quell/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a file is read. Start from quell_onnx_defaults(). A name that is NULL, a rank or a scale of 0
 * is taken from the file's metadata (metadata_props), by the key in brackets, else as said.
 *
 * x, time, label, result: names of the inputs and the output. Left out, x is the input of float32
 *   and rank >= 2; time, that takes a number for each row, shape (), (1), (B) or (B, 1), of float32
 *   or int64, none if there is no other; label, that is of int64. Where several fit, the one with a
 *   name that exporters use (x, sample, input; t, time, timestep, sigma; y, label, class_labels;
 *   ...), else, for x, the one that is no number for each row, and for the time that of float32;
 *   where that does not tell either, the file is refused. result: the first output, of x's shape.
 * output, precondition: as in quell_function_options [quell.output, quell.precondition]; x0, none.
 * schedule: the one it was trained for [quell.schedule]; the caller's choice.
 * rank, shape: of one sample, without the batch [quell.shape, as 3,32,32]; x's in the file.
 * time_scale: what the time is multiplied by, and then rounded where the input is int64
 *   [quell.time_scale]; 1, and 999 for int64, the last of 1000 discrete steps: between them the
 *   network is asked at the nearest, as it was trained at no other.
 * classes: how many quell_draw.classes may ask for, if there is a label input [quell.classes]; 0.
 * class_label: what the label input is given for samples without a class, >= 0 [quell.class_label];
 *   the number of classes, which comes after the last of them.
 * whole_batch: 0, called per tile from quell's threads on a session without threads; 1, once for
 *   all samples, on ONNX Runtime's threads (0).
 * threads: these; 0: as many as the affinity mask allows. */
typedef struct quell_onnx_options {
    size_t size;
    const char *x;
    const char *time;
    const char *label;
    const char *result;
    const char *output;
    const char *precondition;
    const char *schedule;
    size_t rank;
    const size_t *shape;
    double time_scale;
    size_t classes;
    int64_t class_label;
    int whole_batch;
    size_t threads;
} quell_onnx_options;

static inline quell_onnx_options quell_onnx_defaults(void)
{
    quell_onnx_options options;
    options.size = sizeof options;
    options.x = options.time = options.label = options.result = NULL;
    options.output = options.precondition = options.schedule = NULL;
    options.rank = 0;
    options.shape = NULL;
    options.time_scale = 0;
    options.classes = 0;
    options.class_label = 0;
    options.whole_batch = 0;
    options.threads = 0;
    return options;
}

/* A denoiser from an .onnx file; options may be NULL for the defaults. The batch of x must be
 * dynamic or 1. QUELL_IO_FAILED if the file cannot be read, QUELL_BAD_MODEL if what is in it cannot
 * be a denoiser, QUELL_UNSUPPORTED for an ONNX Runtime that is older than the one built with.
 * Thread-safe. A run whose network fails ends with QUELL_DENOISER_FAILED. */
QUELL_API quell_status quell_denoiser_from_onnx(quell_denoiser **denoiser, const char *path,
                                                const quell_onnx_options *options);

/* The same as a model with its shape and schedule, for quell_model_free. It has no image. */
QUELL_API quell_status quell_model_from_onnx(quell_model **model, const char *path,
                                             const quell_onnx_options *options);

/* The version of ONNX Runtime at run time, as "1.21.0"; "none" where it cannot be loaded. */
QUELL_API const char *quell_onnx_runtime(void);

#ifdef __cplusplus
}
#endif
#endif
