/* SPDX-License-Identifier: MIT */
#include "cli/mpi/ranks.h"
#include "base/nearest.h"

#include <quell/quell.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int ranks_agree(struct ranks *ranks, int code)
{
    quell_status status = quell_group_settle(&ranks->group, &code, ranks->complaint);
    return status ? complain_status(status) : code;
}

int ranks_same_way(struct ranks *ranks, int way)
{
    if (!quell_group_same(&ranks->group, (uint64_t)way, "command")) return EXIT_DONE;
    return complain(EXIT_USAGE, "the ranks were started with different commands or options: all "
                                "need the same");
}

static int help(FILE *file)
{
    fprintf(file, "quell-mpi %s: draws samples from diffusion models on many nodes.\n\n",
            quell_version());
    fputs("Usage: mpirun -n RANKS quell-mpi sample --model M --out F.npy [OPTION...]\n"
          "       quell-mpi sample --help\n"
          "       quell-mpi version\n\n"
          "The file is the one that `quell sample` writes, for any number of ranks.\n\n" //
          EXIT_CODES_HELP,
          file);
    return EXIT_DONE;
}

enum command { SAMPLE, HELP, VERSION, UNKNOWN };

static enum command command_of(const char *name)
{
    if (!strcmp(name, "sample")) return SAMPLE;
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) return HELP;
    if (!strcmp(name, "--version") || !strcmp(name, "-V") || !strcmp(name, "version"))
        return VERSION;
    return UNKNOWN;
}

static int run(struct ranks *ranks, int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    enum command command = command_of(name);
    int code = ranks_same_way(ranks, (int)command);
    if (code != EXIT_DONE) return code;
    if (command == SAMPLE) return ranks_sample(ranks, argc - 1, argv + 1);
    if (command == HELP) return help(stdout);
    if (command == UNKNOWN) {
        struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
        static const char *const known[] = {"sample", "--help", "--version"};
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            quell_nearest_try(&nearest, known[i]);
        return complain(EXIT_USAGE, "no command '%s'%s: see `quell-mpi --help`", name,
                        nearest.hint);
    }
    printf("quell-mpi %s\n", quell_version());
    return EXIT_DONE;
}

/* Directs the stdout of all ranks but 0 to /dev/null, so that only rank 0 prints. */
static int speak_as_one(struct ranks *ranks)
{
    complain_as("quell-mpi", ranks->complaint);
    if (!ranks->group.rank || freopen("/dev/null", "w", stdout)) return EXIT_DONE;
    return complain(EXIT_FILE, "/dev/null: cannot be opened");
}

static int run_all(struct ranks *ranks, int argc, char **argv)
{
    int code = ranks_agree(ranks, speak_as_one(ranks));
    if (code == EXIT_DONE) code = run(ranks, argc, argv);
    if (code == EXIT_DONE) code = finish_stdout(code);
    code = ranks_agree(ranks, code);
    complain_as("quell-mpi", NULL);
    if (code != EXIT_DONE && !ranks->group.rank) complain(code, "%s", ranks->complaint);
    return code;
}

int main(int argc, char **argv)
{
    struct ranks ranks = {0};
    int level;
    complain_as("quell-mpi", NULL);
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level))
        return complain(EXIT_FAILED, "MPI cannot be initialised");
    quell_status status = quell_group_enter(&ranks.group, MPI_COMM_WORLD);
    int code = status ? complain_status(status) : run_all(&ranks, argc, argv);
    quell_group_leave(&ranks.group, status);
    MPI_Finalize();
    return code;
}
