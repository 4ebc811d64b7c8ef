/* SPDX-License-Identifier: MIT */
/* Keeps ONNX Runtime from disturbing the host: it logs nothing, reports nothing, and its threads
 * neither spin nor choose processors. */
#include "onnx/network.h"
#include "base/process.h"

#ifdef QUELL_ONNX_RUNTIME
#include <dlfcn.h>
#endif
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef QUELL_ONNX_RUNTIME
/* In the command, ONNX Runtime is loaded when it is first needed: linking it would take ten times
 * as long as everything else up to the first sample. It stays loaded, because threads call back
 * into it when they end. */
static const OrtApiBase *base(void)
{
    const OrtApiBase *(*get)(void) = NULL;
    void *library = dlopen(QUELL_ONNX_RUNTIME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = library ? dlsym(library, "OrtGetApiBase") : NULL;
    memcpy(&get, &symbol, sizeof get);
    return get ? get() : NULL;
}
#else
static const OrtApiBase *base(void) { return OrtGetApiBase(); }
#endif

const OrtApi *runtime_api(void)
{
    const OrtApiBase *found = base();
    return found ? found->GetApi(ORT_API_VERSION) : NULL;
}

const char *quell_onnx_runtime(void)
{
    const OrtApiBase *found = base();
    return found ? found->GetVersionString() : "none";
}

quell_status refuse(quell_status status, const char *path, const char *format, ...)
{
    char what[2048], line[2048 + PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%s: %s", path, what);
    return quell_error_set(status, line);
}

quell_status refuse_by(const OrtApi *api, OrtStatus *status, quell_status as, const char *path)
{
    if (!status) return QUELL_OK;
    quell_status refused = refuse(as, path, "ONNX Runtime says: %s", api->GetErrorMessage(status));
    api->ReleaseStatus(status);
    return refused;
}

/* Discards the log: errors are also returned as a status. */
static void ORT_API_CALL silent(void *user, OrtLoggingLevel level, const char *category,
                                const char *id, const char *place, const char *message)
{
    (void)user, (void)level, (void)category, (void)id, (void)place, (void)message;
}

/* Returns the number of threads, never 0: with 0 ONNX Runtime chooses for itself, and binds its
 * threads. */
static int threads_of(const quell_onnx_options *options)
{
    cpu_set_t allowed;
    if (!options->whole_batch) return 1;
    if (options->threads) return options->threads < 4096 ? (int)options->threads : 4096;
    return sched_getaffinity(0, sizeof allowed, &allowed) ? 1 : CPU_COUNT(&allowed);
}

static OrtStatus *configure(const OrtApi *api, OrtSessionOptions *session, int threads)
{
    OrtStatus *status = api->SetIntraOpNumThreads(session, threads);
    if (!status) status = api->SetInterOpNumThreads(session, 1);
    if (!status) status = api->SetSessionExecutionMode(session, ORT_SEQUENTIAL);
    if (!status)
        status = api->AddSessionConfigEntry(session, "session.intra_op.allow_spinning", "0");
    return status;
}

quell_status runtime_start(struct network *network, const char *path,
                           const quell_onnx_options *options)
{
    OrtSessionOptions *session = NULL;
    const OrtApi *api = network->api;
    network->process = quell_process_number();
    OrtStatus *status = api->CreateEnvWithCustomLogger(silent, NULL, ORT_LOGGING_LEVEL_ERROR,
                                                       "quell", &network->env);
    if (!status) status = api->DisableTelemetryEvents(network->env);
    if (!status)
        status = api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &network->memory);
    if (!status) status = api->CreateSessionOptions(&session);
    if (!status) status = configure(api, session, threads_of(options));
    if (!status) status = api->CreateSession(network->env, path, session, &network->session);
    if (session) api->ReleaseSessionOptions(session);
    return refuse_by(api, status, QUELL_BAD_MODEL, path);
}

/* In a child of fork() the session is not released: it would wait for threads that only the parent
 * has. */
void runtime_end(struct network *network)
{
    if (network->session && network->process != quell_process_number()) return;
    if (network->session) network->api->ReleaseSession(network->session);
    if (network->memory) network->api->ReleaseMemoryInfo(network->memory);
    if (network->env) network->api->ReleaseEnv(network->env);
}

quell_status runtime_metadata(struct network *network, const char *path, const char *key,
                              char *text, size_t size)
{
    const OrtApi *api = network->api;
    OrtModelMetadata *metadata = NULL;
    OrtAllocator *allocator = NULL;
    char *value = NULL;
    text[0] = 0;
    OrtStatus *status = api->GetAllocatorWithDefaultOptions(&allocator);
    if (!status) status = api->SessionGetModelMetadata(network->session, &metadata);
    if (!status)
        status = api->ModelMetadataLookupCustomMetadataMap(metadata, allocator, key, &value);
    if (metadata) api->ReleaseModelMetadata(metadata);
    quell_status failed = refuse_by(api, status, QUELL_BAD_MODEL, path);
    if (failed || !value) return failed;
    if (strlen(value) < size)
        strcpy(text, value);
    else
        failed =
            refuse(QUELL_BAD_MODEL, path, "metadata %s: has %zu characters, must have under %zu",
                   key, strlen(value), size);
    allocator->Free(allocator, value);
    return failed;
}
