/* SPDX-License-Identifier: MIT */
/* quell info MODEL: what a model is and where it came from. */
#include "command.h"
#include "harness.h"
#include "scratch.h"
#include "small_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *info(const struct command *command, const char *model)
{
    char arguments[200];
    snprintf(arguments, sizeof arguments, "info %s --json", model);
    return command_json(command, arguments);
}

static const char *text_of(const json_t *root, const char *name)
{
    const char *text = json_string_value(json_field(root, name));
    return text ? text : "null";
}

TEST(info, builtin_models)
{
    static const struct {
        const char *name, *kind, *count_name, *schedule;
        long long dim, classes, count;
        bool law;
    } cases[] = {
        {"builtin:grid25", "mixture", "components", "null", 2, 0, 25, true},
        {"builtin:shapes", "empirical", "points", "null", 784, 0, 4096, true},
        {"builtin:clouds", "gaussian", "bytes", "null", 1024, 0, 0, true},
        /* 2 h + h + b (2 h^2 + 2 h + m h) + 2 h + 2, h = m = 64, b = 2, and of the conditioning
         * m / 2 + 2 m^2 + 2 m + 3 m */
        {"builtin:rings", "network", "parameters", "vp:alpha_min=0.001,sigma_min=0.001", 2, 2,
         192 + 2 * (2 * 4096 + 128 + 4096) + 130 + 32 + 2 * 4096 + 128 + 192, false},
    };
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = info(&command, cases[i].name);
        CHECK(!strcmp(text_of(root, "model"), cases[i].name), "model");
        CHECK(!strcmp(text_of(root, "kind"), cases[i].kind), "%s", text_of(root, "kind"));
        CHECK(!strcmp(text_of(root, "schedule"), cases[i].schedule), "schedule");
        CHECK(json_integer_value(json_field(root, "dim")) == cases[i].dim, "dim");
        CHECK(json_integer_value(json_field(root, "classes")) == cases[i].classes, "classes");
        long long count = json_integer_value(json_field(root, cases[i].count_name));
        CHECK(count == cases[i].count, "%s: %lld", cases[i].name, count);
        CHECK(json_is_true(json_field(root, "reproducible")), "reproducible");
        CHECK(json_is_true(json_field(root, "law")) == cases[i].law, "law");
        json_decref(root);
        command_check(&command, 0, "info --model builtin:rings");
    }
    char *output = command_output(&command);
    CHECK(strstr(output, "program      denoise: 24 instructions") &&
              strstr(output, "reproducible yes"),
          "%s", output);
    free(output);
    command_remove(&command);
}

TEST(info, files)
{
    struct command command = command_new();
    scratch_write(&command.work, "c.json",
                  "{\"kind\": \"gaussian\", \"covariance\": [[2, 1], [1, 2]], "
                  "\"comment\": \"a\\u001b[2Jb\"}",
                  0);
    json_t *root = info(&command, "c.json");
    CHECK(json_is_false(json_field(root, "reproducible")), "LAPACK's basis is reproducible");
    CHECK(strlen(text_of(root, "sha256")) == 64, "%s", text_of(root, "sha256"));
    CHECK(json_integer_value(json_field(root, "bytes")) ==
              (long long)strlen("{\"kind\": \"gaussian\", \"covariance\": [[2, 1], [1, 2]], "
                                "\"comment\": \"a\\u001b[2Jb\"}"),
          "bytes");
    json_decref(root);
    command_check(&command, 0, "info c.json");
    char *output = command_output(&command);
    CHECK(strstr(output, "comment          a?[2Jb") && strstr(output, "reproducible no"), "%s",
          output);
    free(output);
    command_check(&command, 0, "model --model c.json --out e.json");
    root = info(&command, "e.json");
    CHECK(json_is_true(json_field(root, "reproducible")), "the stored basis is not reproducible");
    json_decref(root);
    command_check(&command, 0, "sample --quiet --model builtin:grid25 --count 7 --out x.npy");
    root = info(&command, "x.npy");
    CHECK(json_integer_value(json_field(root, "points")) == 7, "points");
    json_decref(root);
    command_refused(&command, 3, "info no.json", "no.json");
    command_refused(&command, 3, "info no", "'no'");
    command_refused(&command, 2, "info x.npy --model x.npy", "only one of them");
    command_refused(&command, 2, "info x.npy x.npy", "one argument too many");
    command_remove(&command);
}

/* A digest has the name that it has in a report, and another one where it is of the file. */
TEST(info, digests)
{
    struct command command = command_new();
    command_check(&command, 0, "sample --quiet --model builtin:grid25 --count 7 --out x.npy");
    static const char *const models[] = {"builtin:rings", "x.npy"};
    for (int i = 0; i < 2; i++) {
        char arguments[100];
        snprintf(arguments, sizeof arguments, "sample --model %s --count 2 --json --out y.npy",
                 models[i]);
        json_t *report = command_json(&command, arguments), *root = info(&command, models[i]);
        CHECK(!strcmp(text_of(report, "model_digest"), text_of(root, "model_digest")), "%s: %s, %s",
              models[i], text_of(report, "model_digest"), text_of(root, "model_digest"));
        CHECK(strlen(text_of(root, "file_digest")) == (i ? 16 : 4), "%s",
              text_of(root, "file_digest"));
        CHECK(!json_object_get(root, "digest"), "a digest of what?");
        snprintf(arguments, sizeof arguments, "info %s", models[i]);
        command_check(&command, 0, arguments);
        char *output = command_output(&command);
        CHECK(strstr(output, text_of(root, "model_digest")), "%s", output);
        free(output);
        json_decref(report);
        json_decref(root);
    }
    command_remove(&command);
}

/* A network whose file has programs: what they take is known before anything runs. */
TEST(info, programs)
{
    static char file[SMALL_PROGRAM_MOST_FILE];
    struct command command = command_new();
    scratch_write(&command.work, "p.safetensors", file,
                  small_program_file(small_program_description, file));
    json_t *root = info(&command, "p.safetensors");
    const json_t *programs = json_field(root, "programs"), *denoise = json_array_get(programs, 0);
    CHECK(json_array_size(programs) == 2, "denoise and decode");
    CHECK(json_integer_value(json_field(denoise, "instructions")) == 29, "instructions");
    /* conv: 4 x 4 x 4 of 18 and 2 x 4 x 4 of 4; attention: 4 x 4 of 4 + 4; matmul: 4 x 4 of 4;
     * conv_transpose: 4 x 2 x 2 to 2 x 2 x 2 each; pool: 4 x 2 x 2 of 4 */
    const json_t *sample = json_field(json_field(denoise, "stages"), "sample");
    CHECK(json_integer_value(json_field(sample, "multiply_adds")) ==
              64 * 18 + 32 * 4 + 16 * 8 + 16 * 4 + 16 * 8 + 16 * 4,
          "multiply-adds: %lld",
          (long long)json_integer_value(json_field(sample, "multiply_adds")));
    json_decref(root);
    command_check(&command, 0, "plan --model p.safetensors");
    char *output = command_output(&command);
    CHECK(strstr(output, "program decode") && strstr(output, "(13, mix)"), "%s", output);
    free(output);
    root = command_json(&command, "plan --model p.safetensors --json");
    programs = json_field(root, "programs");
    CHECK(json_array_size(json_field(json_array_get(programs, 0), "list")) == 29, "list");
    json_decref(root);
    command_refused(&command, 2, "plan --model builtin:grid25", "has no program");
    command_refused(&command, 2, "plan --model p.safetensors --steps 3", "--steps");
    command_remove(&command);
}
