/* SPDX-License-Identifier: MIT */
/* The record beside an unfinished file: a text, three lines of its own and then the settings. */
#ifndef QUELL_CLI_PARTIAL_RECORD_H
#define QUELL_CLI_PARTIAL_RECORD_H

#include <stddef.h>

/* Writes it and returns a descriptor of it, -1 with errno on failure. */
int record_write(const char *name, const char *settings);

/* So many samples are safe even if the machine ends. 0, or -1 with errno. */
int record_sure(int file, size_t done);

/* Holds it against the settings of now. *sure: how many samples can be relied on. Returns an exit
 * code, and has complained, by what differs, if it is not EXIT_DONE. */
int record_compare(const char *name, const char *part, const char *settings, size_t *sure);

#endif
