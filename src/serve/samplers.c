/* SPDX-License-Identifier: MIT */
#include "serve/samplers.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/sampler.h"

#include <stdlib.h>
#include <string.h>

static bool has_prior(const struct serve_ask *ask)
{
    return serve_ask_given(ask, "prior-mean") || serve_ask_given(ask, "prior-variance");
}

/* Writes everything that a sampler depends on as text, with all digits of each number. */
static void say_key(struct quell_text *text, const struct serve_model *model,
                    const struct serve_ask *ask)
{
    const quell_sampler_options *o = &ask->options;
    quell_say(text, "%s\n%s\n%s\n%s\n%s\n", model->name, model->digest, ask->sampler, ask->schedule,
              ask->grid);
    quell_say(text, "%zu %.17g %.17g %d %.17g %.17g %.17g %.17g", o->steps, o->start, o->stop,
              o->brownian, o->clamp_low, o->clamp_high, o->threshold, o->threshold_max);
    if (has_prior(ask))
        quell_say(text, "\nprior %.17g %.17g", ask->prior_mean, ask->prior_variance);
    if (serve_ask_guided(ask))
        quell_say(text, "\n%.17g %.17g %.17g %.17g", ask->guidance, ask->guidance_low,
                  ask->guidance_high, ask->guidance_rescale);
}

static char *key_of(const struct serve_model *model, const struct serve_ask *ask)
{
    struct quell_text text = quell_text_new(NULL, 0);
    say_key(&text, model, ask);
    char *key = quell_new(text.length + 1, 1);
    if (!key) return NULL;
    text = quell_text_new(key, text.length + 1);
    say_key(&text, model, ask);
    return key;
}

/* Creates the denoiser of a request with guidance, which the caller frees. */
static quell_status make_denoiser(const quell_model *model, const struct serve_ask *ask,
                                  quell_denoiser **denoiser)
{
    quell_guidance guidance = quell_guidance_defaults();
    guidance.weight = ask->guidance;
    guidance.low = ask->guidance_low;
    guidance.high = ask->guidance_high;
    guidance.rescale = ask->guidance_rescale;
    return quell_denoiser_from_guidance(denoiser, quell_model_denoiser(model), NULL, &guidance);
}

static quell_status make(const quell_model *model, const struct serve_ask *ask,
                         quell_sampler **sampler)
{
    quell_schedule *schedule = NULL;
    quell_denoiser *guided = NULL;
    quell_sampler_options options = ask->options;
    options.grid = *ask->grid ? ask->grid : NULL;
    if (has_prior(ask)) {
        options.prior_mean = &ask->prior_mean;
        options.prior_variance = &ask->prior_variance;
    }
    quell_status status = quell_schedule_create(&schedule, ask->schedule);
    if (!status && serve_ask_guided(ask)) status = make_denoiser(model, ask, &guided);
    if (!status)
        status =
            quell_sampler_create(sampler, ask->sampler,
                                 guided ? guided : quell_model_denoiser(model), schedule, &options);
    quell_denoiser_free(guided);
    quell_schedule_free(schedule);
    return status;
}

static void forget(struct serve_samplers *samplers, struct serve_sampler *old)
{
    struct serve_sampler **at = &samplers->first;
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    quell_sampler_free(old->sampler);
    free(old->key);
    free(old);
}

/* While the unused samplers are too many, or too large, frees the least recently used one. */
static void forget_oldest(struct serve_samplers *samplers)
{
    for (bool too_many = true; too_many;) {
        struct serve_sampler *oldest = NULL;
        size_t idle = 0, bytes = 0;
        for (struct serve_sampler *one = samplers->first; one; one = one->next) {
            if (one->users) continue;
            idle++;
            bytes += one->bytes;
            if (!oldest || one->used < oldest->used) oldest = one;
        }
        too_many = idle > SERVE_MOST_SAMPLERS || bytes > SERVE_MOST_SAMPLER_BYTES;
        if (too_many) forget(samplers, oldest);
    }
}

/* An estimate of the memory of a sampler, nearly all of which is its plan. */
static size_t bytes_of(const quell_sampler *sampler)
{
    const struct quell_plan *plan = &sampler->plan;
    return plan->capacity * sizeof *plan->ops + plan->room * sizeof *plan->name +
           plan->evaluations * sampler->constants_each +
           (sampler->steps + 1) * sizeof *sampler->grid;
}

static struct serve_sampler *find(const struct serve_samplers *samplers, const char *key)
{
    struct serve_sampler *one = samplers->first;
    while (one && (one->old || strcmp(one->key, key) != 0)) one = one->next;
    return one;
}

/* Counts one more user. */
static void use(struct serve_samplers *samplers, struct serve_sampler *one)
{
    one->users++;
    one->used = ++samplers->time;
}

static struct serve_sampler *find_and_use(struct serve_samplers *samplers, const char *key)
{
    pthread_mutex_lock(&samplers->lock);
    struct serve_sampler *one = find(samplers, key);
    if (one) use(samplers, one);
    pthread_mutex_unlock(&samplers->lock);
    return one;
}

/* Adds a new sampler to the cache, and takes over `key`. */
static void add(struct serve_samplers *samplers, char *key, struct serve_sampler *made)
{
    pthread_mutex_lock(&samplers->lock);
    made->key = key;
    made->bytes = bytes_of(made->sampler);
    made->next = samplers->first;
    samplers->first = made;
    use(samplers, made);
    pthread_mutex_unlock(&samplers->lock);
}

static quell_status no_memory(void)
{
    return quell_fail(QUELL_NO_MEMORY, "no memory for a sampler");
}

void serve_samplers_begin(struct serve_samplers *samplers)
{
    *samplers = (struct serve_samplers){0};
    pthread_mutex_init(&samplers->lock, NULL);
}

struct serve_sampler *serve_sampler_find(struct serve_samplers *samplers,
                                         const struct serve_model *model,
                                         const struct serve_ask *ask)
{
    char *key = key_of(model, ask);
    struct serve_sampler *one = key ? find_and_use(samplers, key) : NULL;
    free(key);
    return one;
}

quell_status serve_sampler_take(struct serve_samplers *samplers, const struct serve_model *model,
                                const struct serve_ask *ask, struct serve_sampler **sampler)
{
    char *key = key_of(model, ask);
    if (!key) return no_memory();
    *sampler = find_and_use(samplers, key);
    if (*sampler) {
        free(key);
        return QUELL_OK;
    }
    struct serve_sampler *made = quell_new(1, sizeof *made);
    quell_status status = made ? make(model->model, ask, &made->sampler) : no_memory();
    if (status) {
        free(made);
        free(key);
        return status;
    }
    add(samplers, key, made);
    *sampler = made;
    return QUELL_OK;
}

size_t serve_sampler_share(struct serve_samplers *samplers, const struct serve_sampler *sampler)
{
    pthread_mutex_lock(&samplers->lock);
    size_t share = sampler->bytes / sampler->users;
    pthread_mutex_unlock(&samplers->lock);
    return share;
}

void serve_sampler_give_back(struct serve_samplers *samplers, struct serve_sampler *sampler)
{
    if (!sampler) return;
    pthread_mutex_lock(&samplers->lock);
    if (!--sampler->users && sampler->old)
        forget(samplers, sampler);
    else
        forget_oldest(samplers);
    pthread_mutex_unlock(&samplers->lock);
}

void serve_samplers_forget(struct serve_samplers *samplers)
{
    pthread_mutex_lock(&samplers->lock);
    for (struct serve_sampler *one = samplers->first, *next; one; one = next) {
        next = one->next;
        one->old = true;
        if (!one->users) forget(samplers, one);
    }
    pthread_mutex_unlock(&samplers->lock);
}

void serve_samplers_free(struct serve_samplers *samplers)
{
    while (samplers->first) forget(samplers, samplers->first);
    pthread_mutex_destroy(&samplers->lock);
}
