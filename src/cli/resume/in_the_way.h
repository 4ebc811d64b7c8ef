/* SPDX-License-Identifier: MIT */
/* Checks of files with the names F.part and F.resume, which any user may have created. Only a file
 * that belongs to this user and has no other name is written to, because a link could lead to
 * somebody else's file. */
#ifndef QUELL_CLI_RESUME_IN_THE_WAY_H
#define QUELL_CLI_RESUME_IN_THE_WAY_H

/* Returns EXIT_DONE if there is no file called `name`, or one that may be written to. Otherwise
 * complains, saying what the file is, and returns another exit code. */
int in_the_way(const char *name);

/* Complains that the file could not be opened, for the reason in errno. */
int in_the_way_closed(const char *name);

#endif
