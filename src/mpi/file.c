/* SPDX-License-Identifier: MIT */
#include "mpi/file.h"
#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs on rank 0 alone: it chooses the name and creates the file, so that no other rank can be
 * first. */
static quell_status create(struct quell_group_file *file)
{
    const char *problem;
    int made = quell_temporary_open(file->path, &file->target, &file->temporary, &problem);
    if (made < 0) {
        char *spoken = quell_temporary_spoken(file->path);
        quell_status status = quell_group_fail(
            QUELL_IO_FAILED, "%s: %s: %s", spoken ? spoken : file->path, problem, strerror(errno));
        free(spoken);
        return status;
    }
    close(made);
    if (file->temporary) return QUELL_OK;
    return quell_group_fail(QUELL_IO_FAILED, "%s: is a pipe or a device, which ranks cannot share",
                            file->path);
}

/* Sends the name to the other ranks. */
static quell_status share_name(const struct quell_group *group, struct quell_group_file *file)
{
    int size = file->temporary ? (int)strlen(file->temporary) + 1 : 0;
    quell_status status = quell_group_check(MPI_Bcast(&size, 1, MPI_INT, 0, group->comm), "mpi");
    if (status) return status;
    if (group->rank) file->temporary = calloc((size_t)size, 1);
    if (!file->temporary) status = quell_error_set(QUELL_NO_MEMORY, "mpi: no memory for a name");
    status = quell_group_agree(group, status);
    if (status) return status;
    return quell_group_check(MPI_Bcast(file->temporary, size, MPI_CHAR, 0, group->comm), "mpi");
}

/* Refuses a name by which this rank does not find the file that rank 0 has created, because each
 * rank is in a folder of its own: if one rank fails in MPI_File_open, the others wait for ever. */
static quell_status find(const struct quell_group_file *file)
{
    int found = open(file->temporary, O_WRONLY | O_CLOEXEC);
    if (found >= 0) {
        close(found);
        return QUELL_OK;
    }
    return quell_group_fail(QUELL_IO_FAILED,
                            "%s: rank 0 has created %s, which is not one file for all ranks: %s; "
                            "all must see the same folder by this name",
                            file->path, file->temporary, strerror(errno));
}

/* A prefix for names with a ':', because MPI-IO would take the text before the ':' as a kind of
 * file system. ROMIO, which MPICH uses, does so wherever the ':' is, so its prefix names a kind:
 * NFS, whose locks are right on any file system. */
#ifdef ROMIO_VERSION
#define PLAIN "nfs:"
#else
#define PLAIN "./"
#endif

/* Returns the temporary file's name in the form that MPI-IO takes. */
static char *plain_name(const struct quell_group_file *file)
{
    const char *given = file->temporary;
    bool as_it_is = !strchr(given, ':') || (*PLAIN == '.' && *given == '/');
    size_t size = strlen(given) + sizeof PLAIN;
    char *name = malloc(size);
    if (name) snprintf(name, size, "%s%s", as_it_is ? "" : PLAIN, given);
    return name;
}

/* Opens the file with errors returned, because the host may have set files to end the job on an
 * error. */
static int open_shared(const struct quell_group *group, struct quell_group_file *file)
{
    MPI_Errhandler host;
    char *name = plain_name(file);
    if (!name) return MPI_ERR_NO_MEM;
    MPI_File_get_errhandler(MPI_FILE_NULL, &host);
    MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN);
    int code = MPI_File_open(group->comm, name, MPI_MODE_WRONLY, MPI_INFO_NULL, &file->file);
    free(name);
    MPI_File_set_errhandler(MPI_FILE_NULL, host);
    MPI_Errhandler_free(&host);
    return code ? code : MPI_File_set_errhandler(file->file, MPI_ERRORS_RETURN);
}

quell_status quell_group_open(const struct quell_group *group, struct quell_group_file *file,
                              const char *path)
{
    file->path = path;
    quell_status status = quell_group_told(group, group->rank ? QUELL_OK : create(file));
    if (!status) status = share_name(group, file);
    if (!status) status = quell_group_agree(group, find(file));
    if (status) return quell_group_discard(group, file, status);
    status = quell_group_check(open_shared(group, file), path);
    /* MPI_File_close is collective: if the open failed on some ranks, the others must leave their
     * handle open. */
    status = quell_group_agree(group, status);
    file->open = !status;
    return status ? quell_group_discard(group, file, status) : QUELL_OK;
}

quell_status quell_group_write(const struct quell_group *group, struct quell_group_file *file,
                               MPI_Offset offset, const void *data, int of, MPI_Datatype type)
{
    MPI_Status written;
    int count = of;
    memset(&written, 0, sizeof written);
    /* MPI_File_write_at_all is not used: if the disk is full, the ranks of Open MPI that write for
     * others give up, and the others wait for ever. The bytes of a rank are contiguous anyway. */
    int code = of ? MPI_File_write_at(file->file, offset, data, of, type, &written) : 0;
    if (!code && of) MPI_Get_count(&written, type, &count);
    quell_status status = QUELL_OK;
    /* MPI's own message ("known error not in list") would add nothing. */
    if (code || count != of)
        status = quell_group_fail(QUELL_IO_FAILED, "%s: cannot be written: is the disk full?",
                                  file->path);
    return quell_group_agree(group, status);
}

static quell_status give_name(struct quell_group_file *file)
{
    if (rename(file->temporary, file->target))
        return quell_group_fail(QUELL_IO_FAILED, "%s: cannot be written: %s", file->path,
                                strerror(errno));
    free(file->temporary);
    file->temporary = NULL;
    return QUELL_OK;
}

quell_status quell_group_commit(const struct quell_group *group, struct quell_group_file *file)
{
    quell_status status = quell_group_check(MPI_File_sync(file->file), file->path);
    quell_status closed = quell_group_check(MPI_File_close(&file->file), file->path);
    file->open = false;
    status = quell_group_agree(group, status ? status : closed);
    if (!status) status = quell_group_told(group, group->rank ? QUELL_OK : give_name(file));
    return quell_group_discard(group, file, status);
}

void quell_group_unlink(const struct quell_group *group, struct quell_group_file *file)
{
    if (!group->rank && file->temporary) unlink(file->temporary);
}

quell_status quell_group_discard(const struct quell_group *group, struct quell_group_file *file,
                                 quell_status status)
{
    if (file->open) MPI_File_close(&file->file);
    quell_group_unlink(group, file);
    free(file->temporary);
    free(file->target);
    *file = (struct quell_group_file){0};
    return status;
}
