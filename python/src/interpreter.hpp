/* SPDX-License-Identifier: MIT */
/* The interpreter's lock, also while the interpreter ends.
 *
 * A daemon thread may be in a run then. Python ends such a thread, when it next asks for the lock,
 * by pthread_exit, whose unwinding may not pass through C++ that must not throw, nor through C that
 * holds memory: the process would abort. So runs in other threads are stopped first, by a hook of
 * atexit, which waits for them a while; a thread that asks for the lock later waits for the end of
 * the process, as it does by itself from Python 3.14 on. */
#ifndef QUELL_PYTHON_INTERPRETER_HPP
#define QUELL_PYTHON_INTERPRETER_HPP

#include "binding.hpp"
#include <cxxabi.h>

/* Whether this thread's runs are to stop because the interpreter ends. */
bool interpreter_ends() noexcept;

/* Waits, without the lock, for the end of the process. */
[[noreturn]] void wait_for_the_end() noexcept;

/* Calls function(), which runs Python or asks for the lock. It must own nothing that has to be
 * given back, as it may not return. */
template <class F> auto until_the_end(F &&function)
{
    try {
        return function();
    } catch (abi::__forced_unwind &) {
        wait_for_the_end();
    }
}

/* With the lock, in any thread. */
class locked
{
  public:
    locked();
    ~locked();
    locked(const locked &) = delete;
    locked &operator=(const locked &) = delete;

  private:
    PyGILState_STATE state_;
};

/* Without the lock, as a run is. */
class unlocked
{
  public:
    unlocked();
    ~unlocked();
    unlocked(const unlocked &) = delete;
    unlocked &operator=(const unlocked &) = delete;

  private:
    PyThreadState *thread_;
};

void bind_interpreter(py::module_ &module);

#endif
