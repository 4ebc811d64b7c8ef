/* SPDX-License-Identifier: MIT */
#include "serve/flow.h"
#include "serve/server.h"

void serve_flow_begin(struct serve_flow *flow) { pthread_mutex_init(&flow->lock, NULL); }
void serve_flow_end(struct serve_flow *flow) { pthread_mutex_destroy(&flow->lock); }

/* The connection is counted before `ending` is read, while the server sets `ending` before it reads
 * the count. So at least one of the two sees the other, and no suspended connection is
 * forgotten. */
bool serve_flow_rest(struct serve_flow *flow)
{
    struct serve_request *request = flow->request;
    if (!request) return false;
    atomic_fetch_add(&request->server->resting, 1);
    if (flow->over && atomic_load(&request->server->ending)) {
        atomic_fetch_sub(&request->server->resting, 1);
        return false;
    }
    flow->rests = true;
    MHD_suspend_connection(request->connection);
    return true;
}

void serve_flow_wake(struct serve_flow *flow)
{
    if (!flow->rests || !flow->request) return;
    flow->rests = false;
    MHD_resume_connection(flow->request->connection);
    atomic_fetch_sub(&flow->request->server->resting, 1);
}

void serve_flow_finish(struct serve_flow *flow)
{
    flow->over = true;
    if (flow->request) serve_wait_no_more(flow->request);
}

bool serve_flow_over(struct serve_flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    bool over = flow->over;
    pthread_mutex_unlock(&flow->lock);
    return over;
}

void serve_flow_leave(struct serve_flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->request = NULL;
    pthread_mutex_unlock(&flow->lock);
}
