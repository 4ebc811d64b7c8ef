/* SPDX-License-Identifier: MIT */
/* Which address leads where. */
#include "serve/headers.h"
#include "serve/server.h"

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

static const struct {
    const char *url;
    enum MHD_Result (*answer)(struct serve_request *request);
} pages[] = {
    {"/healthz", health},
    {"/readyz", readiness},
    {"/metrics", serve_metrics},
    {"/v1/models", serve_models},
};

static const struct serve_model *find_model(const struct serve_options *options, const char *name,
                                            size_t length)
{
    for (size_t i = 0; i < options->count; i++)
        if (strlen(options->models[i].name) == length &&
            !memcmp(options->models[i].name, name, length))
            return &options->models[i];
    return NULL;
}

/* /v1/models/NAME, and what is below it. */
static enum MHD_Result route_model(struct serve_request *request, const char *rest)
{
    size_t length = strcspn(rest, "/");
    const struct serve_model *model = find_model(request->server->options, rest, length);
    if (!model)
        return serve_say(request, MHD_HTTP_NOT_FOUND,
                         "there is no such model: /v1/models lists those that are there", NULL);
    if (!rest[length]) return serve_model(request, model);
    if (!strcmp(rest + length, "/samples")) return serve_samples(request, model);
    return serve_say(request, MHD_HTTP_NOT_FOUND, "a model has /samples, and no such page", NULL);
}

enum MHD_Result serve_route(struct serve_request *request, const char *url, const char *method)
{
    static const struct serve_header allowed[] = {{"Allow", "GET, HEAD"}, {0}};
    static const char models[] = "/v1/models/";
    url = serve_path(url);
    if (!url || !serve_is_plain(url))
        return serve_say(request, MHD_HTTP_BAD_REQUEST,
                         url ? "the path has a control character in it"
                             : "the address has no host between its slashes",
                         NULL);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return serve_say(request, MHD_HTTP_METHOD_NOT_ALLOWED, "the method must be GET or HEAD",
                         allowed);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (!strcmp(url, pages[i].url)) return pages[i].answer(request);
    if (!strncmp(url, models, sizeof models - 1))
        return route_model(request, url + sizeof models - 1);
    return serve_say(request, MHD_HTTP_NOT_FOUND,
                     "no such page: /v1/models, /v1/models/NAME/samples, /metrics, /healthz, "
                     "/readyz",
                     NULL);
}
