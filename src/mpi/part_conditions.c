/* SPDX-License-Identifier: MIT */
/* Whether a condition has one row for all samples or one for each cannot be seen on a rank with one
 * sample. Rank 0 has the most samples, so it decides; where it has one as well, nothing is
 * compared, because each rank may have a row of its own. */
#include "mpi/part_conditions.h"
#include "base/digest.h"

#include <stdbool.h>
#include <stdio.h>

static quell_status check_one(const quell_condition *one, size_t rows)
{
    if (!one->name || (one->size && one->count > SIZE_MAX / sizeof(float) / one->size))
        return quell_group_fail(QUELL_BAD_ARGUMENT,
                                "mpi: a condition must have a name, and a size that fits memory");
    if (one->count <= 1 || one->count == rows) return QUELL_OK;
    return quell_group_fail(
        QUELL_BAD_ARGUMENT,
        "mpi: condition '%.60s' is there for %zu samples, must be for 1, so for "
        "all, or for each of the %zu of this rank",
        one->name, one->count, rows);
}

static quell_status check(const quell_draw *draw)
{
    quell_status status = QUELL_OK;
    if (draw->condition_count > QUELL_MAX_CONDITIONS || !draw->conditions != !draw->condition_count)
        return quell_group_fail(
            QUELL_BAD_ARGUMENT,
            "mpi: condition_count is %zu: must be that of conditions, at most %d",
            draw->condition_count, QUELL_MAX_CONDITIONS);
    for (size_t i = 0; i < draw->condition_count && !status; i++)
        status = check_one(&draw->conditions[i], draw->count);
    return status;
}

static uint64_t digest_of(const quell_condition *one, bool values)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_text(&digest, one->name);
    quell_digest_whole(&digest, one->size);
    if (values) quell_digest_whole(&digest, one->count);
    if (values && one->values) quell_digest_floats(&digest, one->values, one->size);
    return quell_digest_end(&digest);
}

quell_status quell_part_conditions(const struct quell_group *group, const struct quell_part *part)
{
    const quell_draw *draw = &part->draw;
    int each[QUELL_MAX_CONDITIONS] = {0};
    quell_status status = quell_group_agree(group, check(draw));
    if (!status) status = quell_group_same(group, draw->condition_count, "condition_count");
    if (status || !draw->condition_count) return status;
    for (size_t i = 0; i < draw->condition_count; i++)
        each[i] = part->whole <= (uint64_t)group->size || draw->conditions[i].count > 1;
    status = quell_group_check(MPI_Bcast(each, (int)draw->condition_count, MPI_INT, 0, group->comm),
                               "mpi");
    for (size_t i = 0; i < draw->condition_count && !status; i++) {
        char name[120];
        snprintf(name, sizeof name, "the digest of condition '%.60s'", draw->conditions[i].name);
        status = quell_group_same(group, digest_of(&draw->conditions[i], !each[i]), name);
    }
    return status;
}

void quell_part_tell(struct quell_part *part, size_t done, quell_draw *draw)
{
    for (size_t i = 0; i < draw->condition_count; i++) {
        part->conditions[i] = part->draw.conditions[i];
        if (part->conditions[i].count <= 1) continue;
        part->conditions[i].values += done * part->conditions[i].size;
        part->conditions[i].count = draw->count;
    }
    if (draw->condition_count) draw->conditions = part->conditions;
}
