/* SPDX-License-Identifier: MIT */
#include "interrupts.hpp"
#include "binding.hpp"
#include <atomic>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(std::atomic<bool>::is_always_lock_free);
static std::atomic<bool> pressed, installed;
static void (*before_us)(int);

static void press(int signal)
{
    pressed = true;
    before_us(signal);
}

/* Returns an attribute of the module signal, which is kept until the process ends. */
static PyObject *attribute(const char *name)
{
    return py::object(py::module_::import("signal").attr(name)).release().ptr();
}

/* Returns whether Ctrl-C raises KeyboardInterrupt, as it does unless the program has changed
 * that. */
static bool raises()
{
    static PyObject *get = attribute("getsignal"), *raising = attribute("default_int_handler");
    return py::handle(get)(SIGINT).is(py::handle(raising));
}

interrupts::interrupts() : main_(syscall(SYS_gettid) == getpid())
{
    if (!main_ || installed || !raises()) return;
    sigaction(SIGINT, nullptr, &before_);
    bool plain = !(before_.sa_flags & SA_SIGINFO) && before_.sa_handler != SIG_DFL &&
                 before_.sa_handler != SIG_IGN;
    if (!plain) return;
    before_us = before_.sa_handler;
    pressed = false;
    struct sigaction ours = before_;
    ours.sa_handler = press;
    watching_ = installed = sigaction(SIGINT, &ours, nullptr) == 0;
}

interrupts::~interrupts()
{
    if (!watching_) return;
    sigaction(SIGINT, &before_, nullptr);
    installed = false;
}

bool interrupts::pending() const noexcept { return watching_ && pressed; }
