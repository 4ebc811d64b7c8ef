/* SPDX-License-Identifier: MIT */
/* The points of a grid, given as such: --times as a list, and in files of both kinds. */
#include "command.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#define GRID "sample --model builtin:grid25 --count 10 "

/* By a list, by both kinds of files, and by the grid that has the same points. */
TEST(options, times)
{
    struct command command = command_new();
    command_check(&command, 0, GRID "--sampler ddpm --steps 4 --out grid.npy");
    command_check(&command, 0, GRID "--sampler ddpm --times 1,.75,0.5,0.25,0 --out list.npy");
    command_same(&command, "grid.npy", "list.npy");
    scratch_write(&command.work, "times.txt", "# falling\n1 0.75,\n 5e-1\t.25 # last but one\n0\n",
                  0);
    command_check(&command, 0, GRID "--sampler ddpm --times times.txt --out text.npy");
    scratch_write(&command.work, "gap.txt", "1,\n 0.5,,0\n", 0);
    command_refused(&command, 2, GRID "--times gap.txt", "--times: '' is not a number");
    scratch_write(&command.work, "gap.txt", ", 1 0.5 0\n", 0);
    command_refused(&command, 2, GRID "--times gap.txt", "--times: '' is not a number");
    command_same(&command, "grid.npy", "text.npy");
    scratch_write(&command.work, "marked.txt",
                  "\xef\xbb\xbf"
                  "1 0.75 0.5 0.25 0\r\n",
                  0);
    command_check(&command, 0, GRID "--sampler ddpm --times marked.txt --out marked.npy");
    command_same(&command, "grid.npy", "marked.npy");
    const char header[] =
        "\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }";
    char file[128 + 40];
    memset(file, ' ', 128);
    memcpy(file, header, sizeof header - 1);
    file[127] = '\n';
    memcpy(file + 128, (const double[]){1, 0.75, 0.5, 0.25, 0}, 40);
    scratch_write(&command.work, "times.npy", file, sizeof file);
    command_check(&command, 0, GRID "--sampler ddpm --times times.npy --out npy.npy");
    command_same(&command, "grid.npy", "npy.npy");
    command_check(&command, 0,
                  GRID "--schedule beta_scaled_linear --out ays.npy --sigmas "
                       "14.615,6.475,3.861,2.697,1.886,1.396,0.963,0.652,0.399,0.152,0.029,0");
    json_t *root = command_json(&command, "compare --quiet --json --count 100 --times 1,.7,.4,.1,0 "
                                          "--samplers ddim,heun:steady=no");
    const json_t *samplers = json_field(root, "samplers");
    const long long evaluations[] = {4, 8};
    for (size_t i = 0; i < 2; i++) {
        const json_t *trials = json_field(json_array_get(samplers, i), "trials");
        const json_t *trial = json_array_get(trials, 0);
        CHECK(json_array_size(trials) == 1, "%zu trials", json_array_size(trials));
        CHECK(json_integer_value(json_field(trial, "evaluations")) == evaluations[i],
              "evaluations");
        CHECK(json_integer_value(json_field(trial, "steps")) == 4, "steps");
    }
    json_decref(root);
    command_remove(&command);
}

/* A zero byte would end the text that C sees. */
TEST(options, times_are_read_to_the_end)
{
    struct command command = command_new();
    scratch_write(&command.work, "zero.txt", "1\n0.5\n\0 0.2\n0\n", 14);
    command_check(&command, 4, "plan --times zero.txt");
    char *errors = command_errors(&command);
    CHECK(strstr(errors, "--times zero.txt: byte 6 is zero: not a text of numbers"), "%s", errors);
    free(errors);
    command_remove(&command);
}
