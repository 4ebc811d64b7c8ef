/* SPDX-License-Identifier: MIT */
#include "resuming.h"
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t resume_size(const struct command *command, const char *name)
{
    struct stat status;
    return stat(scratch_path(&command->work, name).text, &status) ? 0 : (size_t)status.st_size;
}

/* Returns how many samples the record counts as finished. */
static size_t written(const struct command *command)
{
    size_t rows = 0;
    char *record = scratch_read(&command->work, "y.npy.resume", NULL);
    const char *line = record ? strstr(record, "\nwritten ") : NULL;
    if (line && sscanf(line, "\nwritten %zu", &rows) != 1) rows = 0;
    free(record);
    return rows;
}

int resume_stop(struct command *command, const char *arguments, int number)
{
    size_t before = written(command);
    command_start(command, arguments);
    for (int wait = 0; written(command) <= before; wait++) {
        CHECK(wait < 60000, "no sample in a minute");
        usleep(1000);
        CHECK(!resume_size(command, "y.npy"), "it was too fast");
    }
    CHECK(!kill(command->process, number), "kill");
    return command_wait(command);
}

void resume_whole(const struct command *command)
{
    command_same(command, "whole.npy", "y.npy");
    CHECK(!resume_size(command, "y.npy.part") && !resume_size(command, "y.npy.resume"),
          "it left files");
}

/* Tests in one process draw it once. */
struct command resume_begin(void)
{
    static char *whole;
    static size_t size;
    struct command command = command_new();
    if (whole) {
        scratch_write(&command.work, "whole.npy", whole, size);
    } else {
        command_check(&command, 0, RESUME_RUN "--out whole.npy");
        whole = scratch_read(&command.work, "whole.npy", &size);
    }
    return command;
}

/* Exit code 2 and one line with `reason`; what was finished stays as it was. */
void resume_refused(const struct command *command, int code, const char *arguments,
                    const char *reason)
{
    size_t before = resume_size(command, "y.npy.part");
    command_refused(command, code, arguments, reason);
    CHECK(before && resume_size(command, "y.npy.part") == before, "%s: was touched", arguments);
}
