/* SPDX-License-Identifier: MIT */
/* A condition is either the same for all samples, and then the same on all ranks, or each rank has
 * the rows of its own samples. A rank without samples has no rows to show which case it is; rank 0
 * has samples if any rank has, so rank 0 decides. */
#include "mpi/rank_conditions.h"
#include "base/digest.h"
#include "engine/in_vain.h"

#include <stdbool.h>
#include <stdio.h>

static quell_status check_one(const quell_condition *one, size_t rows)
{
    if (!one->name || (one->size && one->count > SIZE_MAX / sizeof(float) / one->size))
        return quell_group_fail(QUELL_BAD_ARGUMENT,
                                "mpi: a condition must have a name, and a size that fits memory");
    if (!one->count || one->count == rows) return QUELL_OK;
    return quell_group_fail(QUELL_BAD_ARGUMENT,
                            "mpi: condition '%.60s' has a count of %zu, must be 0, for all "
                            "samples, or %zu, for each of this rank",
                            one->name, one->count, rows);
}

/* The conditions of a draw, or its negative ones, and the word for them in messages. */
struct list {
    const char *what;
    const quell_condition *given;
    size_t count;
};

static struct list told(const quell_draw *draw)
{
    return (struct list){"condition", draw->conditions, draw->condition_count};
}

static struct list against(const quell_draw *draw)
{
    return (struct list){"negative_condition", draw->negative_conditions,
                         draw->negative_condition_count};
}

static quell_status check(const struct list *list, size_t rows)
{
    quell_status status = QUELL_OK;
    if (list->count > QUELL_MAX_CONDITIONS || !list->given != !list->count)
        return quell_group_fail(QUELL_BAD_ARGUMENT,
                                "mpi: %s_count is %zu: must be that of %ss, at most %d", list->what,
                                list->count, list->what, QUELL_MAX_CONDITIONS);
    for (size_t i = 0; i < list->count && !status; i++) status = check_one(&list->given[i], rows);
    return status;
}

static uint64_t digest_of(const quell_condition *one, bool values)
{
    struct quell_digest digest;
    quell_digest_begin(&digest);
    quell_digest_text(&digest, one->name);
    quell_digest_whole(&digest, one->size);
    if (values && one->values) quell_digest_floats(&digest, one->values, one->size);
    return quell_digest_end(&digest);
}

/* each[i] says that condition i has a row for each sample on rank 0. */
static quell_status check_each(const struct list *list, const int *each, size_t rows)
{
    for (size_t i = 0; i < list->count && rows; i++)
        if (each[i] != (list->given[i].count > 0))
            return quell_group_fail(QUELL_BAD_ARGUMENT,
                                    "mpi: %s '%.60s' is %s on rank 0 and %s on this one: it must "
                                    "be the same on all ranks",
                                    list->what, list->given[i].name,
                                    each[i] ? "there for each sample" : "one for all samples",
                                    each[i] ? "one for all" : "there for each");
    return QUELL_OK;
}

static quell_status agree(const struct quell_group *group, const struct quell_part *part,
                          const struct list *list)
{
    int each[QUELL_MAX_CONDITIONS] = {0};
    char name[120];
    snprintf(name, sizeof name, "%s_count", list->what);
    quell_status status = quell_group_agree(group, check(list, part->draw.count));
    if (!status) status = quell_group_same(group, list->count, name);
    if (status || !list->count) return status;
    for (size_t i = 0; i < list->count; i++) each[i] = list->given[i].count > 0;
    status = quell_group_check(MPI_Bcast(each, (int)list->count, MPI_INT, 0, group->comm), "mpi");
    if (!status) status = quell_group_agree(group, check_each(list, each, part->draw.count));
    for (size_t i = 0; i < list->count && !status; i++) {
        snprintf(name, sizeof name, "the digest of %s '%.60s'", list->what, list->given[i].name);
        status = quell_group_same(group, digest_of(&list->given[i], !each[i]), name);
    }
    return status;
}

/* Returns which lists with a value for each sample a draw has, as bits. */
static int lists_of(const quell_draw *draw)
{
    const void *const lists[] = {draw->classes, draw->negative_classes, draw->seeds, draw->indices};
    int bits = 0;
    for (int i = 0; i < 4; i++) bits |= (lists[i] != NULL) << i;
    return bits;
}

static quell_status check_lists(int own, int first)
{
    static const char *const names[] = {"classes", "negative_classes", "seeds", "indices"};
    for (int i = 0; i < 4; i++)
        if ((own ^ first) >> i & 1)
            return quell_group_fail(
                QUELL_BAD_ARGUMENT,
                "mpi: %s are given on rank 0 and not on this one, or only here: "
                "each rank needs those of its own samples",
                names[i]);
    return QUELL_OK;
}

/* Collective: refuses the draws if some ranks have classes, seeds or indices for their samples and
 * others do not. A rank without samples need not have them. */
static quell_status agree_lists(const struct quell_group *group, const struct quell_part *part)
{
    int own = lists_of(&part->draw), first = own;
    quell_status status = quell_group_check(MPI_Bcast(&first, 1, MPI_INT, 0, group->comm), "mpi");
    if (status) return status;
    return quell_group_agree(group, part->draw.count ? check_lists(own, first) : QUELL_OK);
}

/* Collective: refuses guidance that changes no sample of any rank. Other faults of a draw are
 * reported when it is drawn. */
static quell_status agree_vain(const struct quell_group *group, const struct quell_part *part)
{
    int vain = 0;
    quell_status status = quell_group_same(group, (uint64_t)part->draw.part, "part");
    if (status || part->draw.part || !part->whole) return status;
    if (quell_told_in_vain(part->sampler, &part->draw, &vain)) vain = 0;
    status = quell_group_check(MPI_Allreduce(MPI_IN_PLACE, &vain, 1, MPI_INT, MPI_MIN, group->comm),
                               "mpi");
    if (status || !vain) return status;
    return quell_group_fail(QUELL_BAD_ARGUMENT,
                            "mpi: guidance has no effect: it leads away from the classes and the "
                            "conditions that the samples of all ranks have, or from none, which "
                            "all have");
}

quell_status quell_part_conditions(const struct quell_group *group, const struct quell_part *part)
{
    const struct list list = told(&part->draw), negative = against(&part->draw);
    quell_status status = agree_lists(group, part);
    if (!status) status = agree(group, part, &list);
    if (!status) status = agree(group, part, &negative);
    return status ? status : agree_vain(group, part);
}
