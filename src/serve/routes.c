/* SPDX-License-Identifier: MIT */
/* Routing: which function answers which address. */
#include "base/nearest.h"
#include "serve/headers.h"
#include "serve/server.h"

#include <stdio.h>
#include <string.h>

static enum MHD_Result health(struct serve_request *request)
{
    return serve_say(request, MHD_HTTP_OK, "ok", NULL);
}

static enum MHD_Result readiness(struct serve_request *request)
{
    bool draining = atomic_load(&request->server->draining);
    return serve_say(request, draining ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
                     draining ? "the server is being stopped" : "ready", NULL);
}

static const struct serve_page pages[] = {
    {"/", "text/html", "A page to draw with, for people.", true, serve_start_page},
    {"/openapi.json", "application/json", "What the server can be asked, as OpenAPI.", true,
     serve_openapi},
    {"/healthz", "text/plain", "Whether the server runs.", true, health},
    {"/readyz", "text/plain", "Whether it takes requests: not once it is being stopped.", true,
     readiness},
    {"/metrics", "text/plain", "Counters and gauges, for Prometheus.", false, serve_metrics},
    {"/v1/models", "application/json", "The models.", false, serve_models},
};

#define PAGES (sizeof pages / sizeof *pages)

const struct serve_page *serve_page(size_t i) { return i < PAGES ? &pages[i] : NULL; }

static const struct serve_model *find_model(const struct serve_models *models, const char *name,
                                            size_t length)
{
    for (size_t i = 0; i < models->count; i++)
        if (strlen(models->models[i].name) == length &&
            !memcmp(models->models[i].name, name, length))
            return &models->models[i];
    return NULL;
}

/* Answers that there is no such model, and suggests the one with the nearest name. */
static enum MHD_Result say_no_model(struct serve_request *request, const char *name)
{
    char line[200];
    static const char before[] = "builtin:"; /* the command writes this before quell's own models */
    if (!strncmp(name, before, sizeof before - 1)) name += sizeof before - 1;
    struct quell_nearest nearest = quell_nearest_to(name, strcspn(name, "/"));
    for (size_t i = 0; i < request->models->count; i++)
        quell_nearest_try(&nearest, request->models->models[i].name);
    snprintf(line, sizeof line, "there is no such model%s: /v1/models lists those that are there",
             nearest.hint);
    return serve_say(request, MHD_HTTP_NOT_FOUND, line, NULL);
}

/* Where an address leads: to a page, or to a model. */
struct route {
    const struct serve_page *page;
    const struct serve_model *model;
    const char *rest;  /* what follows the name of the model; if there is no such model, the name */
    const char *wrong; /* why the address leads nowhere; "": there is no such model */
    unsigned code;     /* the HTTP status if it leads nowhere */
};

static struct route find_route(const struct serve_request *request, const char *url)
{
    static const char models[] = "/v1/models/";
    const char *path = serve_path(url);
    if (!path || !serve_is_plain(path))
        return (struct route){.code = MHD_HTTP_BAD_REQUEST,
                              .wrong = path ? "the path has a control character in it"
                                            : "the address has no host between its slashes"};
    for (size_t i = 0; i < PAGES; i++)
        if (!strcmp(path, pages[i].url)) return (struct route){.page = &pages[i]};
    if (strncmp(path, models, sizeof models - 1) != 0)
        return (struct route){.code = MHD_HTTP_NOT_FOUND,
                              .wrong = "no such page: /, /v1/models, /v1/models/NAME, "
                                       "/v1/models/NAME/samples, /v1/models/NAME/events, "
                                       "/metrics, /healthz, /readyz, /openapi.json"};
    const char *name = path + sizeof models - 1;
    size_t length = strcspn(name, "/");
    const struct serve_model *model = find_model(request->models, name, length);
    if (!model) return (struct route){.code = MHD_HTTP_NOT_FOUND, .wrong = "", .rest = name};
    const char *rest = name + length;
    if (*rest && strcmp(rest, "/samples") != 0 && strcmp(rest, "/events") != 0)
        return (struct route){.code = MHD_HTTP_NOT_FOUND,
                              .wrong = "no such page: a model has /samples and /events"};
    return (struct route){.model = model, .rest = rest};
}

/* Whether a route can be used without a token. */
static bool is_open(const struct route *route) { return route->page && route->page->open; }

static bool is_allowed(struct serve_request *request)
{
    struct serve_server *server = request->server;
    const char *authorization = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                            MHD_HTTP_HEADER_AUTHORIZATION);
    pthread_mutex_lock(&server->lock);
    bool allowed = serve_tokens_allow(&server->tokens, authorization, &request->token);
    request->guarded = server->tokens.count;
    pthread_mutex_unlock(&server->lock);
    return allowed;
}

/* The methods that a route supports, as a list for the Allow header. */
static const char *methods_of(const struct route *route)
{
    if (!route->model || !*route->rest) return "GET, HEAD";
    return strcmp(route->rest, "/events") != 0 ? "GET, HEAD, POST" : "GET, POST";
}

/* Whether `method` is in the list `methods`. */
static bool has_method(const char *methods, const char *method)
{
    size_t length = strlen(method);
    for (const char *at = methods; *at;) {
        size_t own = strcspn(at, ",");
        if (own == length && !memcmp(at, method, length)) return true;
        at += own;
        at += strspn(at, ", ");
    }
    return false;
}

static enum MHD_Result refuse_method(struct serve_request *request, const char *methods)
{
    char line[80];
    const struct serve_header allowed[] = {{"Allow", methods}, {0}};
    snprintf(line, sizeof line, "the method must be one of %s", methods);
    return serve_say(request, MHD_HTTP_METHOD_NOT_ALLOWED, line, allowed);
}

enum MHD_Result serve_admit(struct serve_request *request, const char *url, const char *method)
{
    static const struct serve_header bearer[] = {{"WWW-Authenticate", "Bearer"}, {0}};
    static const struct serve_header closing[] = {{"Connection", "close"}, {0}};
    const char *unknown = serve_note_address(request);
    const char *wrong =
        request->torn ? "the address has a NUL in it" : serve_misframed(request, method);
    if (!wrong) wrong = unknown;
    if (wrong) return serve_say(request, MHD_HTTP_BAD_REQUEST, wrong, closing);
    struct route route = find_route(request, url);
    if (!is_open(&route) && !is_allowed(request))
        return serve_say(request, MHD_HTTP_UNAUTHORIZED,
                         "a token is needed: Authorization: Bearer TOKEN", bearer);
    request->account = quell_account_open(&request->server->accounts, serve_client_of(request));
    if (!request->account) return MHD_NO;
    request->posted = !route.wrong && !strcmp(method, MHD_HTTP_METHOD_POST) &&
                      has_method(methods_of(&route), method);
    if (request->posted) return serve_receive_begin(request);
    if (route.model && *route.rest && serve_receives(request))
        return serve_say(request, MHD_HTTP_BAD_REQUEST,
                         "a body is read only with POST: use POST, or leave the body out", closing);
    return MHD_YES;
}

enum MHD_Result serve_route(struct serve_request *request, const char *url, const char *method)
{
    struct route route = find_route(request, url);
    if (route.wrong && !*route.wrong) return say_no_model(request, route.rest);
    if (route.wrong) return serve_say(request, route.code, route.wrong, NULL);
    if (!has_method(methods_of(&route), method)) return refuse_method(request, methods_of(&route));
    if (request->body.too_long)
        return serve_say(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long", NULL);
    if (route.page) return route.page->answer(request);
    if (!*route.rest) return serve_model(request, route.model);
    return serve_samples(request, route.model, !strcmp(route.rest, "/events"));
}
