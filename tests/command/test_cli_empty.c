/* SPDX-License-Identifier: MIT */
/* With --count 0 the command writes files without samples, which it can read again: the last task
 * of a job array may have nothing to do. */
#include "command.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks that the file NAME is a header for this shape and nothing else. */
static void check_empty(const struct command *command, const char *name, const char *shape)
{
    char text[200];
    size_t size;
    char *file = scratch_read(&command->work, name, &size);
    snprintf(text, sizeof text, "'<f4', 'fortran_order': False, 'shape': %s, }", shape);
    CHECK(file && size == 128 && strstr(file + 10, text), "%s: %zu bytes: %s", name, size,
          file + 10);
    free(file);
}

#define GRID "--quiet --model builtin:grid25 "

TEST(empty, sample)
{
    struct command command = command_new();
    command_check(&command, 0, "sample --model builtin:clouds --count 0 --out images.npy");
    check_empty(&command, "images.npy", "(0, 32, 32)");
    json_t *root = command_json(&command, "sample --model builtin:grid25 --count 0 --sampler ddpm "
                                          "--first 18446744073709551615 --out x.npy --json");
    CHECK(json_integer_value(json_field(root, "count")) == 0, "count");
    json_decref(root);
    check_empty(&command, "x.npy", "(0, 2)");
    command_check(&command, 0, "sample " GRID "--from x.npy --out y.npy");
    command_same(&command, "x.npy", "y.npy");
    command_check(&command, 0, "sample " GRID "--from x.npy --count 0 --resume --out z.npy");
    command_same(&command, "x.npy", "z.npy");
    command_check(&command, 0, "sample " GRID "--count 0 --out - > w.npy");
    command_same(&command, "x.npy", "w.npy");
    command_check(&command, 2, "sample " GRID "--from x.npy --count 1 --out v.npy");
    command_check(&command, 0, "denoise --t 0.5 --model builtin:grid25 --from x.npy --out v.npy");
    command_same(&command, "x.npy", "v.npy");
    command_remove(&command);
}

TEST(empty, classes)
{
    struct command command = command_new();
    command_write_array(&command, "k.npy", "<i4", "(0,)", NULL, 0);
    command_check(&command, 0, "sample --model builtin:rings --classes k.npy --out x.npy");
    check_empty(&command, "x.npy", "(0, 2)");
    command_check(&command, 0,
                  "denoise --t 0.5 --model builtin:rings --from x.npy --classes k.npy --out y.npy");
    command_same(&command, "x.npy", "y.npy");
    command_remove(&command);
}

/* A plot of no samples is still a picture. */
TEST(empty, plots)
{
    struct command command = command_new();
    command_check(&command, 0, "sample " GRID "--count 0 --plot a.png");
    command_check(&command, 0, "sample --model builtin:shapes --count 0 --plot b.png");
    for (int i = 0; i < 2; i++) {
        char *file = scratch_read(&command.work, i ? "b.png" : "a.png", NULL);
        CHECK(file && !memcmp(file + 1, "PNG", 3), "picture %d", i);
        free(file);
    }
    command_remove(&command);
}

#define PART "sample --model builtin:grid25 --sampler ddpm --steps 2 --json "

/* An empty part takes no place in the stream, and so leaves no hole where it is missing. */
TEST(empty, join)
{
    struct command command = command_new();
    command_check(&command, 0, PART "--first 4 --count 3 --out a.npy > a.json");
    command_check(&command, 0, PART "--first 7 --count 2 --out b.npy > b.json");
    command_check(&command, 0, PART "--first 4 --count 5 --out whole.npy > whole.json");
    command_check(&command, 0, PART "--first 12 --count 0 --out n.npy > n.json");
    command_check(&command, 0, PART "--first 2 --count 0 --out m.npy > m.json");
    json_t *root = command_json(&command, "join --json --out c.npy n.json b.json m.json a.json");
    CHECK(json_integer_value(json_field(root, "first")) == 4, "first");
    json_decref(root);
    command_same(&command, "whole.npy", "c.npy");
    command_check(&command, 0, "join --out d.npy m.npy a.npy n.npy b.npy");
    command_same(&command, "whole.npy", "d.npy");
    command_check(&command, 0, "join --out e.npy --count 0 m.npy n.npy");
    check_empty(&command, "e.npy", "(0, 2)");
    command_check(&command, 4, "join --out f.npy --count 0 a.npy");
    command_remove(&command);
}
