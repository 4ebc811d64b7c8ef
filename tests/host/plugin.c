/* SPDX-License-Identifier: MIT */
/* A plug-in of a host's with all of quell inside it: see test_unload.c. */
#include <quell/quell.h>

__attribute__((visibility("default"))) const char *plugin_version(void) { return quell_version(); }
