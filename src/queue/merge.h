/* SPDX-License-Identifier: MIT */
/* The draw of a run that has samples of several requests: all that is told to them one by one. */
#ifndef QUELL_QUEUE_MERGE_H
#define QUELL_QUEUE_MERGE_H

#include "queue/queue.h"

struct quell_merged {
    quell_draw draw;
    quell_condition conditions[QUELL_MAX_CONDITIONS], negative_conditions[QUELL_MAX_CONDITIONS];
    float *x;      /* [rows][dim] */
    float *states; /* [rows][dim]: those to start from; NULL: all are drawn */
    bool *given;   /* [rows]: whether a row has one */
    char *memory;  /* of everything */
};

/* Makes the draw of a batch, with copies of what the requests' arrays say. Returns false if there
 * is no memory. Free merged->memory. */
bool quell_merge(struct quell_merged *merged, const struct quell_batch *batch);

#endif
