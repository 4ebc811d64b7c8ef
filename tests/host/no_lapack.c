/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: a machine on which no library with LAPACK in it is installed. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

void *dlopen(const char *path, int how)
{
    void *(*next)(const char *, int);
    *(void **)&next = dlsym(RTLD_NEXT, "dlopen");
    if (path && (strstr(path, "blas") || strstr(path, "lapack")))
        path = strstr(path, "openblas") ? "libopenblas.so.nowhere" : "liblapack.so.nowhere";
    return next(path, how);
}
