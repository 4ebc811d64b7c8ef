/* SPDX-License-Identifier: MIT */
/* The log has a line for each request: the time when it ended, the client, the address, the status,
 * the number of bytes, and how many milliseconds it took. */
#include "serve/server.h"
#include "base/json_write.h"
#include "queue/queue.h"

#include <stdio.h>
#include <time.h>

struct words {
    char time[40], client[INET6_ADDRSTRLEN];
};

static struct words words_of(const struct serve_request *request)
{
    struct words words;
    struct timespec now;
    struct tm day;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(words.time, sizeof words.time, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
    serve_address_write(&request->address, words.client);
    return words;
}

static int put(void *user, const char *text, size_t size)
{
    return fwrite(text, 1, size, user) < size;
}

void serve_log(const struct serve_request *request)
{
    const struct serve_options *options = request->server->options;
    if (!options->log) return;
    struct words words = words_of(request);
    double milliseconds = 1e3 * (quell_queue_now() - request->began);
    flockfile(options->log);
    if (options->json) {
        struct quell_json_writer writer = {.put = put, .user = options->log, .digits = 6};
        quell_json_begin(&writer, NULL, '{');
        quell_json_put_text(&writer, "time", words.time);
        quell_json_put_text(&writer, "client", words.client);
        quell_json_put_text(&writer, "request", request->uri);
        quell_json_put_whole(&writer, "status", request->code);
        quell_json_put_whole(&writer, "bytes", (int64_t)request->bytes);
        quell_json_put_number(&writer, "milliseconds", milliseconds);
        quell_json_end(&writer, '}');
        fputc('\n', options->log);
    } else {
        fprintf(options->log, "%s %s %s %u %zu %.1f ms\n", words.time, words.client, request->uri,
                request->code, request->bytes, milliseconds);
    }
    fflush(options->log);
    funlockfile(options->log);
}
