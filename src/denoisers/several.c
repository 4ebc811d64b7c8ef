/* SPDX-License-Identifier: MIT */
/* Makes evaluations, one or several at once. */
#include "denoisers/denoiser.h"
#include "base/memory.h"

#include <stdbool.h>

/* The greatest number of guided evaluations that are replaced by their parts at a time, and of
 * these parts. */
#define AT_A_TIME 16
#define PARTS (2 * AT_A_TIME)

/* Makes one evaluation, and does what the class cannot do itself (apart). */
static int evaluate_alone(const struct quell_asked *one)
{
    const quell_denoiser *denoiser = one->denoiser;
    struct quell_evaluation whole = one->at;
    if (!whole.apart || denoiser->type->apart) return denoiser->type->evaluate(denoiser, &one->at);
    whole.apart = false;
    int result = denoiser->type->evaluate(denoiser, &whole);
    if (!result)
        quell_denoiser_part(whole.kernels, whole.alpha, whole.rows * whole.elements, whole.x,
                            whole.out);
    return result;
}

/* Makes evaluations of one denoiser. */
static int evaluate_same(const struct quell_asked *list, size_t count)
{
    const quell_denoiser *denoiser = list->denoiser;
    int result = 0;
    if (denoiser->type->several) return denoiser->type->several(denoiser, list, count);
    for (size_t i = 0; i < count && !result; i++) result = evaluate_alone(&list[i]);
    return result;
}

static size_t count_same(const struct quell_asked *list, size_t count)
{
    size_t same = 1;
    while (same < count && list[same].denoiser == list->denoiser) same++;
    return same;
}

/* Makes evaluations of several denoisers, one denoiser after the other. */
static int evaluate_whole(const struct quell_asked *list, size_t count)
{
    struct quell_asked some[PARTS];
    bool done[PARTS] = {false};
    int result = 0;
    if (count_same(list, count) == count) return evaluate_same(list, count);
    for (size_t i = 0; i < count && !result; i++) {
        size_t same = 0;
        for (size_t j = i; j < count; j++) {
            if (done[j] || list[j].denoiser != list[i].denoiser) continue;
            done[j] = true;
            some[same++] = list[j];
        }
        if (same) result = evaluate_same(some, same);
    }
    return result;
}

static bool any_parts(const struct quell_asked *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].denoiser->type->ask) return true;
    return false;
}

/* Makes evaluations of which some consist of others: replaces these by their parts, and combines
 * the results. */
static int evaluate_parts(const struct quell_asked *list, size_t count)
{
    struct quell_asked part[PARTS] = {{0}};
    struct quell_told told[AT_A_TIME];
    float *memory = list->at.scratch, *other[AT_A_TIME];
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        const struct quell_denoiser_class *type = list[i].denoiser->type;
        other[i] = memory;
        if (type->ask) memory += list[i].at.rows * list[i].denoiser->dim;
        part[parts] = list[i];
        parts += type->ask
                     ? type->ask(list[i].denoiser, &list[i].at, other[i], &told[i], &part[parts])
                     : 1;
    }
    size_t used = (size_t)(memory - (float *)list->at.scratch);
    for (size_t i = 0; i < parts; i++)
        part[i].at.scratch = (float *)list->at.scratch + quell_round_up(used, QUELL_LANES);
    int result = quell_denoiser_evaluate_several(part, parts);
    for (size_t i = 0; i < count && !result; i++)
        if (list[i].denoiser->type->answer)
            list[i].denoiser->type->answer(list[i].denoiser, &list[i].at, other[i]);
    return result;
}

int quell_denoiser_evaluate_several(const struct quell_asked *list, size_t count)
{
    bool parts = any_parts(list, count);
    size_t most = parts ? AT_A_TIME : PARTS;
    int result = 0;
    for (size_t i = 0, now; i < count && !result; i += now) {
        now = count - i < most ? count - i : most;
        result = parts ? evaluate_parts(list + i, now) : evaluate_whole(list + i, now);
    }
    return result;
}

size_t quell_denoiser_parts(const quell_denoiser *denoiser, double t)
{
    return denoiser->type->parts ? denoiser->type->parts(denoiser, t) : 1;
}

int quell_denoiser_evaluate(const quell_denoiser *denoiser,
                            const struct quell_evaluation *evaluation)
{
    return quell_denoiser_evaluate_several(&(struct quell_asked){denoiser, *evaluation}, 1);
}
