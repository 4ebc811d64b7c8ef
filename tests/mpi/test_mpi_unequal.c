/* SPDX-License-Identifier: MIT */
/* The program quell-mpi, if its ranks are started with different options, commands or files: it
 * says what differs, and draws nothing. */
#include "command.h"
#include "harness.h"
#include "launch.h"
#include "small_networks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLYPHS "sample --quiet --model builtin:glyphs --steps 1 --count 6 "

TEST(mpi, other_options)
{
    static const struct {
        const char *options, *says;
    } cases[] = {
        {"--model builtin:clouds --steps 4 --count 20 --out m.npy", "model builtin:clouds"},
        {"--model builtin:grid25 --steps 5 --count 20 --out m.npy", "'steps 5', rank 0 'steps 4'"},
        {"--model builtin:grid25 --steps 4 --count 21 --out m.npy", "count"},
        {"--model builtin:grid25 --steps 4 --count 20 --out k.npy", "out k.npy"},
        {"--model builtin:grid25 --steps 4 --count 20 --out m.npy --seed 3", "seed 3"},
        {"--model builtin:grid25 --steps 4 --count 20 --out m.npy --threshold 0.9", "threshold"},
        {"--model builtin:grid25 --steps 4 --count 20 --out m.npy --sampler ddpm", "ddpm"},
    };
    struct command command = command_new();
    on_each_rank("QUELL_MPI_COMMAND");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "sample --model builtin:grid25 --steps 4 --count 20 --out m.npy + sample %s",
                 cases[i].options);
        CHECK(command_run(&command, text) != 0, "%s: done", cases[i].options);
        char *complaint = only_complaint(&command);
        CHECK(strstr(complaint, cases[i].says), "%s: %s", cases[i].options, complaint);
        free(complaint);
        CHECK(scratch_count(&command.work, ".") == 0, "left a file");
    }
    command_remove(&command);
}

TEST(mpi, other_precision)
{
    struct command command = command_new();
    on_each_rank("QUELL_MPI_COMMAND");
    CHECK(command_run(&command,
                      GLYPHS "--out m.npy + " GLYPHS "--out m.npy --precision bf16_products") != 0,
          "done");
    char *complaint = only_complaint(&command);
    CHECK(strstr(complaint, "precision"), "%s", complaint);
    CHECK(scratch_count(&command.work, ".") == 0, "left a file");
    free(complaint);
    command_remove(&command);
}

/* If one rank ends early, the others must not wait for it. */
TEST(mpi, other_commands)
{
    const char *const others[] = {"", "--help", "--version", "sample --help", "list samplers"};
    struct command command = command_new();
    on_each_rank("QUELL_MPI_COMMAND");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "sample --model builtin:grid25 --steps 4 --count 20 --out m.npy + %s", others[i]);
        CHECK(command_run(&command, text) == 2, "'%s': not 2", others[i]);
        char *complaint = only_complaint(&command);
        CHECK(strstr(complaint, "different commands or options"), "%s", complaint);
        free(complaint);
        CHECK(scratch_count(&command.work, ".") == 0, "left a file");
    }
    command_remove(&command);
}

/* The rows of a class that hardly any sample has, by one last bit. */
static void change_label(char *file)
{
    size_t length, begin;
    float weight;
    const char *at = strstr(file + 8, "\"label.weight\"");
    memcpy(&length, file, sizeof length);
    CHECK(at && sscanf(strstr(at, "data_offsets") + 15, "%zu", &begin) == 1, "its header");
    char *row = file + 8 + length + begin + 3 * 16 * sizeof weight;
    memcpy(&weight, row, sizeof weight);
    weight = nextafterf(weight, 9);
    memcpy(row, &weight, sizeof weight);
}

TEST(mpi, other_weights)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    static const char *const names[] = {"a", "b", "c"};
    struct command command = command_new();
    size_t size = small_network_file("mlp", file);
    on_each_rank("QUELL_MPI_COMMAND");
    for (int i = 0; i < 3; i++) {
        char name[20], text[1000];
        snprintf(name, sizeof name, "%s.safetensors", names[i]);
        if (i == 2) change_label(file);
        scratch_write(&command.work, name, file, size);
        snprintf(text, sizeof text,
                 "sample --model a.safetensors --class 0 --steps 4 --count 20 --out m.npy + "
                 "sample --model %s --class 0 --steps 4 --count 20 --out m.npy",
                 name);
        int code = command_run(&command, text);
        CHECK((code == 0) == (i < 2), "%s: exit code %d", name, code);
        char *complaint = i < 2 ? NULL : only_complaint(&command);
        CHECK(!complaint || strstr(complaint, "'model of digest "), "%s", complaint);
        free(complaint);
    }
    command_remove(&command);
}
