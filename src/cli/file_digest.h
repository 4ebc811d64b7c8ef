/* SPDX-License-Identifier: MIT */
/* Whether a file is the one that it was. */
#ifndef QUELL_CLI_FILE_DIGEST_H
#define QUELL_CLI_FILE_DIGEST_H

#include <stdint.h>
#include <quell/status.h>

/* Of all bytes of a file. */
quell_status file_digest(const char *path, uint64_t *digest);

/* The same as sha256sum prints it. */
quell_status file_sha256(const char *path, char digits[65]);

/* Of a model's file, and of those that it names: the tables of a description, the weights of a
 * network, the data of an .onnx file. */
quell_status model_digest(const char *path, uint64_t *digest);

#endif
