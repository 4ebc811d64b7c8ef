/* SPDX-License-Identifier: MIT */
/* quell serve: samples over HTTP. */
#include "serve/serve.h"
#include "cli/cli.h"
#include "cli/file_digest.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/sampling.h"
#include "base/fail.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NAME 64

struct serve_command {
    struct option_words models;
    const char *listen, *isa, *log, *precision;
    uint64_t threads, capacity, most_samples, most_steps, most_clients;
    double seconds, drain;
};

static const struct option_row rows[] = {
    GROUP_ROW("What to serve"),
    WORDS_ROW(serve_command, models, "model", "NAME=M",
              "A model, and its name in addresses: builtin:NAME, or a file as in `quell sample`. "
              "Without NAME= it is called as the file is, or as the built-in model. May be given "
              "many times."),
    PRECISION_ROW(serve_command),
    GROUP_ROW("Where"),
    TEXT_ROW(serve_command, listen, "listen", "HOST:PORT",
             "Where to listen (default 127.0.0.1:8080: this machine alone). Port 0 is one that is "
             "free."),
    TEXT_ROW(serve_command, log, "log", "FORM",
             "A line for each request on standard error: text, json or none (default text)."),
    GROUP_ROW("Limits"),
    COUNT_ROW(serve_command, most_samples, "most-samples", "N", 1, 1000000000,
              "How many samples one request may ask for (default 1024)."),
    COUNT_ROW(serve_command, most_steps, "most-steps", "N", 1, 1000000,
              "How many steps it may ask for (default 1000)."),
    COUNT_ROW(serve_command, capacity, "capacity", "N", 1, 1000000000,
              "How many samples may wait, over all requests (default 65536). Who comes when it is "
              "full gets the status 429, and may try again."),
    COUNT_ROW(serve_command, most_clients, "most-clients", "N", 1, 1000000,
              "How many connections there may be (default 1000)."),
    NUMBER_ROW(serve_command, seconds, "seconds", "S", 1, 86400,
               "How long a request may take (default 60), and a connection be silent."),
    NUMBER_ROW(serve_command, drain, "drain", "S", 0, 86400,
               "How long requests have to end after SIGTERM or Ctrl-C (default 30)."),
    GROUP_ROW("Machine (no bit of the samples depends on it)"),
    MACHINE_ROWS(serve_command),
    {0},
};

static const struct option_table table = {
    .usage = "quell serve --model [NAME=]M [OPTION...]",
    .about = "Serves samples over HTTP. The address says what they are, to the last bit:\n"
             "GET /v1/models/NAME/samples?seed=7&count=16&sampler=dpmpp_2m&steps=20.",
    .examples = "Example: quell serve --model builtin:glyphs\n"
                "         curl -o letters.png "
                "'http://127.0.0.1:8080/v1/models/glyphs/samples?class=each&count=26&format=png'",
    .options = rows,
};

/* A model of the command line. */
struct served {
    char name[LONGEST_NAME], digest[65];
    quell_model *model;
};

/* Finds the name that a model has in addresses, and where its file is. */
static int name_model(const char *word, struct served *served, const char **file)
{
    const char *equals = strchr(word, '='), *begin = word;
    size_t length = equals ? (size_t)(equals - word) : 0;
    *file = equals ? equals + 1 : word;
    if (!equals) {
        const char *slash = strrchr(word, '/'), *colon = strrchr(word, ':');
        begin = slash ? slash + 1 : colon ? colon + 1 : word;
        length = strcspn(begin, ".");
    }
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (!length || length >= LONGEST_NAME || strspn(begin, letters) < length)
        return complain(EXIT_USAGE,
                        "--model %s: the name must have 1 to %d letters, digits and _-. : give it "
                        "as NAME=FILE",
                        word, LONGEST_NAME - 1);
    memcpy(served->name, begin, length);
    return EXIT_DONE;
}

static int open_model(const char *word, const char *precision, struct served *served)
{
    const char *file;
    int code = name_model(word, served, &file);
    if (code == EXIT_DONE) code = sampling_open_model(&served->model, file, precision);
    if (code != EXIT_DONE) return code;
    snprintf(served->digest, sizeof served->digest, "%.64s", file);
    if (!strncmp(file, "builtin:", 8)) return EXIT_DONE;
    quell_status status = file_sha256(file, served->digest);
    return status ? complain_input(EXIT_FILE, status) : EXIT_DONE;
}

static int open_models(const struct option_words *words, const char *precision,
                       struct served *served)
{
    if (!words->count) return complain(EXIT_USAGE, "--model is needed: see `quell serve --help`");
    for (size_t i = 0; i < words->count; i++) {
        int code = open_model(words->word[i], precision, &served[i]);
        if (code != EXIT_DONE) return code;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(served[k].name, served[i].name))
                return complain(EXIT_USAGE, "--model %s: two models are called '%s'",
                                words->word[i], served[i].name);
    }
    return EXIT_DONE;
}

static int choose_log(const char *form, struct serve_options *options)
{
    options->json = !strcmp(form, "json");
    options->log = strcmp(form, "none") != 0 ? stderr : NULL;
    if (options->json || !options->log || !strcmp(form, "text")) return EXIT_DONE;
    return complain(EXIT_USAGE, "--log %s: must be text, json or none", form);
}

static void say_ready(void *user, const char *address)
{
    const struct serve_command *command = user;
    if (strcmp(command->log, "none") != 0) fprintf(stderr, "quell: serving at %s\n", address);
    printf("%s\n", address);
    fflush(stdout);
}

static int serve(struct serve_command *command, const struct served *served)
{
    struct serve_model models[MOST_WORDS];
    struct serve_options options = {.models = models,
                                    .count = command->models.count,
                                    .listen = command->listen,
                                    .capacity = command->capacity,
                                    .most_samples = command->most_samples,
                                    .most_steps = command->most_steps,
                                    .most_clients = (unsigned)command->most_clients,
                                    .seconds = command->seconds,
                                    .drain = command->drain,
                                    .ready = say_ready,
                                    .user = command};
    for (size_t i = 0; i < options.count; i++)
        models[i] = (struct serve_model){served[i].name, served[i].digest, served[i].model};
    int code = choose_log(command->log, &options);
    if (code == EXIT_DONE)
        code =
            sampling_choose_machine(command->isa, command->threads, &options.isa, &options.threads);
    if (code != EXIT_DONE) return code;
    interrupt_catch();
    quell_status status = quell_serve(&options, &interrupt_signal);
    interrupt_signal = 0; /* it was asked to end, and has */
    return status ? complain_status(status) : EXIT_DONE;
}

int command_serve(int argc, char **argv)
{
    struct serve_command command = {.listen = "127.0.0.1:8080",
                                    .log = "text",
                                    .capacity = 65536,
                                    .most_samples = 1024,
                                    .most_steps = 1000,
                                    .most_clients = 1000,
                                    .seconds = 60,
                                    .drain = 30};
    static struct served served[MOST_WORDS];
    int code;
    if (!options_read(&table, argc, argv, &command, NULL, &code)) return code;
    code = open_models(&command.models, command.precision, served);
    if (code == EXIT_DONE) code = serve(&command, served);
    for (size_t i = 0; i < command.models.count; i++) quell_model_free(served[i].model);
    return code;
}
