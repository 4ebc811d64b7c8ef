/* SPDX-License-Identifier: MIT */
/* quell sample --resume: whatever ended a run, the next one goes on, and the file is that of a run
 * that was never interrupted, byte by byte. What does not belong together is refused, and nothing
 * that was finished is lost by that. */
#include "command.h"
#include "effort.h"
#include "harness.h"
#include "sanitized.h"
#include "base/digest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 128
#define ROW 8
#define ROWS 200000
#define COUNT "--count 200000 "
#define RUN "sample --quiet --model builtin:grid25 --sampler ddpm --steps 60 --seed 3 " COUNT
#define RESUME RUN "--resume --out y.npy "

static size_t size_of(const struct command *command, const char *name)
{
    struct stat status;
    return stat(scratch_path(&command->work, name).text, &status) ? 0 : (size_t)status.st_size;
}

/* Starts a run and ends it when it has finished some samples. */
static int stop_in_the_middle(struct command *command, const char *arguments, int number)
{
    size_t before = size_of(command, "y.npy.part"), now = before;
    command_start(command, arguments);
    for (int wait = 0; now < HEADER + ROW || now <= before; wait++) {
        CHECK(wait < 60000, "no sample in a minute");
        usleep(1000);
        now = size_of(command, "y.npy.part");
        CHECK(now || !size_of(command, "y.npy"), "it was too fast");
    }
    CHECK(!kill(command->process, number), "kill");
    return command_wait(command);
}

static void check_whole(const struct command *command)
{
    command_same(command, "whole.npy", "y.npy");
    CHECK(!size_of(command, "y.npy.part") && !size_of(command, "y.npy.resume"), "it left files");
}

static struct command begin(void)
{
    struct command command = command_new();
    command_check(&command, 0, RUN "--out whole.npy");
    return command;
}

TEST(resume, after_kill)
{
    struct command command = begin();
    int code = stop_in_the_middle(&command, RUN "--out y.npy", SIGKILL);
    CHECK(code == 128 + SIGKILL && !size_of(&command, "y.npy"), "exit code %d", code);
    json_t *report = command_json(&command, RESUME "--json");
    long long found = json_integer_value(json_field(report, "resumed"));
    CHECK(found > 0 && found < ROWS, "%lld samples were found", found);
    CHECK(json_integer_value(json_field(report, "count")) == ROWS, "count");
    json_decref(report);
    check_whole(&command);
    command_remove(&command);
}

/* At any instant, also while it begins and while it gives the file its name. */
TEST(resume, after_many_kills)
{
    struct command command = begin();
    srand(7);
    for (int round = 0, rounds = (int)by_effort(4, 12, 300); round < rounds; round++) {
        command_start(&command, RESUME);
        usleep((useconds_t)(rand() % 300000));
        kill(command.process, SIGKILL);
        command_wait(&command);
        if (size_of(&command, "y.npy")) check_whole(&command);
        if (size_of(&command, "y.npy")) remove(scratch_path(&command.work, "y.npy").text);
    }
    command_check(&command, 0, RESUME);
    check_whole(&command);
    command_remove(&command);
}

/* A run that is to be resumed keeps what it has, and says so; another leaves nothing. */
TEST(resume, after_signals)
{
    struct command command = begin();
    const int numbers[] = {SIGINT, SIGTERM, SIGUSR1};
    for (int i = 0; i < 3; i++) {
        int code = stop_in_the_middle(&command, RESUME, numbers[i]);
        char *errors = command_errors(&command);
        CHECK(code == 128 + numbers[i] && strstr(errors, "y.npy.part"), "%d: %s", code, errors);
        CHECK(size_of(&command, "y.npy.part") % ROW == 0, "a torn sample");
        free(errors);
    }
    command_check(&command, 0, RESUME);
    check_whole(&command);
    remove(scratch_path(&command.work, "y.npy").text);
    stop_in_the_middle(&command, RUN "--out y.npy", SIGTERM);
    CHECK(scratch_count(&command.work, ".") == 1, "a cancelled run has left a file");
    command_remove(&command);
}

/* ThreadSanitizer maps a file of its own, which the limit cuts off. */
#if !THREAD_SANITIZED
TEST(resume, after_a_full_disk)
{
    struct command command = begin();
    command_limit(&command, "ulimit -f 600;");
    command_check(&command, 4, RESUME);
    command_limit(&command, "");
    CHECK(size_of(&command, "y.npy.part") > HEADER, "nothing was kept");
    command_check(&command, 0, RESUME);
    check_whole(&command);
    command_remove(&command);
}
#endif

static void cut_part(const struct command *command, size_t size)
{
    CHECK(!truncate(scratch_path(&command->work, "y.npy.part").text, (off_t)size), "truncate");
}

TEST(resume, torn)
{
    struct command command = begin();
    const size_t sizes[] = {HEADER + 100 * ROW + 3, HEADER + 5, HEADER, HEADER - 1, 1, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        remove(scratch_path(&command.work, "y.npy").text);
        stop_in_the_middle(&command, RUN "--out y.npy", SIGKILL);
        cut_part(&command, sizes[i]);
        command_check(&command, 0, RESUME);
        check_whole(&command);
    }
    command_remove(&command);
}

/* Exit code 2 and one line with `reason`; what was finished stays as it was. */
static void check_refused(const struct command *command, int code, const char *arguments,
                          const char *reason)
{
    size_t before = size_of(command, "y.npy.part");
    command_refused(command, code, arguments, reason);
    CHECK(before && size_of(command, "y.npy.part") == before, "%s: was touched", arguments);
}

TEST(resume, other_runs_are_refused)
{
    static const char *const cases[][2] = {
        {"--seed 4", "seed 3, and this is 4"},
        {"--sampler ddim", "sampler ddpm, and this is ddim"},
        {"--steps 61", "steps 60, and this is 61"},
        {"--first 1", "first 0, and this is 1"},
        {"--count 199999", "count 200000, and this is 199999"},
        {"--grid logsnr:final=zero --start 0.9", "grid linear"},
        {"--stop 0.1", "stop 0, and this is 0.1"},
        {"--schedule cosine", "schedule vp, and this is cosine"},
        {"--clamp-high 1", "clamp-high inf, and this is 1"},
        {"--brownian", "brownian 0, and this is 1"},
        {"--model builtin:spirals", "model builtin:grid25, and this is builtin:spirals"},
        {"--model m.json", "model builtin:grid25, and this is of digest"},
    };
    struct command command = begin();
    scratch_write(&command.work, "m.json", "{\"kind\": \"gaussian\", \"dim\": 2, \"variance\": 1}",
                  0);
    stop_in_the_middle(&command, RUN "--out y.npy", SIGKILL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct {
            const char *option, *value;
        } given[] = {{"--model", "builtin:grid25"},
                     {"--sampler", "ddpm"},
                     {"--steps", "60"},
                     {"--seed", "3"},
                     {"--count", "200000"}};
        char line[400] = "sample --quiet --resume --out y.npy ";
        for (size_t g = 0; g < sizeof given / sizeof *given; g++)
            if (strncmp(cases[i][0], given[g].option, strlen(given[g].option)))
                sprintf(line + strlen(line), "%s %s ", given[g].option, given[g].value);
        strcat(line, cases[i][0]);
        check_refused(&command, 2, line, cases[i][1]);
    }
    command_check(&command, 0, RESUME);
    check_whole(&command);
    command_remove(&command);
}

/* A model is known by what is in it, whatever its files are called. */
TEST(resume, another_model_is_refused)
{
    struct command command = command_new();
    const char text[] = "{\"kind\": \"gaussian\", \"mean\": \"mean.npy\", \"variance\": 1}";
    const char arguments[] = "sample --quiet --model m.json --sampler ddpm --steps 60 " COUNT;
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
    stop_in_the_middle(&command, run, SIGKILL);
    mean[size - 1] ^= 1;
    scratch_write(&command.work, "mean.npy", mean, size);
    strcat(run, " --resume");
    check_refused(&command, 2, run, "with model of digest");
    mean[size - 1] ^= 1;
    scratch_write(&command.work, "copy.npy", mean, size);
    scratch_write(&command.work, "m.json",
                  "{\"kind\": \"gaussian\", \"mean\": \"copy.npy\", \"variance\": 1.0}", 0);
    command_check(&command, 0, run);
    free(mean);
    command_remove(&command);
}

TEST(resume, foreign_files_are_refused)
{
    struct command command = begin();
    scratch_write(&command.work, "y.npy.part", "a letter", 0);
    check_refused(&command, 4, RESUME, "is in the way");
    check_refused(&command, 4, RUN "--out y.npy", "is in the way");
    scratch_write(&command.work, "y.npy.resume", "another", 0);
    check_refused(&command, 4, RESUME, "y.npy.resume: is not of an unfinished file");
    remove(scratch_path(&command.work, "y.npy.part").text);
    command_refused(&command, 4, RESUME, "y.npy.resume: is not of an unfinished file");
    command_remove(&command);
}

/* The file has `rows` samples, and the record says so of those and of the first `sure`. */
struct left {
    char *part, *record;
    size_t size, rows;
};

static struct left leave(struct command *command)
{
    struct left left;
    stop_in_the_middle(command, RUN "--out y.npy", SIGKILL);
    left.record = scratch_read(&command->work, "y.npy.resume", NULL);
    left.part = scratch_read(&command->work, "y.npy.part", &left.size);
    CHECK(sscanf(strstr(left.record, "\nwritten ") + 9, "%zu", &left.rows) == 1, "its record");
    CHECK(left.rows && left.size >= HEADER + left.rows * ROW, "%zu samples", left.rows);
    return left;
}

static void put_back(const struct command *command, const struct left *left)
{
    scratch_write(&command->work, "y.npy.part", left->part, left->size);
    scratch_write(&command->work, "y.npy.resume", left->record, 0);
}

static void discard(struct left *left)
{
    free(left->part);
    free(left->record);
}

static void mark(const struct left *left, const char *line, size_t rows)
{
    struct quell_digest digest;
    char text[40];
    quell_digest_begin(&digest);
    quell_digest_add(&digest, left->part + HEADER, rows * ROW);
    snprintf(text, sizeof text, "%020zu %016llx", rows,
             (unsigned long long)quell_digest_end(&digest));
    memcpy(strstr(left->record, line) + 9, text, 37);
}

static void mark_sure(const struct left *left, size_t rows) { mark(left, "\nsure    ", rows); }

static void other_boot(const struct left *left)
{
    char *boot = strstr(left->record, "\nboot ");
    boot[6] = boot[6] == 'z' ? 'y' : 'z';
}

/* Any byte of it, and whatever was lost: that was not this run's. */
TEST(resume, changed_files_are_refused)
{
    struct command command = begin();
    struct left left = leave(&command);
    const size_t bytes[] = {20, HEADER, HEADER + left.rows * ROW / 2, HEADER + left.rows * ROW - 1};
    for (int boot = 0; boot < 2; boot++) {
        if (boot) other_boot(&left);
        if (boot) mark_sure(&left, left.rows);
        for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
            left.part[bytes[i]] ^= 1;
            put_back(&command, &left);
            check_refused(&command, 4, RESUME, "it was changed");
            left.part[bytes[i]] ^= 1;
        }
        left.size = HEADER + (left.rows - 1) * ROW;
        mark_sure(&left, left.rows);
        put_back(&command, &left);
        check_refused(&command, 4, RESUME, "it was changed");
        left.size = HEADER + left.rows * ROW;
    }
    /* With a record that says the same, the last sample still is not what is drawn. */
    left.part[left.size - 1] ^= 1;
    mark(&left, "\nwritten ", left.rows);
    mark_sure(&left, 0);
    put_back(&command, &left);
    check_refused(&command, 4, RESUME, "is not what this run draws");
    discard(&left);
    command_remove(&command);
}

static void check_resumed(const struct command *command, size_t expected)
{
    json_t *report = command_json(command, RESUME "--json");
    long long found = json_integer_value(json_field(report, "resumed"));
    CHECK(found == (long long)expected, "%lld of %zu", found, expected);
    json_decref(report);
    check_whole(command);
    remove(scratch_path(&command->work, "y.npy").text);
}

/* After another start of the machine what was made sure of counts, and more if it is there. */
TEST(resume, after_a_loss_of_power)
{
    struct command command = begin();
    struct left left = leave(&command);
    other_boot(&left);
    put_back(&command, &left);
    check_resumed(&command, left.rows);
    mark_sure(&left, 7);
    memset(left.part + HEADER + 7 * ROW, 0, left.size - HEADER - 7 * ROW);
    put_back(&command, &left);
    check_resumed(&command, 7);
    left.size = HEADER + 9 * ROW;
    put_back(&command, &left);
    check_resumed(&command, 7);
    mark_sure(&left, 0);
    put_back(&command, &left);
    check_resumed(&command, 0);
    discard(&left);
    command_remove(&command);
}

/* What other names lead to is not written to. */
TEST(resume, links_are_refused)
{
    static const char *const names[] = {"y.npy.part", "y.npy.resume"};
    struct command command = begin();
    struct left left = leave(&command);
    for (int i = 0; i < 2; i++)
        for (int hard = 0; hard < 2; hard++) {
            struct scratch_path there = scratch_path(&command.work, "there");
            struct scratch_path name = scratch_path(&command.work, names[i]);
            put_back(&command, &left);
            CHECK(!rename(name.text, there.text), "rename");
            CHECK(!(hard ? link : symlink)(there.text, name.text), "link");
            check_refused(&command, 4, RESUME, "");
            command_run(&command, RUN "--out y.npy");
            size_t size;
            char *now = scratch_read(&command.work, "there", &size);
            const char *was = i ? left.record : left.part;
            size_t old = i ? strlen(left.record) : left.size;
            CHECK(size == old && !memcmp(now, was, size), "%s: written to", names[i]);
            free(now);
            remove(name.text);
            remove(there.text);
        }
    discard(&left);
    command_remove(&command);
}

/* Two at once would write one file; the lock goes with the process. */
TEST(resume, two_at_once)
{
    struct command command = begin();
    stop_in_the_middle(&command, RUN "--out y.npy", SIGKILL);
    int part = open(scratch_path(&command.work, "y.npy.part").text, O_RDWR | O_CLOEXEC);
    CHECK(part >= 0 && !flock(part, LOCK_EX), "flock");
    check_refused(&command, 4, RESUME, "another process is writing it");
    check_refused(&command, 4, RUN "--out y.npy", "another process is writing it");
    close(part);
    command_check(&command, 0, RESUME);
    check_whole(&command);
    command_remove(&command);
}

TEST(resume, where_it_cannot_be)
{
    struct command command = command_new();
    command_refused(&command, 2, RUN "--resume", "--resume: needs --out");
    command_refused(&command, 2, RUN "--resume --out -", "--resume: needs --out");
    command_refused(&command, 2, RUN "--resume --out /dev/null", "is no file");
    command_refused(&command, 4, RUN "--resume --out no/y.npy", "No such file");
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
    stop_in_the_middle(&command, line, SIGKILL);
    snprintf(line, sizeof line, "%s --out y.npy --resume --plot y.png", run);
    command_check(&command, 0, line);
    check_whole(&command);
    command_same(&command, "whole.png", "y.png");
    command_remove(&command);
}
