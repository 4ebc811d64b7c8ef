/* SPDX-License-Identifier: MIT */
/* One call of the library from Python: without the interpreter's lock, with progress and Ctrl-C,
 * and with the arguments for the caller's own denoisers. */
#ifndef QUELL_PYTHON_CALLS_HPP
#define QUELL_PYTHON_CALLS_HPP

#include "binding.hpp"
#include "interpreter.hpp"
#include "interrupts.hpp"
#include <optional>
#include <thread>
#include <utility>

/* Conditions by name: rows of values or, without, none of it. */
using condition_list = std::vector<std::pair<std::string, std::optional<floats>>>;

/* A run as Python asks for it. `arguments`: a quell._call.Call, or None; the denoiser in Python
 * that this thread's call evaluates (arguments_now). progress: a function of (done, total), or
 * None. */
struct settings {
    uint64_t seed;
    uint64_t first;
    size_t threads;
    size_t tile;
    std::string isa;
    std::optional<classes_array> classes;
    py::object progress;
    py::object arguments;
    const condition_list &conditions;
    std::optional<classes_array> negative_classes;
    const condition_list &negative_conditions;
    std::optional<words_array> seeds, indices;
    bool part;
};

/* What is drawn, as Python asks for it, with all that it views. */
struct draw_settings {
    uint64_t seed;
    uint64_t first;
    std::optional<classes_array> classes;
    condition_list conditions;
    std::optional<classes_array> negative_classes;
    condition_list negative_conditions;
    std::optional<words_array> seeds, indices;
    bool part;

    quell::draw draw() const;
};

/* Returns the arguments of the innermost call that this thread is in; None if there is none. */
py::object arguments_now();

class call
{
  public:
    explicit call(const settings &from);
    ~call();
    call(const call &) = delete;
    call &operator=(const call &) = delete;

    /* Calls function(const quell::draw &, const quell::run &) without the interpreter's lock. */
    template <class F> void operator()(F &&function)
    {
        try {
            unlocked without;
            function(std::as_const(draw_), std::as_const(run_));
        } catch (const quell::error &failed) {
            stopped(failed);
            throw;
        }
    }

  private:
    int report(const quell_progress &at);
    void stopped(const quell::error &failed);

    quell::draw draw_;
    quell::run run_;
    py::object progress_;
    interrupts interrupts_;
    std::thread::id caller_ = std::this_thread::get_id();
    PyObject *outer_;
};

#endif
