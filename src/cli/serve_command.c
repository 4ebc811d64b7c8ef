/* SPDX-License-Identifier: MIT */
/* quell serve: samples over HTTP. */
#include "serve/serve.h"
#include "cli/cli.h"
#include "cli/file_digest.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/sampling.h"
#include "base/fail.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LONGEST_NAME 64

struct serve_command {
    struct option_words models, proxies;
    const char *listen, *isa, *log, *precision, *token_file;
    uint64_t threads, capacity, most_samples, most_evaluations, most_bytes, memory, most_clients;
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
    TEXT_ROW(serve_command, token_file, "token-file", "F",
             "A file with a token on each line: who asks must have one of them, in the header "
             "`Authorization: Bearer TOKEN`. /, /healthz, /readyz and /openapi.json need none."),
    WORDS_ROW(serve_command, proxies, "trusted-proxy", "ADDRESS",
              "The address of a proxy, as 127.0.0.1, or a network, as 10.0.0.0/8: its header "
              "X-Forwarded-For says who asks, for limits, fairness and the log. From anybody else "
              "that header is then refused; without this option nobody reads it. May be given many "
              "times."),
    TEXT_ROW(serve_command, log, "log", "FORM",
             "A line for each request on standard error: text, json or none (default text)."),
    GROUP_ROW("Limits"),
    COUNT_ROW(serve_command, most_samples, "most-samples", "N", 1, 1000000000,
              "How many samples one request may ask for (default 1024)."),
    COUNT_ROW(serve_command, most_evaluations, "most-evaluations", "N", 1, 10000000,
              "How often its sampler may evaluate the model for a sample: twice at each point with "
              "guidance (default 2000)."),
    COUNT_ROW(serve_command, most_bytes, "most-bytes", "N", 1024, 1000000000000,
              "How many bytes the body of a request may have (default 16777216)."),
    COUNT_ROW(serve_command, memory, "memory", "N", 1048576, 1000000000000000,
              "How many bytes all requests may take at a time, nearly: bodies, samples and answers "
              "(default 1073741824). Of this, and of the next two, one client may have as much as "
              "it leaves for others: half, where it is alone. Who wants more gets the status 503, "
              "and may try again."),
    COUNT_ROW(serve_command, capacity, "capacity", "N", 2, 1000000000,
              "How many samples may wait, over all requests (default 65536). Who wants more gets "
              "the status 429, and may try again."),
    COUNT_ROW(serve_command, most_clients, "most-clients", "N", 2, 1000000,
              "How many connections there may be, and requests that are answered at a time "
              "(default 2000)."),
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

/* A model that is given on the command line. */
struct served {
    char name[LONGEST_NAME], digest[96];
    quell_model *model;
};

/* All models, in the form that the server needs. */
struct all_served {
    struct serve_models models;
    struct serve_model list[MOST_WORDS];
    struct served served[MOST_WORDS];
};

/* Determines the name of a model in addresses, and the name of its file. */
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

static bool is_builtin(const char *file) { return !strncmp(file, "builtin:", 8); }

/* Opens a model. Its digest is that of the bytes that were read, which is certain because the files
 * have not changed between a time before they were opened and a time after they were digested. */
static int open_model(const char *word, const char *precision, struct served *served)
{
    const char *file;
    uint64_t before = 0, after = 0;
    int code = name_model(word, served, &file);
    if (code != EXIT_DONE) return code;
    bool named = !is_builtin(file);
    if (named && model_state(file, &before)) before = 0; /* opening it will say what is wrong */
    code = sampling_open_model(&served->model, file, precision);
    if (code != EXIT_DONE) return code;
    snprintf(served->digest, sizeof served->digest, "%.90s", file);
    quell_status status = named ? model_sha256(file, served->digest) : QUELL_OK;
    if (!status && named) status = model_state(file, &after);
    if (status) return complain_input(EXIT_FILE, status);
    if (before != after)
        return complain(EXIT_FILE, "--model %s: it changed while it was read: try again", word);
    return EXIT_DONE;
}

static int open_each(const struct option_words *words, const char *precision,
                     struct all_served *all)
{
    for (size_t i = 0; i < words->count; i++) {
        struct served *one = &all->served[i];
        all->models.count = i + 1;
        int code = open_model(words->word[i], precision, one);
        if (code != EXIT_DONE) return code;
        all->list[i] = (struct serve_model){one->name, one->digest, one->model};
        for (size_t k = 0; k < i; k++)
            if (!strcmp(all->served[k].name, one->name))
                return complain(EXIT_USAGE, "--model %s: two models are called '%s'",
                                words->word[i], one->name);
    }
    return EXIT_DONE;
}

static void free_all(struct serve_models *models)
{
    struct all_served *all = (struct all_served *)(void *)models;
    for (size_t i = 0; i < models->count; i++) quell_model_free(all->served[i].model);
    free(all);
}

static int open_models(const struct serve_command *command, struct serve_models **models)
{
    *models = NULL;
    if (!command->models.count)
        return complain(EXIT_USAGE, "--model is needed: see `quell serve --help`");
    struct all_served *all = calloc(1, sizeof *all);
    if (!all) return complain(EXIT_MEMORY, "no memory for the models");
    all->models.models = all->list;
    all->models.free = free_all;
    int code = open_each(&command->models, command->precision, all);
    if (code == EXIT_DONE)
        *models = &all->models;
    else
        free_all(&all->models);
    return code;
}

/* SIGHUP has the models opened again, while the server goes on with those that it has. */
static volatile _Atomic int reload;
static void note_reload(int number) { reload = number; }

static void catch_reload(void)
{
    struct sigaction action = {.sa_handler = note_reload, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, NULL);
}

static struct serve_models *reopen(void *user)
{
    struct serve_models *models;
    const struct serve_command *command = user;
    int code = open_models(command, &models);
    if (strcmp(command->log, "none") != 0 && code == EXIT_DONE)
        fprintf(stderr, "quell: %zu models were opened anew\n", models->count);
    return models;
}

static int choose_log(const char *form, struct serve_options *options)
{
    options->json = !strcmp(form, "json");
    options->log = strcmp(form, "none") != 0 ? stderr : NULL;
    if (options->json || !options->log || !strcmp(form, "text")) return EXIT_DONE;
    return complain(EXIT_USAGE, "--log %s: must be text, json or none", form);
}

/* The proxies that are given on the command line. */
static struct serve_network proxies[MOST_WORDS];

static int read_proxies(const struct option_words *words, struct serve_options *options)
{
    for (size_t i = 0; i < words->count; i++)
        if (serve_network_read(&proxies[i], words->word[i]))
            return complain(EXIT_USAGE, "--trusted-proxy %s: %s", words->word[i],
                            quell_error_message());
    options->proxies = proxies;
    options->proxy_count = words->count;
    return EXIT_DONE;
}

static void say_ready(void *user, const char *address)
{
    const struct serve_command *command = user;
    if (strcmp(command->log, "none") != 0) fprintf(stderr, "quell: serving at %s\n", address);
    printf("%s\n", address);
    fflush(stdout);
}

/* Raises the limit on open files, because each connection is one. */
static int allow_files(const struct serve_command *command)
{
    struct rlimit limit;
    rlim_t wanted = command->most_clients + 200;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted) return EXIT_DONE;
    rlim_t most = limit.rlim_max;
    limit.rlim_cur = wanted < most ? wanted : most;
    if (wanted <= most && !setrlimit(RLIMIT_NOFILE, &limit)) return EXIT_DONE;
    return complain(EXIT_USAGE,
                    "--most-clients %llu: this process may have %llu files open, and needs %llu: "
                    "raise that (ulimit -n), or have fewer clients",
                    (unsigned long long)command->most_clients, (unsigned long long)most,
                    (unsigned long long)wanted);
}

static int serve(struct serve_command *command)
{
    struct serve_options options = {.listen = command->listen,
                                    .token_file = command->token_file,
                                    .reopen = reopen,
                                    .reload = &reload,
                                    .capacity = command->capacity,
                                    .most_samples = command->most_samples,
                                    .most_evaluations = command->most_evaluations,
                                    .most_bytes = command->most_bytes,
                                    .memory = command->memory,
                                    .most_clients = (unsigned)command->most_clients,
                                    .seconds = command->seconds,
                                    .drain = command->drain,
                                    .ready = say_ready,
                                    .user = command};
    int code = choose_log(command->log, &options);
    if (code == EXIT_DONE)
        code =
            sampling_choose_machine(command->isa, command->threads, &options.isa, &options.threads);
    if (code == EXIT_DONE) code = read_proxies(&command->proxies, &options);
    if (code == EXIT_DONE) code = allow_files(command);
    if (code == EXIT_DONE) code = open_models(command, &options.models);
    if (code != EXIT_DONE) return code;
    interrupt_catch();
    catch_reload();
    quell_status status = quell_serve(&options, &interrupt_signal);
    interrupt_signal = 0; /* the signal asked the server to end, and that is done */
    return status ? complain_status(status) : EXIT_DONE;
}

int command_serve(int argc, char **argv)
{
    struct serve_command command = {.listen = "127.0.0.1:8080",
                                    .log = "text",
                                    .capacity = 65536,
                                    .most_samples = 1024,
                                    .most_evaluations = 2000,
                                    .most_bytes = (uint64_t)16 << 20,
                                    .memory = (uint64_t)1 << 30,
                                    .most_clients = 2000,
                                    .seconds = 60,
                                    .drain = 30};
    int code;
    return options_read(&table, argc, argv, &command, NULL, &code) ? serve(&command) : code;
}
