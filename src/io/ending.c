/* SPDX-License-Identifier: MIT */
/* This file is also compiled into the libraries beside quell. */
#include "ending.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool quell_ending_is(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && path[length - tail - 1] != '/' &&
           !strcasecmp(path + length - tail, ending);
}

bool quell_ending_is_other(const char *path, const char *own)
{
    static const char *const known[] = {".png",         ".svg", ".jpg",  ".jpeg", ".gif",
                                        ".pdf",         ".npy", ".npz",  ".csv",  ".txt",
                                        ".safetensors", ".pt",  ".onnx", ".json"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], own) && quell_ending_is(path, known[i])) return true;
    return false;
}
