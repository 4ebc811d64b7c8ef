/* SPDX-License-Identifier: MIT */
/* Exported networks as denoisers, run by ONNX Runtime. These functions are in a library of their
 * own, quell_onnx. quell itself does not need ONNX Runtime, and quell.h does not include this
 * header.
 *
 * ONNX Runtime does not promise the same bits on other machines, in other versions, or with other
 * threads or batches. So these denoisers are not reproducible: quell_denoiser_reproducible() is
 * 0. */
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

/* How a file is read. Start from quell_onnx_defaults(). A member that is NULL or 0 is taken from
 * the file's metadata (metadata_props), under the key that stands below in square brackets. If the
 * file has no such key, or the member has none, it is the default, in round brackets.
 *
 * x: the name of the input for the states, of float32 and rank >= 2.
 * time: the name of the input for the time, one number for each row: shape (), (1), (B) or (B, 1),
 *   float32 or int64. A network may have none.
 * label: the name of the input for the classes, of int64. A network may have none.
 *   Where x, time or label is NULL, the input is found by these rules, first x, then the time, then
 *   the label: if only one input has the type and the shape, it is that one; else the one with a
 *   name that exporters use (x, sample, input; t, time, timestep, sigma; y, label, class_labels;
 *   ...); else, for x, the one that has more than one number for each row, and for the time the one
 *   of float32. If this does not decide, the file is refused.
 * result: the name of the output, which has the shape of x (the first output).
 * output, precondition: as in quell_function_options [quell.output, quell.precondition] ("x0",
 *   "none").
 * schedule: the schedule that the network was trained for [quell.schedule] (the caller's choice).
 * rank, shape: the shape of one sample, without the batch [quell.shape, as 3,32,32] (that of x).
 * time_scale: what the time is multiplied by; if the input is int64, the product is rounded,
 *   because such a network was trained at whole steps only [quell.time_scale] (1; for int64 999,
 *   the last of 1000 steps).
 * classes: the number of classes, if there is a label input [quell.classes] (0).
 * class_label: what the label input gets for samples without a class. 0: what the file says, so
 *   that label 0 itself can only be asked for in the file [quell.class_label] (the number of
 *   classes, which is one more than the last class).
 * whole_batch: 0 if the network is called for a tile at a time, from quell's threads, on a session
 *   without threads. 1 if it is called once for all samples, on ONNX Runtime's threads (0).
 * threads: how many threads ONNX Runtime then has. 0: as many as the affinity mask allows (0). */
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

/* Returns the defaults: all that the file says, called per tile. */
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

/* Creates a denoiser from an .onnx file; options may be NULL for the defaults. The batch of x must
 * be dynamic or 1. Fails with QUELL_IO_FAILED if the file cannot be read, with QUELL_BAD_MODEL if
 * its network cannot be a denoiser, and with QUELL_UNSUPPORTED if ONNX Runtime is older than the
 * one that quell was built with. A run whose network fails ends with QUELL_DENOISER_FAILED.
 * Thread-safe.
 *
 * quell_denoiser_digest is of the bytes of the file, of the files beside it that hold its weights,
 * and of all that the options decide. Options that have no effect are refused: time_scale without a
 * time, class_label without a label, threads without whole_batch. */
QUELL_API quell_status quell_denoiser_from_onnx(quell_denoiser **denoiser, const char *path,
                                                const quell_onnx_options *options);

/* Creates a model from an .onnx file, with the shape and the schedule of the network. Its samples
 * do not count as images (quell_model_image). The errors are the same. Free it with
 * quell_model_free. Thread-safe. */
QUELL_API quell_status quell_model_from_onnx(quell_model **model, const char *path,
                                             const quell_onnx_options *options);

/* Returns the version of ONNX Runtime that the program runs with, as "1.21.0", or "none" if it
 * cannot be loaded. Thread-safe. */
QUELL_API const char *quell_onnx_runtime(void);

#ifdef __cplusplus
}
#endif
#endif
