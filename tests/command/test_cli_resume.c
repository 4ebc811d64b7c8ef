/* SPDX-License-Identifier: MIT */
/* quell sample --resume: whatever ended a run, the next one goes on, and the file is that of a run
 * that was never interrupted, byte by byte. What does not belong together is refused, and nothing
 * that was finished is lost by that. */
#include "resuming.h"
#include "effort.h"
#include "harness.h"
#include "sanitized.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(resume, after_kill)
{
    struct command command = resume_begin();
    int code = resume_stop(&command, RESUME_RUN "--out y.npy", SIGKILL);
    CHECK(code == 128 + SIGKILL && !resume_size(&command, "y.npy"), "exit code %d", code);
    json_t *report = command_json(&command, RESUME "--json");
    long long found = json_integer_value(json_field(report, "resumed"));
    CHECK(found > 0 && found < RESUME_ROWS, "%lld samples were found", found);
    CHECK(json_integer_value(json_field(report, "count")) == RESUME_ROWS, "count");
    json_decref(report);
    resume_whole(&command);
    /* The digest in the report is that of all samples, as `quell join` finds. */
    char *output = command_output(&command);
    scratch_write(&command.work, "y.json", output, 0);
    command_check(&command, 0, "join --quiet --out joined.npy y.json");
    free(output);
    command_remove(&command);
}

static unsigned mode_of(const struct command *command, const char *name)
{
    struct stat status;
    return stat(scratch_path(&command->work, name).text, &status) ? 0 : status.st_mode & 07777;
}

/* Until the run has ended, nobody else may read its unfinished file and its record. */
TEST(resume, as_private_as_the_file)
{
    struct command command = resume_begin();
    scratch_write(&command.work, "y.npy", "", 0);
    CHECK(!chmod(scratch_path(&command.work, "y.npy").text, 0600), "chmod");
    resume_stop(&command, RESUME, SIGTERM);
    CHECK(mode_of(&command, "y.npy.part") == 0600, "part: %o", mode_of(&command, "y.npy.part"));
    CHECK(mode_of(&command, "y.npy.resume") == 0600, "record: %o",
          mode_of(&command, "y.npy.resume"));
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    command_remove(&command);
}

/* The run is killed at many instants, also while it begins and while it renames the file. */
TEST(resume, after_many_kills)
{
    struct command command = resume_begin();
    srand(7);
    for (int round = 0, rounds = (int)by_effort(4, 12, 300); round < rounds; round++) {
        command_start(&command, RESUME);
        usleep((useconds_t)(rand() % 300000));
        kill(command.process, SIGKILL);
        command_wait(&command);
        if (resume_size(&command, "y.npy")) resume_whole(&command);
        if (resume_size(&command, "y.npy")) remove(scratch_path(&command.work, "y.npy").text);
    }
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    command_remove(&command);
}

/* A run that is to be resumed keeps what it has, and says so; another leaves nothing. */
TEST(resume, after_signals)
{
    struct command command = resume_begin();
    const int numbers[] = {SIGINT, SIGTERM, SIGUSR1};
    for (int i = 0; i < 3; i++) {
        int code = resume_stop(&command, RESUME, numbers[i]);
        char *errors = command_errors(&command);
        CHECK(code == 128 + numbers[i] && strstr(errors, "y.npy.part"), "%d: %s", code, errors);
        CHECK(resume_size(&command, "y.npy.part") % RESUME_ROW == 0, "a torn sample");
        free(errors);
    }
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    remove(scratch_path(&command.work, "y.npy").text);
    resume_stop(&command, RESUME_RUN "--out y.npy", SIGTERM);
    CHECK(scratch_count(&command.work, ".") == 1, "a cancelled run has left a file");
    command_remove(&command);
}

/* ThreadSanitizer maps a file of its own, which the limit cuts off. */
#if !THREAD_SANITIZED
TEST(resume, after_a_full_disk)
{
    struct command command = resume_begin();
    command_limit(&command, "ulimit -f 600;");
    command_check(&command, 4, RESUME);
    command_limit(&command, "");
    CHECK(resume_size(&command, "y.npy.part") > RESUME_HEADER, "nothing was kept");
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    command_remove(&command);
}
#endif

static void cut_part(const struct command *command, size_t size)
{
    CHECK(!truncate(scratch_path(&command->work, "y.npy.part").text, (off_t)size), "truncate");
}

TEST(resume, torn)
{
    struct command command = resume_begin();
    const size_t sizes[] = {RESUME_HEADER + 100 * RESUME_ROW + 3,
                            RESUME_HEADER + 5,
                            RESUME_HEADER,
                            RESUME_HEADER - 1,
                            1,
                            0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i += by_effort(2, 1, 1)) {
        remove(scratch_path(&command.work, "y.npy").text);
        resume_stop(&command, RESUME_RUN "--out y.npy", SIGKILL);
        cut_part(&command, sizes[i]);
        command_check(&command, 0, RESUME);
        resume_whole(&command);
    }
    command_remove(&command);
}

TEST(resume, other_runs_are_refused)
{
    static const char *const cases[][2] = {
        {"--seed 4", "seed 3, and this is 4"},
        {"--sampler ddim", "sampler ddpm, and this is ddim"},
        {"--steps 61", "steps 60, and this is 61"},
        {"--first 1", "first 0, and this is 1"},
        {"--count " RESUME_ONE_LESS, "count " RESUME_ROWS_TEXT ", and this is " RESUME_ONE_LESS},
        {"--grid logsnr:final=zero --start 0.9 --prior-mean 0", "grid linear"},
        {"--stop 0.1", "stop 0, and this is 0.1"},
        {"--prior-mean 1", "prior-mean 0, and this is 1"},
        {"--schedule cosine", "schedule vp, and this is cosine"},
        {"--clamp-high 1", "clamp-high inf, and this is 1"},
        {"--brownian", "brownian 0, and this is 1"},
        {"--model builtin:spirals", "model builtin:grid25, and this is builtin:spirals"},
        {"--model m.json", "model builtin:grid25, and this is of digest"},
    };
    struct command command = resume_begin();
    scratch_write(&command.work, "m.json", "{\"kind\": \"gaussian\", \"dim\": 2, \"variance\": 1}",
                  0);
    resume_stop(&command, RESUME_RUN "--out y.npy", SIGKILL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct {
            const char *option, *value;
        } given[] = {{"--model", "builtin:grid25"},
                     {"--sampler", "ddpm"},
                     {"--steps", "60"},
                     {"--seed", "3"},
                     {"--count", RESUME_ROWS_TEXT}};
        char line[400] = "sample --quiet --resume --out y.npy ";
        for (size_t g = 0; g < sizeof given / sizeof *given; g++)
            if (strncmp(cases[i][0], given[g].option, strlen(given[g].option)))
                sprintf(line + strlen(line), "%s %s ", given[g].option, given[g].value);
        strcat(line, cases[i][0]);
        resume_refused(&command, 2, line, cases[i][1]);
    }
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    command_remove(&command);
}

/* A model is known by what is in it, whatever its files are called. */
TEST(resume, another_model_is_refused)
{
    struct command command = command_new();
    const char text[] = "{\"kind\": \"gaussian\", \"mean\": \"mean.npy\", \"variance\": 1}";
    const char arguments[] =
        "sample --quiet --model m.json --sampler ddpm --steps 60 " RESUME_COUNT;
    char run[300];
    scratch_write(&command.work, "m.json", text, 0);
    command_check(&command, 0, "sample --quiet --model builtin:grid25 --count 1 --out one.npy");
    /* (1, 2) becomes (2,), of the same length */
    size_t size;
    char *mean = scratch_read(&command.work, "one.npy", &size),
         *shape = strstr(mean + 10, "(1, 2)");
    memcpy(shape, "(2,)  ", 6);
    scratch_write(&command.work, "mean.npy", mean, size);
    snprintf(run, sizeof run, "%s --out y.npy", arguments);
    resume_stop(&command, run, SIGKILL);
    mean[size - 1] ^= 1;
    scratch_write(&command.work, "mean.npy", mean, size);
    strcat(run, " --resume");
    resume_refused(&command, 2, run, "with model of digest");
    mean[size - 1] ^= 1;
    scratch_write(&command.work, "copy.npy", mean, size);
    scratch_write(&command.work, "m.json",
                  "{\"kind\": \"gaussian\", \"mean\": \"copy.npy\", \"variance\": 1.0}", 0);
    command_check(&command, 0, run);
    free(mean);
    command_remove(&command);
}

TEST(resume, another_precision_is_refused)
{
    struct command command = command_new();
    const char run[] = "sample --quiet --model builtin:rings --steps 60 --count 50000 --out y.npy";
    char again[200];
    resume_stop(&command, run, SIGKILL);
    snprintf(again, sizeof again, "%s --resume --precision bf16", run);
    resume_refused(&command, 2, again, "with precision stored, and this is bf16");
    command_remove(&command);
}

/* Two runs must not write one file at the same time. The lock ends with its process. */
TEST(resume, two_at_once)
{
    struct command command = resume_begin();
    resume_stop(&command, RESUME_RUN "--out y.npy", SIGKILL);
    int part = open(scratch_path(&command.work, "y.npy.part").text, O_RDWR | O_CLOEXEC);
    CHECK(part >= 0 && !flock(part, LOCK_EX), "flock");
    resume_refused(&command, 4, RESUME, "another process is writing it");
    resume_refused(&command, 4, RESUME_RUN "--out y.npy", "another process is writing it");
    close(part);
    command_check(&command, 0, RESUME);
    resume_whole(&command);
    command_remove(&command);
}

TEST(resume, where_it_cannot_be)
{
    struct command command = command_new();
    command_refused(&command, 2, RESUME_RUN "--resume", "--resume: needs --out");
    command_refused(&command, 2, RESUME_RUN "--resume --out -", "--resume: needs --out");
    command_refused(&command, 2, RESUME_RUN "--resume --out /dev/null", "is no file");
    command_refused(&command, 4, RESUME_RUN "--resume --out no/y.npy", "No such file");
    command_refused(&command, 2, "compare --resume", "--resume");
    command_refused(&command, 2, "denoise --resume", "--resume");
    command_refused(&command, 2, "join --resume", "--resume");
    command_remove(&command);
}

/* Noise, classes and pictures of the samples that are there already. */
TEST(resume, inputs_and_pictures)
{
    struct command command = command_new();
    const char run[] =
        "sample --quiet --model builtin:rings --from x1.npy --sampler ddpm --steps 9 "
        "--seed 3 --count 5000 --class each ";
    char line[400];
    command_check(&command, 0,
                  "sample --quiet --model builtin:grid25 --count 5000 --steps 1 --out "
                  "x1.npy");
    snprintf(line, sizeof line, "%s --out whole.npy --plot whole.png", run);
    command_check(&command, 0, line);
    snprintf(line, sizeof line, "%s --out y.npy", run);
    resume_stop(&command, line, SIGKILL);
    snprintf(line, sizeof line, "%s --out y.npy --resume --plot y.png", run);
    command_check(&command, 0, line);
    resume_whole(&command);
    command_same(&command, "whole.png", "y.png");
    command_remove(&command);
}
