/* SPDX-License-Identifier: MIT */
#include "interpreter.hpp"
#include <atomic>
#include <chrono>
#include <thread>
#include <unistd.h>

static std::atomic<int> runs;             /* which are without the lock */
static thread_local int own_runs;         /* this thread's, one within the other */
static std::atomic<bool> ending, ended;   /* runs are to stop; the lock is not to be had any more */
static std::atomic<std::thread::id> last; /* the thread that ends the interpreter */
static std::atomic<int> last_runs;        /* that thread's, after it has stopped the others' */
static std::atomic<double> patience = 5;  /* seconds that it waits for runs */

static bool is_last() noexcept { return ending && last.load() == std::this_thread::get_id(); }

/* Returns whether a flag concerns this thread. It does not if the last thread is in a run: this
 * thread may then be a worker of that run, and can still have the lock. */
static bool here_until(const std::atomic<bool> &flag) noexcept
{
    return flag && !is_last() && last_runs == 0;
}

bool interpreter_ends() noexcept { return here_until(ending); }

void wait_for_the_end() noexcept
{
    runs -= own_runs;
    for (;;) pause();
}

locked::locked()
{
    bool had = Py_IsInitialized() && PyGILState_Check(); /* a thread that has it goes on with it */
    if (!had && here_until(ended)) wait_for_the_end();
    state_ = until_the_end([] { return PyGILState_Ensure(); });
}

locked::~locked() { PyGILState_Release(state_); }

unlocked::unlocked()
{
    runs++, own_runs++;
    if (is_last()) last_runs++;
    thread_ = PyEval_SaveThread();
}

unlocked::~unlocked()
{
    runs--, own_runs--;
    if (is_last()) last_runs--;
    if (interpreter_ends()) wait_for_the_end();
    until_the_end([this] { PyEval_RestoreThread(thread_); });
}

py::object ask_python(py::handle function, const py::tuple &arguments)
{
    PyObject *result =
        until_the_end([&] { return PyObject_CallObject(function.ptr(), arguments.ptr()); });
    if (!result) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(result);
}

/* Stops the runs of other threads, and waits for them as long as an evaluation of a denoiser may
 * take, but not for ever. */
static void end()
{
    last = std::this_thread::get_id();
    ending = true;
    py::gil_scoped_release release;
    auto begun = std::chrono::steady_clock::now();
    while (runs > 0 &&
           std::chrono::steady_clock::now() - begun < std::chrono::duration<double>(patience))
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ended = true;
}

void bind_interpreter(py::module_ &module)
{
    module.def("end", end);
    module.def("be_patient", [](double seconds) { patience = seconds; }, py::arg("seconds"));
    module.def("forked", [] { runs = own_runs; });
    py::module_::import("atexit").attr("register")(module.attr("end"));
    py::dict forked;
    forked["after_in_child"] = module.attr("forked");
    py::module_::import("os").attr("register_at_fork")(**forked);
}
