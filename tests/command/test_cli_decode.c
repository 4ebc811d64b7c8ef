/* SPDX-License-Identifier: MIT */
/* A model with a decoder: what is written, --latent, pictures, --resume, and what is refused. */
#include "command.h"
#include "harness.h"
#include "tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE "sample --quiet --model n.safetensors --steps 4 --seed 5 "

/* E[X | x_t] = x / 2; a sample of 2 elements is decoded to an image of 2 x 3: rows of tanh(x). */
static const char description[] =
    "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', 'image': true, 'programs': {"
    "'denoise': {'inputs': {'x': [2]}, 'instructions': [{'map': ['x', [0.5]], 'function': 'mul'}], "
    "'output': 0}, 'decode': {'inputs': {'x': [2]}, 'instructions': [{'move': ['x'], 'form': "
    "'reshape', 'shape': [2, 1]}, {'map': [0], 'function': 'tanh'}, {'move': [1], 'form': "
    "'expand', "
    "'shape': [2, 3]}], 'output': 2}}}";

static struct command begin(void)
{
    static struct tensor_writer writer;
    static char file[1 << 13];
    struct command command = command_new();
    tensor_begin(&writer, description);
    scratch_write(&command.work, "n.safetensors", file, tensor_finish(&writer, file));
    return command;
}

static char *read_npy(const struct command *command, const char *name, const char *shape,
                      size_t floats)
{
    size_t size;
    char *bytes = scratch_read(&command->work, name, &size);
    CHECK(bytes && size == 128 + floats * sizeof(float), "%s: its size", name);
    CHECK(strstr(bytes + 10, shape), "%s: not %s", name, shape);
    return bytes;
}

TEST(cli_decode, samples_are_decoded)
{
    struct command command = begin();
    command_check(&command, 0, SAMPLE "--count 5 --out y.npy --plot y.png");
    command_check(&command, 0, SAMPLE "--count 5 --latent --out x.npy");
    char *decoded = read_npy(&command, "y.npy", "'shape': (5, 2, 3)", 30);
    char *latents = read_npy(&command, "x.npy", "'shape': (5, 2)", 10);
    const float *y = (const float *)(void *)(decoded + 128);
    const float *x = (const float *)(void *)(latents + 128);
    for (int i = 0; i < 30; i++) {
        double z = (double)x[i / 3], right = z - z * z * z / 3 + 2 * z * z * z * z * z / 15;
        CHECK(y[i] == y[i / 3 * 3], "element %d is not that of its row", i);
        if (z > -0.2 && z < 0.2)
            CHECK((double)y[i] - right < 1e-5 && right - (double)y[i] < 1e-5, "element %d", i);
    }
    free(decoded);
    free(latents);
    command_check(&command, 0, SAMPLE "--count 3 --out a.npy");
    command_check(&command, 0, SAMPLE "--count 2 --first 3 --out b.npy");
    command_check(&command, 0, "join a.npy b.npy --out ab.npy");
    command_same(&command, "ab.npy", "y.npy");
    command_check(&command, 0, SAMPLE "--count 5 --resume --out r.npy");
    command_same(&command, "r.npy", "y.npy");
    command_remove(&command);
}

TEST(cli_decode, is_told)
{
    struct command command = begin();
    command_check(&command, 0, "info n.safetensors");
    char *text = command_output(&command);
    CHECK(strstr(text, "shape        (2), 2 numbers\ndecoded      (2, 3), an image\n"), "%s", text);
    free(text);
    json_t *root = command_json(&command, "sample --json --model n.safetensors --steps 2 -n 3");
    CHECK(json_array_size(json_field(root, "shape")) == 3, "shape");
    CHECK(json_is_false(json_field(root, "latent")), "latent");
    json_decref(root);
    command_check(&command, 0, "sample --model n.safetensors --steps 2 -n 3 --latent --plot d.png");
    command_remove(&command);
}

TEST(cli_decode, refused)
{
    struct command command = begin();
    command_refused(&command, 2, "sample --quiet --model builtin:grid25 --latent --out f.npy",
                    "--latent: the model has no decoder");
    command_remove(&command);
}
