/* SPDX-License-Identifier: MIT */
/* Command lines, one word on each line; the first word names the command. Options that read or
 * write files are left out, because the fuzzer would choose their names. Classes and guidance are
 * tried through their functions. */
#include "cli/cli.h"
#include "cli/guidance.h"
#include "cli/class_option.h"
#include "cli/options.h"
#include "cli/stream_option.h"
#include "input.h"

#include <fcntl.h>
#include <getopt.h>
#include <models/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char complaint[COMPLAINT];

static void begin(void)
{
    static int done;
    if (done++) return;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0) abort();
    complain_as("quell", complaint);
}

static void run(int (*command)(int, char **), const char *lines[INPUT_LINES])
{
    char *words[INPUT_LINES + 1] = {NULL};
    int count = 1;
    words[0] = strdup("command");
    for (int i = 1; i < INPUT_LINES && *lines[i]; i++) words[count++] = strdup(lines[i]);
    optind = 0;
    (void)command(count, words);
    for (int i = 0; i < count; i++) free(words[i]);
}

static void guide(const char *weight)
{
    const struct guidance_options options = {weight, NULL, 0, 1, 0};
    quell_model *model = NULL;
    if (quell_model_load(&model, "builtin:rings")) abort();
    (void)guidance_apply(&options, *weight % 2, model, NULL);
    quell_model_free(model);
}

static void label(const char *text)
{
    const struct label_options options = {text, NULL};
    struct labels labels = {0};
    int32_t out[5];
    if (labels_open(&labels, &options, 3) == EXIT_DONE) (void)labels_fill(&labels, 7, NULL, 5, out);
    labels_close(&labels);
}

static void label_from(const char *path)
{
    const struct label_options options = {NULL, path};
    struct labels labels = {0};
    int32_t out[5];
    if (labels_open(&labels, &options, 3) == EXIT_DONE) (void)labels_fill(&labels, 0, NULL, 5, out);
    labels_close(&labels);
}

static void stream(const char *text)
{
    struct stream_list list;
    uint64_t digest;
    if (stream_list_open(&list, "seeds", text, UINT64_MAX - 1) == EXIT_DONE) {
        uint64_t *values = calloc(list.count + 1, sizeof *values);
        if (values && list.count < 1000) (void)stream_list_fill(&list, list.count, values);
        (void)stream_list_digest(text, &digest);
        free(values);
    }
    stream_list_close(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[INPUT_LINES];
    uint64_t count;
    begin();
    input_lines(data, size, lines);
    if (!strcmp(lines[0], "classes")) {
        label_from(input_file(data + 8 * (size > 8), size > 8 ? size - 8 : 0));
        return 0;
    }
    if (!strcmp(lines[0], "indices")) {
        stream(input_file(data + 8 * (size > 8), size > 8 ? size - 8 : 0));
        return 0;
    }
    for (int i = 0; i < INPUT_LINES; i++)
        if (input_asks_much(lines[i], 4)) return 0;
    if (!strcmp(lines[0], "plan")) run(command_plan, lines);
    if (!strcmp(lines[0], "list")) run(command_list, lines);
    if (!strcmp(lines[0], "guidance")) guide(lines[1]);
    if (!strcmp(lines[0], "class")) label(lines[1]);
    if (!strcmp(lines[0], "seeds") && !strstr(lines[1], ".npy")) stream(lines[1]);
    (void)options_count(lines[1], &count);
    return 0;
}
