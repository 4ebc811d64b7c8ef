/* SPDX-License-Identifier: MIT */
/* Parts that are joined, in a folder of their own: two reports, separated by '\0', whose samples
 * are in out.npy; or, if the first byte is 'N', two .npy files, each of one half of the rest. */
#include "cli/cli.h"
#include "cli/join/join.h"
#include "input.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char complaint[COMPLAINT], folder[] = "/dev/shm/quell-fuzz-XXXXXX";

static void write_file(const char *name, const void *bytes, size_t size)
{
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size || close(file)) abort();
}

static void clean(void)
{
    static const char *const names[] = {"0.json", "1.json", "0.npy", "1.npy", "out.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(names[i]);
    if (!chdir("/")) rmdir(folder);
}

static void begin(void)
{
    static const float samples[4] = {1, 2, 3, 4};
    static const size_t shape[] = {2, 2};
    static int done;
    char header[QUELL_NPY_HEADER + sizeof samples];
    if (done++) return;
    if (!mkdtemp(folder) || chdir(folder)) abort();
    atexit(clean);
    complain_as("quell", complaint);
    size_t size = quell_npy_header(header, 2, shape);
    memcpy(header + size, samples, sizeof samples);
    write_file("out.npy", header, size + sizeof samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    bool arrays = size && *data == 'N';
    data += arrays, size -= arrays;
    const uint8_t *middle = arrays || !size ? NULL : memchr(data, 0, size);
    size_t first = middle ? (size_t)(middle - data) : arrays ? size / 2 : size;
    const uint8_t *second = middle ? middle + 1 : arrays ? data + first : data;
    const char *const reports[] = {"0.json", "1.json"}, *const files[] = {"0.npy", "1.npy"};
    const char *const *names = arrays ? files : reports;
    write_file(names[0], data, first);
    write_file(names[1], second, second == data ? size : size - (size_t)(second - data));
    struct parts parts;
    struct quell_output out = {.file = open("/dev/null", O_WRONLY | O_CLOEXEC), .path = "null"};
    if (parts_open(&parts, 2, names) == EXIT_DONE && parts.rows < 4096)
        (void)parts_copy(&parts, &out);
    parts_close(&parts);
    close(out.file);
    return 0;
}
