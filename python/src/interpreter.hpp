/* SPDX-License-Identifier: MIT */
/* The interpreter's lock, also while the interpreter ends.
 *
 * A daemon thread may be in a run at that time. When it next asks for the lock, Python ends it by
 * pthread_exit, which unwinds its stack. That must not pass through C++ functions that are
 * noexcept, nor through C code that owns memory: the process would abort. So a hook of atexit first
 * stops the runs of other threads, and waits for them a while. A thread that asks for the lock
 * later waits for the end of the process, as Python itself does it from 3.14 on. */
#ifndef QUELL_PYTHON_INTERPRETER_HPP
#define QUELL_PYTHON_INTERPRETER_HPP

#include "binding.hpp"
#include <cxxabi.h>

/* Returns whether this thread's runs must stop because the interpreter ends. */
bool interpreter_ends() noexcept;

/* Waits for the end of the process, without the lock. */
[[noreturn]] void wait_for_the_end() noexcept;

/* Calls function(), which runs Python or asks for the lock. It must not own anything that has to be
 * released, because it may never return. */
template <class F> auto until_the_end(F &&function)
{
    try {
        return function();
    } catch (abi::__forced_unwind &) {
        wait_for_the_end();
    }
}

/* Takes the lock for its lifetime, in any thread. */
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

/* Releases the lock for its lifetime, as during a run. */
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
