/* SPDX-License-Identifier: MIT */
/* Inputs of programs that cannot be supplied, or that would have no effect, are refused. */
#include "harness.h"
#include "models/model.h"
#include "tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_refused(const char *fields, const char *programs, const char *expected)
{
    static struct tensor_writer writer;
    static char file[1 << 14];
    char description[1024];
    quell_model *model = calloc(1, sizeof *model);
    snprintf(description, sizeof description,
             "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', %s'programs': {%s}}",
             fields, programs);
    tensor_begin(&writer, description);
    size_t size = tensor_finish(&writer, file);
    quell_status status = quell_model_read_memory(model, "n.safetensors", file, size);
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", programs, (int)status);
    CHECK(strstr(quell_error_message(), expected), "%s: '%s' has not '%s'", programs,
          quell_error_message(), expected);
    quell_model_free(model);
}

#define PROGRAM(name, inputs, operand)                                                     \
    "'" name "': {'inputs': {'x': [2]" inputs "}, 'instructions': [{'map': ['x', " operand \
    "], 'function': 'add'}], 'output': 0}"
#define DENOISE PROGRAM("denoise", "", "[1]")

TEST(program_inputs, without_effect)
{
    check_refused("'classes': 3, ", PROGRAM("denoise", ", 'class': []", "[1]"),
                  "'denoise': its input 'class' is read by no instruction: leave it out");
    check_refused("", PROGRAM("denoise", ", 'time': []", "[1]"),
                  "'denoise': its input 'time' is read by no instruction: leave it out");
    check_refused("'classes': 3, ",
                  PROGRAM("denoise", ", 'class': []",
                          "'class'") ", " PROGRAM("decode", ", 'class': []", "[1]"),
                  "'decode': its input 'class' is read by no instruction: leave it out");
}

/* The command gives conditions as NAME=VALUE. */
TEST(program_inputs, that_no_command_can_name)
{
    check_refused("", PROGRAM("denoise", ", '': [2]", "''"),
                  "'denoise': its input '': a condition must have a name, without '='");
    check_refused("", PROGRAM("denoise", ", 'a=b': [2]", "'a=b'"),
                  "'denoise': its input 'a=b': a condition must have a name, without '='");
}

TEST(program_inputs, of_decode)
{
    check_refused("", DENOISE ", " PROGRAM("decode", ", 'time': []", "'time'"),
                  "'decode': has an input 'time', which only 'denoise' is given");
    check_refused("", DENOISE ", " PROGRAM("decode", ", 'text': []", "'text'"),
                  "'decode': its input 'text' must be a condition of 'denoise'");
    check_refused("", DENOISE ", " PROGRAM("decode", ", 'class': []", "'class'"),
                  "'decode': has an input 'class': the description must say how many");
    check_refused("'classes': 3, ",
                  PROGRAM("denoise", ", 'class': []",
                          "'class'") ", " PROGRAM("decode", ", 'class': [2]", "'class'"),
                  "'decode': its input 'class' must be [] or [3]");
}

/* float32 has not all whole numbers from 2^24 on. */
TEST(program_inputs, classes_are_told_apart)
{
    check_refused("'classes': 16777216, ", PROGRAM("denoise", ", 'class': []", "'class'"),
                  "which tells at most 16777215 'classes' apart");
}
