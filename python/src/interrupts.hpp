/* SPDX-License-Identifier: MIT */
/* Ctrl-C while the library computes without the interpreter.
 *
 * Python handles a signal in the main thread, between two of its own instructions: there are none
 * during a run, and where other threads still compute when the main thread is done with its share,
 * it has no turn to ask either. So, for the time of a run in the main thread, SIGINT also sets a
 * flag, which all workers see; Python's own handler gets the signal first, and raises
 * KeyboardInterrupt once the run has stopped. A program that has its own handler for SIGINT is not
 * stopped: its handler has its turn whenever the main thread reports progress. */
#ifndef QUELL_PYTHON_INTERRUPTS_HPP
#define QUELL_PYTHON_INTERRUPTS_HPP

#include <csignal>

class interrupts
{
  public:
    /* With the interpreter's lock. */
    interrupts();
    ~interrupts();
    interrupts(const interrupts &) = delete;
    interrupts &operator=(const interrupts &) = delete;

    /* Whether Ctrl-C was pressed during this run. From any thread. */
    bool pending() const noexcept;

    /* Whether signals have to be asked for by the thread that made this. */
    bool asks() const noexcept { return main_ && !watching_; }

  private:
    bool main_, watching_ = false;
    struct sigaction before_;
};

#endif
