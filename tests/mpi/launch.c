/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <stdio.h>
#include <stdlib.h>

void on_ranks(int ranks, const char *program)
{
    static char quell[500];
    char text[1000];
    if (!*quell) snprintf(quell, sizeof quell, "%s", getenv("QUELL_COMMAND"));
    snprintf(text, sizeof text, "timeout -k 20 60 mpirun -q -n %d %s %s", ranks,
             "--map-by slot:OVERSUBSCRIBE --bind-to none", getenv(program));
    setenv("QUELL_COMMAND", ranks ? text : quell, 1);
}
