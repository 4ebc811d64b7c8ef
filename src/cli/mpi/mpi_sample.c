/* SPDX-License-Identifier: MIT */
/* quell-mpi sample: each rank is a session, which draws its range of the samples. All ranks write
 * the file together. */
#include <quell/mpi.h>
#include "cli/interrupt.h"
#include "cli/mpi/ranks.h"
#include "cli/outputs.h"
#include "cli/session.h"
#include "mpi/group_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 64

/* Copies the options of `quell sample`, but --plot, which would need all samples in one place. */
static void make_rows(struct option_row rows[MOST_ROWS])
{
    int count = 0;
    for (const struct option_row *row = sample_rows; row->name && count < MOST_ROWS - 1; row++) {
        rows[count] = *row;
        if (!strcmp(row->name, "plot"))
            rows[count] = (struct option_row)ABSENT_ROW(
                "plot", "only `quell sample` draws pictures, as it has all samples in one place: "
                        "draw some of them again, `quell sample --count 64 --plot F.png`");
        if (!strcmp(row->name, "resume"))
            rows[count] = (struct option_row)ABSENT_ROW(
                "resume", "only `quell sample` can go on: cut the run by --first and --count, and "
                          "join the files");
        if (!strcmp(row->name, "out"))
            rows[count].help = "Write the samples here, as NumPy's .npy: float32, shape (count, "
                               "dim...). All ranks must see the file by this name.";
        if (!strcmp(row->name, "threads"))
            rows[count].help = "Use at most T threads a rank (default 0: the processors that the "
                               "rank is bound to, or its share of the node's).";
        count++;
    }
    rows[count] = (struct option_row){0};
}

static bool read_options(int argc, char **argv, struct sample_options *options, int *code)
{
    struct option_row rows[MOST_ROWS];
    const struct option_table table = {
        .usage = "quell-mpi sample --model M --out F.npy [OPTION...]",
        .about = "Draws samples as `quell sample` does, on all ranks of an MPI job: each draws a\n"
                 "range of the stream, and all write one file. The file is equal, byte by byte,\n"
                 "for any number of ranks, and to the one that `quell sample` writes.",
        .examples = "Example: mpirun -n 8 --map-by socket quell-mpi sample -m net.safetensors \\\n"
                    "    --steps 20 -n 1000000 -o x.npy",
        .options = rows,
        .rules = sample_rules,
    };
    make_rows(rows);
    if (!options_read(&table, argc, argv, options, NULL, code)) return false;
    *code = sample_check(options);
    if (*code == EXIT_DONE && (!options->out || !strcmp(options->out, "-")))
        *code = complain(EXIT_USAGE, "--out is needed, the name of a file: see `quell-mpi sample "
                                     "--help`");
    return true;
}

/* What a rank does. */
struct job {
    struct ranks *ranks;
    struct session session;
    struct progress progress;
    uint64_t whole; /* the number of samples of all ranks together */
};

static int prepare(struct job *job)
{
    struct session *session = &job->session;
    size_t threads = session->options.threads;
    quell_status status = quell_group_threads(&job->ranks->group, &threads);
    int code = ranks_agree(job->ranks, status ? complain_status(status) : EXIT_DONE);
    if (code != EXIT_DONE) return code;
    session->options.threads = threads;
    if (job->ranks->group.rank) session->options.quiet = 1;
    return ranks_agree(job->ranks, session_prepare(session));
}

/* Refuses ranks that would draw from different laws or write different files. */
static int settle(struct job *job)
{
    struct session *session = &job->session;
    int code = EXIT_DONE;
    char *settings = session_settings(session, &code), *all = NULL;
    if (settings && asprintf(&all, "%sout %s\njson %d\n", settings, session->options.out,
                             session->options.json) < 0) {
        all = NULL;
        code = complain(EXIT_MEMORY, "no memory for the settings of the run");
    }
    code = ranks_agree(job->ranks, code);
    if (code == EXIT_DONE) code = ranks_same_settings(job->ranks, all);
    free(settings);
    free(all);
    return code;
}

/* Rank 0 names the file, and says for all whether its disk has room for it. */
static int check_room(struct job *job)
{
    const struct session *session = &job->session;
    uint64_t bytes = session->count * session->elements * sizeof(float);
    bool first = !job->ranks->group.rank;
    return ranks_agree(job->ranks,
                       first ? room_check("--out", session->options.out, bytes, 0) : EXIT_DONE);
}

static int narrow(struct job *job)
{
    struct session *session = &job->session;
    uint64_t skipped;
    size_t rows;
    job->whole = session->count;
    quell_group_range(&job->ranks->group, job->whole, &skipped, &rows);
    session->ranks = (size_t)job->ranks->group.size;
    return ranks_agree(job->ranks, session_narrow(session, skipped, rows));
}

static int ended(void *watch) { return quell_mpi_stopped(watch); }

static quell_status make(void *user, quell_mpi_watch *watch, size_t done, size_t rows, float *x)
{
    struct job *job = user;
    if (watch->temporary && !done) interrupt_removes(watch->temporary);
    job->progress.ended = ended;
    job->progress.others = watch;
    quell_status status = session_draw(&job->session, &job->progress, done, rows, x);
    if (!status) session_note(&job->session, rows, x);
    return status;
}

/* Passes a signal that one rank has received on to all ranks. */
static void share_signal(const struct job *job)
{
    int own = interrupt_signal, any = own;
    MPI_Allreduce(&own, &any, 1, MPI_INT, MPI_MAX, job->ranks->group.comm);
    interrupt_signal = any;
}

static int draw(struct job *job)
{
    struct session *session = &job->session;
    progress_begin(&job->progress, session->count, "samples", session->options.quiet);
    job->progress.ranks = session->ranks;
    interrupt_catch_all();
    quell_status status =
        quell_mpi_save_rows(job->ranks->group.comm, job->whole, session->shown.rank,
                            session->shown.shape, session->options.out, make, job);
    progress_end(&job->progress);
    session->seconds = progress_clock() - job->progress.start;
    if (!status) return EXIT_DONE;
    share_signal(job);
    return ranks_agree(job->ranks, complain_run(status));
}

static int report(struct job *job)
{
    struct session *session = &job->session;
    session->count = job->whole;
    uint64_t *sum = &session->drawn.sum;
    MPI_Allreduce(MPI_IN_PLACE, sum, 1, MPI_UINT64_T, MPI_SUM, job->ranks->group.comm);
    return job->ranks->group.rank ? EXIT_DONE : session_report(session);
}

int ranks_sample(struct ranks *ranks, int argc, char **argv)
{
    struct job job = {.ranks = ranks, .session = {.options = SAMPLE_DEFAULTS}};
    int code;
    bool more = read_options(argc, argv, &job.session.options, &code);
    code = ranks_agree(ranks, code);
    if (code == EXIT_DONE) code = ranks_same_way(ranks, more);
    if (code != EXIT_DONE || !more) return code;
    code = prepare(&job);
    if (code == EXIT_DONE) code = settle(&job);
    if (code == EXIT_DONE) code = check_room(&job);
    if (code == EXIT_DONE) code = narrow(&job);
    if (code == EXIT_DONE) code = draw(&job);
    if (code == EXIT_DONE) code = report(&job);
    session_close(&job.session);
    return code;
}
