/* SPDX-License-Identifier: MIT */
/* MPI ends the job on an error unless a communicator is set to return errors. The caller's
 * communicator is set so only while it is duplicated; everything else uses the duplicate. */
#include <quell/mpi.h>
#include "mpi/group.h"
#include "base/fail.h"
#include "base/fail_last.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

quell_status quell_group_fail(quell_status status, const char *format, ...)
{
    char message[2 * PATH_MAX + QUELL_MPI_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    /* The format has no numbers with a decimal point. */
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return quell_error_set(status, message);
}

quell_status quell_group_check(int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (code == MPI_SUCCESS) return QUELL_OK;
    if (MPI_Error_string(code, text, &length)) length = 0;
    return quell_group_fail(QUELL_IO_FAILED, "%s: %.*s", what, length, text);
}

/* Checks everything that can be checked before a message is sent. */
static quell_status check_caller(MPI_Comm comm)
{
    int begun = 0, ended = 0, level = 0, main_thread = 0, inter = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    if (!begun || ended) return quell_error_set(QUELL_UNSUPPORTED, "mpi: MPI is not initialised");
    if (comm == MPI_COMM_NULL)
        return quell_error_set(QUELL_BAD_ARGUMENT, "mpi: the communicator is MPI_COMM_NULL");
    MPI_Query_thread(&level);
    MPI_Is_thread_main(&main_thread);
    if (level < MPI_THREAD_SERIALIZED && !main_thread)
        return quell_error_set(QUELL_UNSUPPORTED,
                               "mpi: with less than MPI_THREAD_SERIALIZED only the thread that "
                               "initialised MPI may call");
    quell_status status = quell_group_check(MPI_Comm_test_inter(comm, &inter), "mpi");
    if (!status && inter)
        status =
            quell_error_set(QUELL_BAD_ARGUMENT, "mpi: the communicator is an intercommunicator");
    return status;
}

static int duplicate(MPI_Comm comm, MPI_Comm *own)
{
    MPI_Errhandler host;
    int code = MPI_Comm_get_errhandler(comm, &host);
    if (code) return code;
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    code = MPI_Comm_dup(comm, own);
    MPI_Comm_set_errhandler(comm, host);
    MPI_Errhandler_free(&host);
    return code ? code : MPI_Comm_set_errhandler(*own, MPI_ERRORS_RETURN);
}

quell_status quell_group_enter(struct quell_group *group, MPI_Comm comm)
{
    quell_status status = check_caller(comm);
    if (status) return status;
    status = quell_group_check(duplicate(comm, &group->comm), "mpi: duplicating the communicator");
    if (status) return status;
    group->caller = comm;
    MPI_Comm_rank(group->comm, &group->rank);
    MPI_Comm_size(group->comm, &group->size);
    return QUELL_OK;
}

/* The last failure of this thread that all ranks of a caller's communicator have returned, by the
 * number of failures up to it. */
static _Thread_local struct {
    MPI_Comm caller;
    unsigned count;
} told;

quell_status quell_group_leave(struct quell_group *group, quell_status status)
{
    if (status) {
        told.caller = group->caller;
        told.count = quell_fail_last().count;
    }
    MPI_Comm_free(&group->comm);
    return status;
}

/* The failure of a rank, in the form in which it is sent to the others. `code` is 0 if the rank did
 * not fail. `sample` and `transition` say where the failure was, if `in_sample`. `reported` says
 * that the message is that of a failure which all ranks have been told of. */
struct said {
    int code, in_sample, reported;
    uint64_t sample;
    size_t transition;
    char message[QUELL_MPI_MESSAGE];
};

/* The words for a failure that has no message of its own. */
static void say_status(struct said *said)
{
    said->in_sample = 0;
    snprintf(said->message, sizeof said->message, "%s",
             quell_status_text((quell_status)said->code));
}

/* Describes the result of this rank's own call. A message that was recorded with another status is
 * that of another failure. */
static struct said own_words(const struct quell_group *group, quell_status status)
{
    struct said said = {.code = (int)status};
    if (!status) return said;
    said.reported = told.count == quell_fail_last().count && told.caller == group->caller;
    said.in_sample = quell_error_sample(&said.sample, &said.transition);
    snprintf(said.message, sizeof said.message, "%s", quell_error_message());
    if (quell_fail_last().status != status) say_status(&said);
    return said;
}

/* Records the failure of another rank as this rank's own, and returns its status. */
static quell_status repeat(const struct said *said)
{
    if (!said->code) return QUELL_OK;
    quell_error_set((quell_status)said->code, said->message);
    if (said->in_sample) quell_fail_sample(said->sample, said->transition);
    return (quell_status)said->code;
}

/* One rank sends its failure to all. If all ranks were told of that which its message describes,
 * and now not all of them fail, this failure is another one. */
static quell_status hear(const struct quell_group *group, int speaker, bool all, struct said *said)
{
    if (group->rank == speaker && said->reported && !all) say_status(said);
    struct said heard = *said;
    if (group->rank == speaker) {
        size_t used = all ? 0 : (size_t)snprintf(heard.message, 32, "rank %d: ", speaker);
        snprintf(heard.message + used, sizeof heard.message - used, "%.*s",
                 (int)(sizeof heard.message - used - 1), said->message);
    }
    quell_status status = quell_group_check(
        MPI_Bcast(&heard, (int)sizeof heard, MPI_BYTE, speaker, group->comm), "mpi");
    if (!status) *said = heard;
    return status;
}

/* Finds the lowest rank that failed, which sends its failure to all. */
static quell_status settle(const struct quell_group *group, struct said *said)
{
    int own[2] = {said->code ? group->rank : group->size, said->code != 0}, least[2];
    quell_status status =
        quell_group_check(MPI_Allreduce(own, least, 2, MPI_INT, MPI_MIN, group->comm), "mpi");
    if (status || least[0] == group->size) return status;
    return hear(group, least[0], least[1], said);
}

quell_status quell_group_settle(const struct quell_group *group, int *code,
                                char message[QUELL_MPI_MESSAGE])
{
    struct said said = {.code = *code};
    memcpy(said.message, message, sizeof said.message);
    quell_status status = settle(group, &said);
    *code = said.code;
    memcpy(message, said.message, sizeof said.message);
    return status;
}

quell_status quell_group_agree(const struct quell_group *group, quell_status status)
{
    struct said said = own_words(group, status);
    quell_status exchange = settle(group, &said);
    return exchange ? exchange : repeat(&said);
}

quell_status quell_group_told(const struct quell_group *group, quell_status status)
{
    struct said said = own_words(group, status);
    quell_status exchange = hear(group, 0, true, &said);
    return exchange ? exchange : repeat(&said);
}

quell_status quell_group_same(const struct quell_group *group, uint64_t value, const char *name)
{
    uint64_t own[2] = {value, ~value}, least[2];
    quell_status status =
        quell_group_check(MPI_Allreduce(own, least, 2, MPI_UINT64_T, MPI_MIN, group->comm), "mpi");
    if (status || least[0] == ~least[1]) return status;
    return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: %s is %llu on one rank, %llu on another",
                            name, (unsigned long long)least[0], (unsigned long long)~least[1]);
}

void quell_group_range(const struct quell_group *group, uint64_t count, uint64_t *skipped,
                       size_t *rows)
{
    uint64_t ranks = (uint64_t)group->size, rank = (uint64_t)group->rank;
    uint64_t share = count / ranks, more = count % ranks;
    *skipped = rank * share + (rank < more ? rank : more);
    *rows = share + (rank < more);
}

quell_status quell_mpi_range(MPI_Comm comm, uint64_t count, uint64_t *skipped, size_t *rows)
{
    struct quell_group group = {.comm = comm};
    if (!skipped || !rows)
        return quell_group_fail(QUELL_BAD_ARGUMENT, "mpi: %s is NULL",
                                skipped ? "rows" : "skipped");
    quell_status status = check_caller(comm);
    if (status) return status;
    MPI_Comm_rank(comm, &group.rank);
    MPI_Comm_size(comm, &group.size);
    quell_group_range(&group, count, skipped, rows);
    return QUELL_OK;
}

quell_status quell_mpi_agree(MPI_Comm comm, quell_status status)
{
    struct quell_group group;
    quell_status failed = quell_group_enter(&group, comm);
    if (failed) return failed;
    return quell_group_leave(&group, quell_group_agree(&group, status));
}
