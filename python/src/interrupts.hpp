/* SPDX-License-Identifier: MIT */
/* Ctrl-C while the library computes without the interpreter.
 *
 * Python handles a signal in the main thread, between two of its own instructions. During a run
 * there are none; and if the main thread is done with its share while others still compute, it does
 * not check for signals either. So during a run in the main thread SIGINT also sets a flag, which
 * all workers see. Python's own handler gets the signal first, and raises KeyboardInterrupt after
 * the run has stopped. If a program has its own handler for SIGINT, the run is not stopped: that
 * handler runs whenever the main thread reports progress. */
#ifndef QUELL_PYTHON_INTERRUPTS_HPP
#define QUELL_PYTHON_INTERRUPTS_HPP

#include <csignal>

class interrupts
{
  public:
    /* Needs the interpreter's lock. */
    interrupts();
    ~interrupts();
    interrupts(const interrupts &) = delete;
    interrupts &operator=(const interrupts &) = delete;

    /* Returns whether Ctrl-C was pressed during this run; may be called in any thread. */
    bool pending() const noexcept;

    /* Returns whether the thread that made this object must check for signals itself. */
    bool asks() const noexcept { return main_ && !watching_; }

  private:
    bool main_, watching_ = false;
    struct sigaction before_;
};

#endif
