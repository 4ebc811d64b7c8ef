/* SPDX-License-Identifier: MIT */
/* Digests of files, to see whether a file has changed. */
#ifndef QUELL_CLI_FILE_DIGEST_H
#define QUELL_CLI_FILE_DIGEST_H

#include <stdint.h>
#include <quell/status.h>

/* Computes the digest of all bytes of a file. */
quell_status file_digest(const char *path, uint64_t *digest);

/* Computes the SHA-256 of a file, as sha256sum prints it. */
quell_status file_sha256(const char *path, char digits[65]);

/* Computes the digest of a model's file and of the files that it names: the tables of a
 * description, the weights of a network, the data of an .onnx file. */
quell_status model_digest(const char *path, uint64_t *digest);

/* Computes a SHA-256 of the same files. */
quell_status model_sha256(const char *path, char digits[65]);

/* Computes a digest of the identity and the time of change of the same files, without reading them.
 * When a file changes, so does this digest. */
quell_status model_state(const char *path, uint64_t *digest);

#endif
