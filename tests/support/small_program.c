/* SPDX-License-Identifier: MIT */
#include "small_program.h"
#include "tensor_file.h"

const char small_program_description[] =
    "{'kind': 'network', 'version': 1, 'shape': [2, 4, 4], 'output': 'eps', 'schedule': 'vp', "
    "'classes': 3, 'programs': {"
    "'decode': {'inputs': {'x': [2, 4, 4]}, 'instructions': ["
    "{'map': ['x', [0.5]], 'function': 'mul'}, {'map': [0], 'function': 'tanh'}], 'output': 1}, "
    "'denoise': {'inputs': {'x': [2, 4, 4], 'time': [], 'class': []}, 'instructions': ["
    "{'map': ['time', 'frequency'], 'function': 'mul'}, "               /* 0 */
    "{'map': [0], 'function': 'sin'}, "                                 /* 1 */
    "{'gather': ['label', 'class'], 'dim': 0}, "                        /* 2 */
    "{'concat': [1, 2], 'dim': 0}, "                                    /* 3 */
    "{'linear': [3, 'e.weight', 'e.bias']}, "                           /* 4 */
    "{'map': [4], 'function': 'silu'}, "                                /* 5 */
    "{'pad': ['x'], 'before': [0, 1, 1], 'mode': 'circular'}, "         /* 6 */
    "{'conv': [6, 'first.weight', 'first.bias'], 'after': [1, 1]}, "    /* 7 */
    "{'move': [5], 'form': 'reshape', 'shape': [4, 1, 1]}, "            /* 8 */
    "{'norm': [7, 8], 'groups': 2}, "                                   /* 9 */
    "{'pool': [9], 'function': 'mean', 'window': [2, 2]}, "             /* 10 */
    "{'move': [10], 'form': 'reshape', 'shape': [4, 4]}, "              /* 11 */
    "{'move': [11], 'form': 'permute', 'order': [1, 0]}, "              /* 12 */
    "{'attention': [12, 12, 12]}, "                                     /* 13 */
    "{'matmul': [13, 'mix']}, "                                         /* 14 */
    "{'softmax': [14], 'dim': 1}, "                                     /* 15 */
    "{'reduce': [15], 'function': 'mean', 'dims': [0], 'keep': true}, " /* 16 */
    "{'map': [14, 16], 'function': 'mul'}, "                            /* 17 */
    "{'move': [17], 'form': 'permute', 'order': [1, 0]}, "              /* 18 */
    "{'move': [18], 'form': 'reshape', 'shape': [4, 2, 2]}, "           /* 19 */
    "{'nearest': [19], 'factors': [1, 2, 2]}, "                         /* 20 */
    "{'interpolate': [19], 'sizes': [4, 4]}, "                          /* 21 */
    "{'map': [20, 21], 'function': 'add'}, "                            /* 22 */
    "{'conv_transpose': [10, 'up'], 'stride': [2, 2]}, "                /* 23 */
    "{'map': [9, 22], 'function': 'add'}, "                             /* 24 */
    "{'map': ['scale', [2]], 'function': 'mul'}, "                      /* 25 */
    "{'map': [24, 25], 'function': 'mul'}, "                            /* 26 */
    "{'conv': [26, 'last']}, "                                          /* 27 */
    "{'map': [27, 23], 'function': 'add'}], 'output': 28}}}";

static const struct tensor {
    const char *name;
    size_t rank, shape[4];
} tensors[] = {
    {"frequency", 1, {5}},     {"label", 2, {4, 3}},    {"e.weight", 2, {4, 8}},
    {"e.bias", 1, {4}},        {"mix", 2, {4, 4}},      {"first.weight", 4, {4, 2, 3, 3}},
    {"first.bias", 1, {4}},    {"scale", 3, {4, 1, 1}}, {"up", 4, {4, 2, 2, 2}},
    {"last", 4, {2, 4, 1, 1}},
};

size_t small_program_file(const char *description, char *file)
{
    static struct tensor_writer writer;
    tensor_begin(&writer, description);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        tensor_add(&writer, tensors[i].name, tensors[i].rank, tensors[i].shape);
    return tensor_finish(&writer, file);
}
