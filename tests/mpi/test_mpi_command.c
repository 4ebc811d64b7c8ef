/* SPDX-License-Identifier: MIT */
/* The program quell-mpi, by Open MPI's mpirun with more ranks than processors: the file is that of
 * `quell sample` for any number of ranks, and where one rank fails, nothing is left. */
#include "command.h"
#include "harness.h"
#include "launch.h"
#include "small_networks.h"
#include "tensor_file.h"
#include "io/npy.h"

#include <glob.h>
#include <signal.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GLYPHS "sample --quiet --model builtin:glyphs --steps 1 --count 6 "

/* Checks that the ranks write the bytes that quell writes to one.npy. */
static void check_same(const struct command *command, const char *arguments, int ranks)
{
    char text[400];
    on_ranks(0, "QUELL_COMMAND");
    snprintf(text, sizeof text, "%s --out one.npy", arguments);
    command_check(command, 0, text);
    on_ranks(ranks, "QUELL_MPI_COMMAND");
    snprintf(text, sizeof text, "%s --out many.npy", arguments);
    command_check(command, 0, text);
    command_same(command, "one.npy", "many.npy");
}

/* Checks the same in an empty folder, in which no other file must be left. */
static void check_alone(const char *arguments, int ranks)
{
    struct command command = command_new();
    check_same(&command, arguments, ranks);
    command_remove(&command);
}

#define PLAIN "sample --quiet --model builtin:grid25 --sampler ddpm --steps 3 --seed 9 --first 77 "

TEST(mpi, one_rank) { check_alone(PLAIN "--count 103", 1); }
TEST(mpi, two_ranks) { check_alone(PLAIN "--count 103", 2); }
TEST(mpi, three_ranks) { check_alone(PLAIN "--count 103", 3); }
TEST(mpi, five_ranks) { check_alone(PLAIN "--count 103", 5); }
TEST(mpi, idle_ranks) { check_alone(PLAIN "--count 2", 5); }
TEST(mpi, nothing) { check_alone(PLAIN "--count 0", 3); }
TEST(mpi, classes) { check_alone(GLYPHS "--class each --guidance 2", 3); }

TEST(mpi, streams)
{
    check_alone("sample --quiet --model builtin:grid25 --sampler ddpm --steps 3 "
                "--seeds 7,7,0,18446744073709551615,3 --indices 0,1,5,18446744073709551614,2",
                3);
}
TEST(mpi, seeds)
{
    check_alone("sample --quiet --model builtin:rings --sampler ddpm --steps 3 --class 1 --first 4 "
                "--seeds 7,8,9,10",
                3);
}

/* Weights and products of bfloat16 numbers: the same bytes for any ranks, and others than those of
 * the stored weights. */
TEST(mpi, precision)
{
    static const char *const precisions[] = {"stored", "bf16", "bf16_products"};
    struct command command = command_new();
    char *file[3];
    size_t size[3];
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        snprintf(text, sizeof text, GLYPHS "--class each --guidance 2 --precision %s",
                 precisions[i]);
        check_same(&command, text, 3);
        file[i] = scratch_read(&command.work, "many.npy", &size[i]);
        for (size_t k = 0; k < i; k++)
            CHECK(size[i] == size[k] && memcmp(file[i], file[k], size[i]) != 0,
                  "%s gives the samples of %s", precisions[i], precisions[k]);
    }
    for (size_t i = 0; i < 3; i++) free(file[i]);
    command_remove(&command);
}

/* Each rank decodes its own samples. */
TEST(mpi, decodes)
{
    static const char description[] =
        "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', 'programs': {'denoise': "
        "{'inputs': {'x': [2], 'shift': []}, 'instructions': [{'map': ['x', 'shift'], 'function': "
        "'add'}], 'output': 0}, 'decode': {'inputs': {'x': [2], 'shift': []}, 'instructions': "
        "[{'map': ['x', 'shift'], 'function': 'mul'}, {'move': [0], 'form': 'reshape', 'shape': "
        "[2, 1]}, {'move': [1], 'form': 'expand', 'shape': [2, 3]}], 'output': 2}}}";
    static struct tensor_writer writer;
    static char file[1 << 13];
    const float shifts[7] = {1, 2, 3, -4, 5, -6, 7};
    char npy[1 << 9];
    struct command command = command_new();
    tensor_begin(&writer, description);
    scratch_write(&command.work, "n.safetensors", file, tensor_finish(&writer, file));
    size_t header = quell_npy_header(npy, 1, (const size_t[]){7});
    memcpy(npy + header, shifts, sizeof shifts);
    scratch_write(&command.work, "shifts.npy", npy, header + sizeof shifts);
    check_same(&command,
               "sample --quiet --model n.safetensors --steps 2 --condition "
               "shift=shifts.npy --schedule vp",
               3);
    check_same(&command,
               "sample --quiet --model n.safetensors --steps 2 --condition shift=2 "
               "--count 5 --latent --schedule vp",
               2);
    command_remove(&command);
}

/* More than a batch on some ranks, one more than on others. */
TEST(mpi, batches)
{
    check_alone("sample --quiet --model builtin:grid25 --steps 1 --count 4194305", 2);
}

/* Each rank reads its own part of the files with x_1 and the classes. */
TEST(mpi, files)
{
    struct command command = command_new();
    const int32_t classes[7] = {0, 3, 6, 9, 12, 15, 18};
    command_write_array(&command, "k.npy", "<i4", "(7,)", classes, sizeof classes);
    on_ranks(0, "QUELL_COMMAND");
    command_check(&command, 0,
                  "sample --model builtin:glyphs --steps 1 --seed 3 --count 7 --out x.npy");
    check_same(&command,
               "sample --quiet --model builtin:glyphs --steps 1 --from x.npy --classes k.npy", 3);
    command_remove(&command);
}

/* MPI-IO has a meaning of its own for what stands before a colon. */
TEST(mpi, colon)
{
    struct command command = command_new();
    on_ranks(2, "QUELL_MPI_COMMAND");
    command_check(&command, 0, "sample --quiet --model builtin:grid25 --steps 1 --out nfs:x.npy");
    CHECK(scratch_count(&command.work, ".") == 1, "files");
    free(scratch_read(&command.work, "nfs:x.npy", NULL));
    struct scratch_path folder = scratch_path(&command.work, "a:b");
    CHECK(!mkdir(folder.text, 0700), "mkdir");
    command_check(&command, 0, "sample --quiet --model builtin:grid25 --steps 1 --out a:b/x.npy");
    free(scratch_read(&command.work, "a:b/x.npy", NULL));
    command_remove(&command);
}

/* One line of rank 0's, and no file. */
static void check_refused(const struct command *command, int code, const char *arguments,
                          const char *reason)
{
    int before = scratch_count(&command->work, ".");
    command_check(command, code, arguments);
    char *complaint = only_complaint(command);
    CHECK(strstr(complaint, reason), "%s: not '%s': %s", arguments, reason, complaint);
    CHECK(scratch_count(&command->work, ".") == before, "%s: left a file", arguments);
    free(complaint);
}

/* mpirun takes seconds to end a job that failed: few cases, in tests that run side by side. */
TEST(mpi, options_refused)
{
    struct command command = command_new();
    on_ranks(2, "QUELL_MPI_COMMAND");
    check_refused(&command, 2, "sample --model builtin:grid25", "--out is needed");
    check_refused(&command, 2, "sample --model builtin:grid25 --out y.npy --resume",
                  "--resume: only `quell sample` can go on");
    check_refused(&command, 2, "sample --model builtin:grid25 --out y.npy --plot y.png",
                  "--plot: only `quell sample` draws pictures");
    command_remove(&command);
}

TEST(mpi, files_refused)
{
    struct command command = command_new();
    on_ranks(2, "QUELL_MPI_COMMAND");
    check_refused(&command, 3, "sample --model no.json --out y.npy", "quell-mpi: no.json");
    check_refused(&command, 4, "sample --model builtin:grid25 --out /dev/null", "is a pipe or");
    command_remove(&command);
}

/* A value that only the last rank reads. */
TEST(mpi, one_rank_fails)
{
    struct command command = command_new();
    size_t size;
    on_ranks(0, "QUELL_COMMAND");
    command_check(&command, 0, "sample --model builtin:grid25 --count 9 --out x.npy");
    char *file = scratch_read(&command.work, "x.npy", &size);
    memset(file + size - 4, 0xff, 4);
    scratch_write(&command.work, "x.npy", file, size);
    scratch_write(&command.work, "y.npy", "before", 0);
    free(file);
    on_ranks(3, "QUELL_MPI_COMMAND");
    check_refused(&command, 3, "sample --model builtin:grid25 --from x.npy --out y.npy",
                  "quell-mpi: rank 2: x.npy: element [8, 1] is nan");
    file = scratch_read(&command.work, "y.npy", NULL);
    CHECK(!strcmp(file, "before"), "the old file is gone");
    free(file);
    command_remove(&command);
}

TEST(mpi, said_once)
{
    struct command command = command_new();
    on_ranks(3, "QUELL_MPI_COMMAND");
    json_t *root = command_json(
        &command, "sample --model builtin:grid25 --count 7 --first 3 --json --out y.npy");
    CHECK(json_integer_value(json_field(root, "ranks")) == 3, "ranks");
    CHECK(json_integer_value(json_field(root, "count")) == 7, "count");
    CHECK(json_integer_value(json_field(root, "first")) == 3, "first");
    json_decref(root);
    char *report = command_output(&command);
    scratch_write(&command.work, "y.json", report, 0);
    on_ranks(0, "QUELL_COMMAND");
    command_check(&command, 0, "join --out z.npy --quiet y.json");
    on_ranks(3, "QUELL_MPI_COMMAND");
    free(report);
    command_check(&command, 0, "sample --help");
    char *output = command_output(&command), *usage = strstr(output, "Usage: quell-mpi sample");
    CHECK(usage && !strstr(usage + 1, "Usage:") && !strstr(output, "--plot"), "%s", output);
    free(output);
    command_remove(&command);
}

/* Starts what would take minutes and waits for its temporary file, whose name is FILE.PID.0.part,
 * PID that of rank 0. */
static int start_long(struct command *command)
{
    glob_t found = {0};
    struct scratch_path pattern = scratch_path(&command->work, "y.npy.*.part");
    on_ranks(2, "QUELL_MPI_COMMAND");
    command_start(command, "sample --model builtin:grid25 --steps 20000 --count 100000000 "
                           "--out y.npy");
    for (int wait = 0; glob(pattern.text, 0, NULL, &found) && wait < 6000; wait++) usleep(10000);
    CHECK(found.gl_pathc == 1, "no temporary file");
    int process = atoi(strstr(found.gl_pathv[0], "y.npy.") + 6);
    globfree(&found);
    usleep(200000);
    return process;
}

/* One rank has a signal, not by mpirun, which follows it with SIGKILL: the others stop long before
 * they are through. */
TEST(mpi, one_rank_terminated)
{
    struct command command = command_new();
    int rank = start_long(&command);
    CHECK(!kill(rank, SIGTERM), "kill");
    int code = command_wait(&command);
    char *complaint = only_complaint(&command);
    CHECK(code == 128 + SIGTERM, "exit code %d: %s", code, complaint);
    CHECK(!strcmp(complaint, "quell-mpi: stopped by a signal (Terminated): no file was written"),
          "%s", complaint);
    CHECK(scratch_count(&command.work, ".") == 0, "something is left");
    free(complaint);
    command_remove(&command);
}

/* mpirun gets the signal, hands it on to all ranks and ends them soon after. Whether or not they
 * have the time to print a message, no file is left. */
TEST(mpi, all_terminated)
{
    struct command command = command_new();
    start_long(&command);
    CHECK(!kill(command.process, SIGTERM), "kill"); /* timeout, which hands it on */
    CHECK(command_wait(&command), "its exit code is 0");
    CHECK(scratch_count(&command.work, ".") == 0, "something is left");
    command_remove(&command);
}

TEST(mpi, no_room)
{
    struct command command = command_new();
    on_ranks(2, "QUELL_MPI_COMMAND");
    command_check(&command, 4, "sample -m builtin:grid25 -n 99999999999999999 -o x.npy");
    char *complaint = only_complaint(&command);
    CHECK(strstr(complaint, "--out x.npy: would have 800 PB, but the disk has"), "%s", complaint);
    CHECK(scratch_count(&command.work, ".") == 0, "something is left");
    free(complaint);
    command_remove(&command);
}

/* One rank may write less than all have to. */
TEST(mpi, disk_full)
{
    struct command command = command_new();
    char text[1200], limited[1000];
    on_ranks(3, "QUELL_MPI_COMMAND");
    snprintf(limited, sizeof limited, "%s", getenv("QUELL_COMMAND"));
    char *program = strstr(limited, " -n 3 ");
    CHECK(program, "%s", limited);
    snprintf(text, sizeof text, "%.*s sh -c 'ulimit -f 40000; exec %s \"$@\"' sh",
             (int)(program + 5 - limited), limited, program + 6);
    setenv("QUELL_COMMAND", text, 1);
    command_check(&command, 4,
                  "sample --model builtin:grid25 --steps 1 --count 6000000 --out y.npy");
    char *errors = command_errors(&command);
    CHECK(strstr(errors, "y.npy: cannot be written"), "%s", errors);
    CHECK(scratch_count(&command.work, ".") == 0, "something is left");
    free(errors);
    command_remove(&command);
}
