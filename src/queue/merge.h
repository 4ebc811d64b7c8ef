/* SPDX-License-Identifier: MIT */
/* Merges the draws of several requests into one draw, in which everything is given sample by
 * sample. */
#ifndef QUELL_QUEUE_MERGE_H
#define QUELL_QUEUE_MERGE_H

#include "queue/queue.h"

struct quell_merged {
    quell_draw draw;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative_conditions[QUELL_MAX_CONDITIONS];
    float *x;      /* [rows][dim]: the samples */
    float *states; /* [rows][dim]: states to start from; NULL: no request gives any */
    bool *given;   /* [rows]: whether `states` has the state for this row */
    char *memory;  /* the memory of all arrays */
};

/* Makes the draw of a batch, with copies of the requests' arrays. Returns false if there is no
 * memory. The caller frees merged->memory. */
bool quell_merge(struct quell_merged *merged, const struct quell_batch *batch);

#endif
