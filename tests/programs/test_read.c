/* SPDX-License-Identifier: MIT */
/* Descriptions of programs that are refused, each in one line that names program, instruction,
 * operand and remedy; and what is derived from a valid one. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/kind.h"

/* The tensors of every program here, of ones but for two; zero has no elements. */
static const struct tensor {
    const char *name;
    struct quell_shape shape;
} tensors[] = {{"w", {2, {4, 3}}},     {"b", {1, {4}}},   {"k", {3, {2, 3, 3}}},
               {"zero", {1, {0}}},     {"two", {1, {2}}}, {"half", {2, {4, 3}}},
               {"large", {2, {4, 3}}}, {"one", {1, {1}}}, {"longer", {2, {1, 131073}}},
               {"three", {1, {3}}}};
#define TENSORS (sizeof tensors / sizeof *tensors)

static bool find(void *user, const char *name, size_t *index)
{
    (void)user;
    for (*index = 0; *index < TENSORS; ++*index)
        if (!strcmp(tensors[*index].name, name)) return true;
    return false;
}

static bool shape_of(void *user, size_t index, struct quell_shape *shape)
{
    (void)user;
    *shape = tensors[index].shape;
    return true;
}

static quell_status read_at(void *user, size_t index, const struct quell_shape *shape, float *out)
{
    (void)user;
    const char *name = tensors[index].name;
    float value = !strcmp(name, "half") ? 0.5f : !strcmp(name, "large") ? -128 : 1;
    for (size_t i = 0; i < quell_elements(shape); i++) out[i] = value;
    return QUELL_OK;
}

static quell_status load(struct quell_program *program, const char *text)
{
    static const struct quell_constants from = {NULL,     TENSORS, 0,     find,
                                                shape_of, read_at, false, false};
    char *json = strdup(text), *end;
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    size_t where;
    const char *problem = quell_json_check(json, strlen(json), &where);
    CHECK(!problem, "%s: not JSON at %zu: %s", text, where, problem);
    quell_status status = quell_program_load(program, "n.safetensors", "denoise", json, &from);
    for (end = json; *end; end++) *end = 'Z'; /* the program has its own copy */
    free(json);
    return status;
}

/* x [3, 5], time [], y [2, 3, 5], z [2, 3], long [131073]; the instructions, of which the last one
 * is the output. */
static quell_status load_instructions(struct quell_program *program, const char *instructions)
{
    static char text[1 << 16];
    size_t count = 0;
    for (const char *at = instructions; (at = strstr(at, "{'")); at++) count++;
    snprintf(text, sizeof text,
             "{'inputs': {'x': [3, 5], 'time': [], 'y': [2, 3, 5], 'z': [2, 3], 'long': [131073]}, "
             "'instructions': [%s], "
             "'output': %zu}",
             instructions, count - 1);
    return load(program, text);
}

static void check_message(quell_status status, const char *what, const char *expected)
{
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d", what, (int)status);
    CHECK(strstr(quell_error_message(), expected), "%s: '%s' has not '%s'", what,
          quell_error_message(), expected);
    CHECK(strstr(quell_error_message(), "n.safetensors: program 'denoise': "), "%s: '%s'", what,
          quell_error_message());
}

TEST(program_read, instructions_refused)
{
    static const struct {
        const char *instructions, *message;
    } refused[] = {
        {"{'fft': ['x']}", "instruction 0 (fft): its first member must be its kind"},
        {"{'map': ['x']}", "instruction 0 (map): 'function' is not there"},
        {"{'map': 'x', 'function': 'silu'}", "must have a list of its operands"},
        {"{'map': [], 'function': 'silu'}", "has 0 operands, must have 1 to 3"},
        {"{'map': ['x'], 'function': 'erfc'}", "'function' is none that is known"},
        {"{'map': ['x'], 'function': 'add'}", "has 1 operands, must have 2 for 'add'"},
        {"{'map': ['x', 'w'], 'function': 'add'}", "operand 1, 'w' [4, 3], must broadcast"},
        {"{'map': ['q'], 'function': 'silu'}", "operand 0, 'q', is neither an input nor a tensor"},
        {"{'map': ['zero'], 'function': 'silu'}", "'zero', must have sizes from 1 on"},
        {"{'map': [0], 'function': 'silu'}", "operand 0 is the result of instruction 0"},
        {"{'map': [-1], 'function': 'silu'}", "operand 0 must be the number of an instruction"},
        {"{'map': [true], 'function': 'silu'}", "operand 0 must be the number of an instruction"},
        {"{'map': [[1, 2]], 'function': 'silu'}", "which must have one number"},
        {"{'map': [[1e60]], 'function': 'silu'}", "beyond the largest float32"},
        {"{'map': ['x'], 'function': 'silu', 'slope': 1}", "'slope' is no attribute"},
        {"{'map': ['x'], 'function': 'silu', 'function': 'silu'}", "has 'function' twice"},
        {"{'concat': ['x', 'y'], 'dim': 0}", "operand 1, 'y' [2, 3, 5], must have the sizes"},
        {"{'concat': ['x', 'x'], 'dim': 2}", "'dim' is 2, must be from 0 to 1"},
        {"{'concat': ['x', 'x'], 'dim': 0.5}", "'dim' must be a whole number"},
        {"{'move': ['x'], 'form': 'reshape', 'shape': [4, 4]}", "has not as many elements"},
        {"{'move': ['x'], 'form': 'reshape'}", "'shape' is not there, which 'reshape' needs"},
        {"{'move': ['x'], 'form': 'flip', 'dims': [0], 'dim': 1}", "'dim' has nothing to say"},
        {"{'move': ['x'], 'form': 'flip', 'dims': [1, 0]}", "ascending"},
        {"{'move': ['x'], 'form': 'permute', 'order': [0, 0]}", "each dimension once"},
        {"{'move': ['x'], 'form': 'slice', 'dim': 1, 'start': 2, 'stop': 6}", "stop <= 5"},
        {"{'move': ['x'], 'form': 'expand', 'shape': [3, 6]}", "must broadcast to 'shape'"},
        {"{'move': ['x'], 'form': 'expand', 'shape': [65536, 65536, 3, 5]}", "2^31 elements"},
        {"{'move': ['x', 'x'], 'form': 'put', 'dim': 0, 'start': 0, 'stop': 1}",
         "operand 1, 'x' [3, 5], must be [1, 5]"},
        {"{'pad': ['x'], 'before': [0, 9], 'mode': 'circular'}", "at most 5 along dimension 1"},
        {"{'pad': ['x'], 'before': [0, 5], 'mode': 'reflect'}", "at most 4 along dimension 1"},
        {"{'pad': ['x'], 'before': [0, -3], 'after': [0, -2]}", "nothing is left"},
        {"{'pad': ['x'], 'mode': 'circular', 'value': 1}", "'value' has nothing to say"},
        {"{'pad': ['x'], 'before': [1]}", "'before' has 1 numbers, must have 2"},
        {"{'linear': ['x', 'w']}", "operand 1, 'w' [4, 3], must be [out, 5]"},
        {"{'linear': ['time', 'w']}", "operand 0, 'time' [], must have a dimension"},
        {"{'linear': ['x', 'x']}", "operand 1, 'x' [3, 5], depends on an input: use matmul"},
        {"{'linear_int8': ['x', 'w']}", "has 2 operands, must have 3 to 4"},
        {"{'linear_int8': ['x', 'w', 'b']}", "operand 1, 'w' [4, 3], must be [out, 5]"},
        {"{'linear_int8': ['three', 'w', 'b']}", "operand 0, 'three' [3], depends on no input"},
        {"{'linear_int8': ['z', 'y', 'b']}", "operand 1, 'y' [2, 3, 5], must be [out, 3]"},
        {"{'linear_int8': ['z', 'w', 'k']}", "operand 2, 'k' [2, 3, 3], must be [4]"},
        {"{'linear_int8': ['z', 'z', 'two']}", "operand 1, 'z' [2, 3], depends on an input"},
        {"{'linear_int8': ['z', 'w', 'b', 'w']}", "operand 3, 'w' [4, 3], must be [4]"},
        {"{'conv_int8': ['x', 'w', 'b']}", "operand 1, 'w' [4, 3], must be [out, 3, k...]"},
        {"{'conv_int8': ['x', 'k', 'b']}", "operand 2, 'b' [4], must be [2]"},
        {"{'conv_int8': ['x', 'k', 'b'], 'groups': 1}", "'groups' is no attribute"},
        {"{'conv_int8': ['x', 'k', 'two'], 'dilation': [3]}", "smaller than the window along"},
        {"{'conv_int8': ['x', 'k', 'two'], 'dilation': [50000000], 'before': [100000000]}",
         "reach too far"},
        {"{'linear_int8': ['z', 'half', 'b']}", "element 0 of its weights is 0.5, must be a whole"},
        {"{'linear_int8': ['z', 'large', 'b']}", "element 0 of its weights is -128, must be"},
        {"{'linear_int8': ['long', 'longer', 'one']}", "a sum has 131073 products, 131072 at most"},
        {"{'conv': ['x', 'w']}", "operand 1, 'w' [4, 3], must be [out, in, k...]"},
        {"{'conv': ['x', 'k'], 'groups': 2}", "'groups' must divide the 3 channels"},
        {"{'conv': ['x', 'k'], 'winograd': 3}", "'winograd' must be 2, 4 or 6, or be left out"},
        {"{'conv': ['x', 'k'], 'winograd': 4}",
         "operand 1, 'k' [2, 3, 3], must be [out, in, 3, 3] for 'winograd'"},
        {"{'move': [[1]], 'form': 'expand', 'shape': [2, 2, 3, 3]}, "
         "{'conv': ['y', 0], 'stride': [1, 2], 'winograd': 2}",
         "instruction 1 (conv): 'winograd' needs strides and dilations of 1"},
        {"{'move': [[1]], 'form': 'expand', 'shape': [2, 1, 3, 3]}, "
         "{'conv': ['y', 0], 'groups': 2, 'winograd': 2}",
         "instruction 1 (conv): 'winograd' needs one group"},
        {"{'conv': ['x', 'k', 'b']}", "operand 2, 'b' [4], must be [2]"},
        {"{'conv': ['x', 'k'], 'dilation': [3]}", "smaller than the window along dimension 1"},
        {"{'conv': ['x', 'k'], 'stride': [0]}", "'stride' has 0, must be from 1"},
        {"{'conv': ['x', 'k'], 'stride': 1}", "'stride' must be a list"},
        {"{'conv': ['time', 'k']}", "operand 0, 'time' [], must be [channels, s...]"},
        {"{'conv_transpose': ['x', 'k']}", "operand 1, 'k' [2, 3, 3], must be [3, out"},
        {"{'conv_transpose': ['y', 'k']}", "operand 1, 'k' [2, 3, 3], must be [2, out"},
        {"{'matmul': ['x', 'x']}", "operand 1, 'x' [3, 5], must be [..., 5, n]"},
        {"{'attention': ['x', 'x', 'w']}", "operand 2, 'w' [4, 3], must have operand 1's sizes"},
        {"{'attention': ['x', 'x', 'x'], 'mask': 'keep'}", "no mask among the operands"},
        {"{'softmax': ['x'], 'dim': -1}", "'dim' is -1, must be from 0 to 1"},
        {"{'norm': ['x']}", "must have either 'dims' or 'groups'"},
        {"{'norm': ['x'], 'dims': [0], 'groups': 1}", "must have either 'dims' or 'groups'"},
        {"{'norm': ['x'], 'groups': 2}", "which 'groups' divides"},
        {"{'norm': ['x', 'w'], 'dims': [1]}", "operand 1, 'w' [4, 3], must broadcast"},
        {"{'norm': ['x'], 'dims': [1], 'correction': 5}", "'correction' must be from 0 to less"},
        {"{'norm': ['x'], 'dims': [1], 'epsilon': -1}", "'epsilon' must be 0 or more"},
        {"{'reduce': ['x'], 'function': 'median', 'dims': [0]}", "'function' is none"},
        {"{'reduce': ['x'], 'function': 'sum', 'dims': [0], 'correction': 1}", "nothing to say"},
        {"{'nearest': ['x'], 'factors': [2]}", "'factors' has 1 numbers, must have 2"},
        {"{'nearest': ['x'], 'factors': [1, 4294967296]}", "must be from 1 to"},
        {"{'interpolate': ['x'], 'sizes': [2, 2, 2]}", "'sizes' must have one to three"},
        {"{'pool': ['x'], 'function': 'mean', 'window': [6]}", "smaller than 'window'"},
        {"{'pool': ['x'], 'function': 'mean', 'window': [2], 'before': [2]}", "less than 'window'"},
        {"{'gather': ['x', 'time'], 'dim': 2}", "'dim' is 2"},
        {"{'gather': ['b', [4]], 'dim': 0}, {'map': ['x', 0], 'function': 'add'}",
         "instruction 0 (gather): element 0 of its index is 4, must be a whole number from 0 to 3"},
        {"{'gather': ['x', [3]], 'dim': 0}",
         "element 0 of its index is 3, must be a whole number from 0 to 2"},
        {"{'map': [[0], [0]], 'function': 'div'}, {'map': ['x', 0], 'function': 'add'}",
         "element 0 of its result, which comes from constants, is not a number"},
        {"{'map': [[1], [0]], 'function': 'div'}, {'map': ['x', 0], 'function': 'add'}",
         "element 0 of its result, which comes from constants, is infinity"},
        {"{'concat': ['time', [2]], 'dim': 0}",
         "operand 0, 'time' [], is one number, without a dimension that 'dim' could name"},
        {"{'reduce': ['time'], 'function': 'sum', 'dims': [0]}",
         "operand 0, 'time' [], is one number, without a dimension that 'dims' could name"},
        {"{'map': ['x'], 'function': 'silu'}, {'map': ['x'], 'function': 'relu'}",
         "instruction 0 (map): its result is not used: leave it out"},
        {"{'move': ['b'], 'form': 'expand', 'shape': [32768, 16384, 4]}, "
         "{'reduce': [0], 'function': 'sum', 'dims': [0, 1, 2]}, {'map': ['x', 1], 'function': "
         "'add'}",
         "instruction 0 (move): constants alone take more than 2^27 numbers at a time"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct quell_program program;
        check_message(load_instructions(&program, refused[i].instructions), refused[i].instructions,
                      refused[i].message);
        quell_program_free(&program);
    }
}

#define EXPAND(operand, shape) "{'move': [" operand "], 'form': 'expand', 'shape': [" shape "]}, "
#define NEG(operand) "{'map': [" operand "], 'function': 'neg'}, "
#define MEAN(operand) "{'reduce': [" operand "], 'function': 'mean', 'dims': [0]}, "
#define LINEAR "{'linear': [1, 2]}, "
#define ADD(operand) "{'map': ['x', " operand "], 'function': 'add'}"

/* Small files that would keep a processor busy for hours or fill a machine's memory. */
TEST(program_read, bombs_refused)
{
    static const char *const refused[][2] = {
        {EXPAND("[1]", "1, 1") EXPAND(
             "[1]", "1, 1, 131072") "{'conv_transpose': [0, 1]}, "
                                    "{'reduce': [2], 'function': 'sum', 'dims': [0, 1]}, " ADD("3"),
         "instruction 2 (conv_transpose): constants alone take more than 2^32 operations"},
        {EXPAND("[1]", "1, 1") EXPAND(
             "[1]", "1, 1, 131072") "{'conv_transpose': [0, 1], 'stride': [2147483647]}, "
                                    "{'reduce': [2], 'function': 'sum', 'dims': [0, 1]}, " ADD("3"),
         "instruction 2 (conv_transpose): constants alone take more than 2^32 operations"},
        {EXPAND("[0.5]", "16777217") "{'map': [0, 0], 'function': 'pow'}, " MEAN("1") ADD("2"),
         "instruction 1 (map): constants alone take more than 2^32 operations"},
        {EXPAND("[1]", "67108864") NEG("0") NEG("0") "{'concat': [1, 2], 'dim': 0}, " MEAN("3")
             ADD("4"),
         "instruction 2 (map): constants alone take more than 2^27 numbers at a time"},
        {EXPAND("[1]", "67108864") "{'concat': [0, 0], 'dim': 0}, " MEAN("1") ADD("2"),
         "instruction 1 (concat): constants alone take more than 2^27 numbers at a time"},
        {"{'reduce': ['x'], 'function': 'sum', 'dims': [0, 1]}, " EXPAND("0", "536870912") MEAN("1")
             ADD("2"),
         "instruction 1 (move): more than 2^29 numbers (2 GiB) are needed at the same"},
        {"{'reduce': ['time'], 'function': 'sum', 'dims': []}, " EXPAND("0", "536870912") MEAN("1")
             ADD("2"),
         "instruction 1 (move): more than 2^29 numbers (2 GiB) are needed at the same"},
        {"{'reduce': ['x'], 'function': 'sum', 'dims': [0, 1]}, " EXPAND(
             "0", "16777217") "{'reduce': [1], 'function': 'argmax', 'dims': [0]}, " ADD("2"),
         "'argmax' must be over at most 2^24 elements, not 16777217"},
        {"{'reduce': ['x'], 'function': 'sum', 'dims': [0, 1]}, " EXPAND("0", "1048576")
             EXPAND("[1]", "1, 1048576") LINEAR LINEAR LINEAR LINEAR LINEAR
         "{'concat': [3, 4, 5, 6, 7], 'dim': 0}, " MEAN("8") ADD("9"),
         "instruction 6 (linear): its weights and those before it take more than 2^27 numbers"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct quell_program program;
        check_message(load_instructions(&program, refused[i][0]), refused[i][0], refused[i][1]);
        quell_program_free(&program);
    }
}

/* The place of a value is looked for among those that are alive, so that there is a bound. */
TEST(program_read, living_values_are_bounded)
{
    static char text[1 << 18];
    struct quell_program program;
    size_t used = (size_t)snprintf(text, sizeof text, "{'inputs': {'x': [1]}, 'instructions': [");
    for (int i = 0; i < 5000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, NEG("'x'"));
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 1000; k++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d%s",
                                     k ? ", " : "{'concat': [", i * 1000 + k,
                                     k < 999 ? "" : "], 'dim': 0}, ");
    snprintf(text + used, sizeof text - used,
             "{'concat': [5000, 5001, 5002, 5003, 5004], 'dim': 0}], 'output': 5005}");
    check_message(load(&program, text), "5000 living values",
                  "instruction 4096 (map): more than 4096 results are still to be read");
    quell_program_free(&program);
}

/* -infinity is what masks have. */
TEST(program_read, masks_may_be_constants)
{
    struct quell_program program;
    quell_status status = load_instructions(
        &program, "{'map': [[-1], [0]], 'function': 'div'}, {'map': ['x', 0], 'function': 'max'}");
    CHECK(!status, "%s", quell_error_message());
    quell_program_free(&program);
}

TEST(program_read, descriptions_refused)
{
    static const char *const refused[][2] = {
        {"[]", "must be an object"},
        {"{}", "'inputs' must be an object of shapes by name"},
        {"{'inputs': {'x': 3}, 'instructions': [{}], 'output': 0}", "'x' must have a shape"},
        {"{'inputs': {'x': [0]}, 'instructions': [{}], 'output': 0}", "'x' must have a shape"},
        {"{'inputs': {'x': [65536, 65536]}, 'instructions': [{}]}", "'x' must have a shape"},
        {"{'inputs': {'x': [2,2,2,2,2,2,2,2,2]}, 'instructions': [{}]}", "'x' must have a shape"},
        {"{'inputs': {'x': [2], 'x': [2]}}", "has the input 'x' twice"},
        {"{'inputs': {'x': [2]}}", "'instructions' must be a list of 1 to 65536"},
        {"{'inputs': {'x': [2]}, 'instructions': []}", "'instructions' must be a list of 1"},
        {"{'inputs': {'x': [2]}, 'instructions': [3]}", "instruction 0 must be an object"},
        {"{'inputs': {'x': [2]}, 'instructions': [{}]}", "its first member must be its kind"},
        {"{'inputs': {'x': [2]}, 'instructions': [{}], 'loop': 1}", "field 'loop' is not known"},
        {"{'inputs': {'x': [2]}, 'instructions': [{'map': ['x'], 'function': 'relu'}]}",
         "'output' must be the number of an instruction, from 0 to 0"},
        {"{'inputs': {'x': [2]}, 'instructions': [{'map': ['x'], 'function': 'relu'}], "
         "'output': 1}",
         "'output' must be the number of an instruction, from 0 to 0"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct quell_program program;
        check_message(load(&program, refused[i][0]), refused[i][0], refused[i][1]);
        quell_program_free(&program);
    }
}

/* What each value depends on, and what is computed when the file is read. */
TEST(program_read, stages)
{
    struct quell_program program;
    quell_status status = load_instructions(
        &program, "{'map': ['b', [2]], 'function': 'mul'}, "                   /* 0: constants */
                  "{'map': ['time', 0], 'function': 'add'}, "                  /* 1: time */
                  "{'reduce': ['y'], 'function': 'mean', 'dims': [0, 1, 2]}, " /* 2: condition */
                  "{'map': [1, 2], 'function': 'add'}, "                       /* 3: both */
                  "{'reduce': [3], 'function': 'sum', 'dims': [0]}, "          /* 4: both */
                  "{'map': ['x', 4], 'function': 'add'}");                     /* 5: sample */
    CHECK(!status, "%s", quell_error_message());
    static const enum quell_stage right[] = {
        QUELL_FROM_CONSTANTS,           QUELL_FROM_TIME,
        QUELL_FROM_CONDITIONS,          QUELL_FROM_TIME_AND_CONDITIONS,
        QUELL_FROM_TIME_AND_CONDITIONS, QUELL_FROM_SAMPLE};
    for (size_t i = 0; i < 6; i++) {
        const struct quell_value *value = &program.value[program.instruction[i].result];
        CHECK(value->stage == right[i], "instruction %zu: stage %d", i, (int)value->stage);
        CHECK(!value->data == (i > 0), "instruction %zu: wrongly folded", i);
    }
    CHECK(program.weights == 4, "%llu floats stay, not 4", (unsigned long long)program.weights);
    quell_program_free(&program);
}

/* A chain of any length takes two places, and a value that is read late keeps its own. */
TEST(program_read, places)
{
    static char text[1 << 15];
    struct quell_program program;
    size_t used = (size_t)snprintf(text, sizeof text, "{'map': ['x'], 'function': 'relu'}");
    for (int i = 1; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 ", {'map': [%d], 'function': 'silu'}", i - 1);
    quell_status status = load_instructions(&program, text);
    CHECK(!status, "%s", quell_error_message());
    CHECK(program.floats[QUELL_FROM_SAMPLE] == 32, "a chain of [3, 5] takes %zu floats, not 32",
          program.floats[QUELL_FROM_SAMPLE]);
    quell_program_free(&program);
    snprintf(text + used, sizeof text - used, ", {'map': [0, 199], 'function': 'add'}");
    CHECK(!load_instructions(&program, text), "%s", quell_error_message());
    CHECK(program.floats[QUELL_FROM_SAMPLE] == 48, "with a skip %zu floats, not 48",
          program.floats[QUELL_FROM_SAMPLE]);
    quell_program_free(&program);
}

TEST(program_read, multiply_adds)
{
    struct quell_program program;
    CHECK(load_instructions(&program, "{'conv': ['x', 'k'], 'before': [1], 'after': [1]}, "
                                      "{'matmul': ['x', [1]]}") != QUELL_OK,
          "a number is no matrix");
    quell_program_free(&program);
    quell_status status = load_instructions(
        &program, "{'conv': ['x', 'k'], 'before': [1], 'after': [1]}, "
                  "{'move': [0], 'form': 'permute', 'order': [1, 0]}, {'matmul': [0, 1]}");
    CHECK(!status, "%s", quell_error_message());
    CHECK(program.multiply_adds[QUELL_FROM_SAMPLE] == 2 * 5 * 9 + 2 * 2 * 5, "%llu multiply-adds",
          (unsigned long long)program.multiply_adds[QUELL_FROM_SAMPLE]);
    char print[2048];
    struct quell_program transposed;
    status =
        load_instructions(&transposed, "{'move': [[1]], 'form': 'expand', 'shape': [3, 2, 4]}, "
                                       "{'conv_transpose': ['x', 0], 'stride': [2], 'before': [1], "
                                       "'after': [1]}");
    CHECK(!status, "%s", quell_error_message());
    CHECK(transposed.multiply_adds[QUELL_FROM_SAMPLE] == 15 * 8, "%llu multiply-adds, transposed",
          (unsigned long long)transposed.multiply_adds[QUELL_FROM_SAMPLE]);
    quell_program_free(&transposed);
    status = load_instructions(
        &transposed, "{'move': [[1]], 'form': 'expand', 'shape': [4, 2, 3, 3]}, "
                     "{'conv': ['y', 0], 'before': [1, 1], 'after': [1, 1], 'winograd': 2}");
    CHECK(!status, "%s", quell_error_message());
    CHECK(transposed.multiply_adds[QUELL_FROM_CONDITIONS] ==
              2 * 3 * 16 * 2 * 4, /* tiles, each of 16 */
          "%llu multiply-adds in tiles",
          (unsigned long long)transposed.multiply_adds[QUELL_FROM_CONDITIONS]);
    quell_program_print(&transposed, print, sizeof print);
    CHECK(strstr(print, "after=[1, 1] winograd=2\n"), "%s", print);
    quell_program_free(&transposed);
    CHECK(quell_program_print(&program, print, sizeof print) == strlen(print), "cut");
    CHECK(strstr(print, "2  matmul         [2, 2]"), "%s", print);
    quell_program_free(&program);
}
