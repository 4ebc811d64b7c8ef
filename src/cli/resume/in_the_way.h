/* SPDX-License-Identifier: MIT */
/* Checks of files with the names F.part and F.resume, which anybody may have made. Only a file of
 * this user with no other name is written to, because a link may lead to anybody's file. */
#ifndef QUELL_CLI_RESUME_IN_THE_WAY_H
#define QUELL_CLI_RESUME_IN_THE_WAY_H

/* Returns EXIT_DONE if there is no file of this name, or one that may be written to. Otherwise
 * complains, says what the file is, and returns another exit code. */
int in_the_way(const char *name);

/* Complains that a file could not be opened, with errno. */
int in_the_way_closed(const char *name);

#endif
