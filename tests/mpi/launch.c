/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT "quell-mpi: "

void on_ranks(int ranks, const char *program)
{
    static char quell[500];
    char text[1000];
    if (!*quell) snprintf(quell, sizeof quell, "%s", getenv("QUELL_COMMAND"));
    snprintf(text, sizeof text, "timeout --foreground -k 20 60 %s -n %d %s", getenv("QUELL_MPIRUN"),
             ranks, getenv(program));
    setenv("QUELL_COMMAND", ranks ? text : quell, 1);
}

void on_each_rank(const char *program)
{
    char text[500];
    snprintf(text, sizeof text, "%s %s", getenv("QUELL_MPI_BY_RANK"), getenv(program));
    setenv("QUELL_MPI_BY_RANK_COMMAND", text, 1);
    on_ranks(2, "QUELL_MPI_BY_RANK_COMMAND");
}

static const char *next_complaint(const char *line)
{
    while (line && strncmp(line, COMPLAINT, strlen(COMPLAINT))) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line;
}

char *only_complaint(const struct command *command)
{
    char *errors = command_errors(command);
    const char *line = next_complaint(errors);
    CHECK(line, "quell-mpi says nothing: %s", errors);
    char *copy = strndup(line, strcspn(line, "\n"));
    CHECK(!next_complaint(line + strlen(copy)), "more than one line: %s", errors);
    free(errors);
    return copy;
}
