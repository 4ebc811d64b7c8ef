/* SPDX-License-Identifier: MIT */
/* Refuses ranks that were started with different options, files or versions. The message shows the
 * first line of a rank's settings that differs from rank 0's. */
#include "cli/mpi/ranks.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MOST 4096

/* The settings of a rank as they are sent: a digest of the whole text, and its beginning. */
struct settings {
    uint64_t digest;
    char text[MOST];
};

static struct settings settings_of(const char *text)
{
    struct settings settings = {UINT64_C(0xcbf29ce484222325), ""};
    for (const char *at = text; *at; at++)
        settings.digest = (settings.digest ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    strncat(settings.text, text, MOST - 1);
    return settings;
}

static int differs(const struct ranks *ranks, const char *own, const char *theirs)
{
    size_t line = 0, at = 0;
    for (; own[at] && own[at] == theirs[at]; at++)
        if (own[at] == '\n') line = at + 1;
    own += line, theirs += line;
    if (!*own || !*theirs)
        return complain(EXIT_USAGE, "rank %d has other settings than rank 0", ranks->group.rank);
    return complain(
        EXIT_USAGE, "rank %d has '%.*s', rank 0 '%.*s': all ranks need the same options and files",
        ranks->group.rank, (int)strcspn(own, "\n"), own, (int)strcspn(theirs, "\n"), theirs);
}

int ranks_same_settings(struct ranks *ranks, const char *settings)
{
    struct settings own = settings_of(settings), first = own;
    MPI_Bcast(&first, (int)sizeof first, MPI_BYTE, 0, ranks->group.comm);
    bool same = first.digest == own.digest && !strcmp(first.text, own.text);
    return ranks_agree(ranks, same ? EXIT_DONE : differs(ranks, own.text, first.text));
}
