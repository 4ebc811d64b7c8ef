/* SPDX-License-Identifier: MIT */
#include "calls.hpp"
#include <utility>

static thread_local PyObject *innermost = nullptr;

py::object arguments_now()
{
    return innermost ? py::reinterpret_borrow<py::object>(innermost) : py::none();
}

static std::vector<quell::condition> conditions_of(const condition_list &given)
{
    std::vector<quell::condition> all;
    for (const auto &[name, rows] : given) {
        if (rows) {
            quell::span<const float> every = values(*rows);
            all.emplace_back(name, std::vector<float>(every.begin(), every.end()),
                             rows->ndim() == 1 ? 0 : size_t(rows->shape(0)));
        } else {
            all.push_back(quell::condition::none(name));
        }
    }
    return all;
}

static quell::span<const int32_t> view(const std::optional<classes_array> &array)
{
    return array ? quell::span<const int32_t>(array->data(), size_t(array->size()))
                 : quell::span<const int32_t>();
}

static quell::span<const uint64_t> view(const std::optional<words_array> &array)
{
    return array ? quell::span<const uint64_t>(array->data(), size_t(array->size()))
                 : quell::span<const uint64_t>();
}

/* Views what `from` has, which must last. */
template <class Settings> static quell::draw draw_of(const Settings &from)
{
    quell::draw draw;
    draw.seed = from.seed;
    draw.first = from.first;
    draw.classes = view(from.classes);
    draw.conditions = conditions_of(from.conditions);
    draw.negative_classes = view(from.negative_classes);
    draw.negative_conditions = conditions_of(from.negative_conditions);
    draw.seeds = view(from.seeds);
    draw.indices = view(from.indices);
    draw.part = from.part;
    return draw;
}

quell::draw draw_settings::draw() const { return draw_of(*this); }

call::call(const settings &from)
    : draw_(draw_of(from)), progress_(from.progress),
      outer_(std::exchange(innermost, from.arguments.ptr()))
{
    run_.threads = from.threads;
    run_.tile = from.tile;
    run_.isa = from.isa;
    run_.progress = [this](const quell_progress &at) { return report(at); };
}

call::~call() { innermost = outer_; }

/* Reports the progress. Any worker may call this, one at a time. Only the caller's thread handles
 * signals. */
int call::report(const quell_progress &at)
{
    if (interrupts_.pending() || interpreter_ends()) return 1;
    bool ask = interrupts_.asks() && std::this_thread::get_id() == caller_;
    if (!ask && progress_.is_none()) return 0;
    locked lock;
    if (ask && until_the_end(PyErr_CheckSignals)) throw py::error_already_set();
    if (!progress_.is_none()) ask_python(progress_, py::make_tuple(at.done, at.total));
    return 0;
}

/* Throws the exception that Ctrl-C stands for, instead of quell's QUELL_STOPPED. */
void call::stopped(const quell::error &failed)
{
    if (failed.status() != QUELL_STOPPED || !interrupts_.pending()) return;
    if (PyErr_CheckSignals()) throw py::error_already_set();
}
