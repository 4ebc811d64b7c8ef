/* SPDX-License-Identifier: MIT */
/* The names F.part and F.resume are quell's own, but anything may have them. Only a file of this
 * user's with no other name is written to; what a link leads to may be anybody's. */
#ifndef QUELL_CLI_RESUME_IN_THE_WAY_H
#define QUELL_CLI_RESUME_IN_THE_WAY_H

/* An exit code: EXIT_DONE if nothing has the name, or a file that may be gone on with. It complains
 * of all else, and says what it is. */
int in_the_way(const char *name);

/* Complains that a file could not be opened, with errno. */
int in_the_way_closed(const char *name);

#endif
