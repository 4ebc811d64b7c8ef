/* SPDX-License-Identifier: MIT */
/* The kernel sends both signals to the thread that writes. That thread blocks them, and removes
 * those that arrived while it wrote. One that was pending before belongs to the host, and stays. */
#include "io/write.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

ssize_t quell_write(int file, const void *data, size_t bytes)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ};
    const struct timespec at_once = {0, 0};
    sigset_t ours, pending, before;
    sigpending(&pending);
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!sigismember(&pending, numbers[i])) sigaddset(&ours, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    ssize_t written = write(file, data, bytes);
    int reason = errno;
    if (written < 0 && (reason == EPIPE || reason == EFBIG))
        while (sigtimedwait(&ours, NULL, &at_once) < 0 && errno == EINTR) continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = reason;
    return written;
}
