/* SPDX-License-Identifier: MIT */
/* Queues, on C++'s. A ticket keeps all that its request reads and writes until it has ended. */
#include "calls.hpp"
#include <algorithm>
#include <chrono>
#include <memory>

namespace
{

constexpr double look = 0.05; /* seconds between two looks for Ctrl-C */

/* A queue that can be ended while others wait for it to be closed: it lasts until they do not. */
struct line {
    std::shared_ptr<quell::queue> queue;
};

std::shared_ptr<quell::queue> queue_of(const line &line)
{
    if (!line.queue)
        throw quell::error(QUELL_BAD_ARGUMENT, "queue: it has ended and takes no more requests");
    return line.queue;
}

/* sampler, x, given: what the queue uses without the interpreter. */
struct ticket {
    ticket(const quell::queue &queue, py::object own_sampler, floats own_x, draw_settings from,
           const quell::request &how)
        : sampler(std::move(own_sampler)), x(std::move(own_x)), given(std::move(from))
    {
        auto &made = sampler.cast<quell::sampler &>();
        quell::span<float> all = writable(x);
        quell::draw draw = given.draw();
        inner.emplace(queue.submit(made, draw, all, how));
    }
    ticket(const ticket &) = delete;
    ticket &operator=(const ticket &) = delete;

    /* Nobody can have the samples any more; the queue lets go of them within an instruction. */
    ~ticket()
    {
        if (!inner) return;
        inner->cancel();
        unlocked without;
        quell_ticket_wait(inner->get(), -1);
    }

    py::object sampler;
    floats x;
    draw_settings given;
    std::optional<quell::ticket> inner;
};

/* Calls function(seconds), which waits for so long and returns whether it has come, until it has or
 * all the seconds are past; a negative number has no limit. Ctrl-C ends the waiting. */
template <class F> bool wait_in_parts(double seconds, F &&function)
{
    using clock = std::chrono::steady_clock;
    auto begun = clock::now();
    for (;;) {
        double past = std::chrono::duration<double>(clock::now() - begun).count();
        double left = seconds < 0 ? look : std::max(std::min(look, seconds - past), 0.0);
        bool come;
        {
            unlocked without;
            come = function(left);
        }
        if (come) return true;
        if (PyErr_CheckSignals()) throw py::error_already_set();
        if (seconds >= 0 && left <= 0) return false;
    }
}

std::unique_ptr<line> make_line(size_t threads, const std::string &isa, size_t rows,
                                size_t capacity)
{
    quell::queue_options options;
    options.threads = threads;
    options.isa = isa;
    options.rows = rows;
    options.capacity = capacity;
    return std::make_unique<line>(line{std::make_shared<quell::queue>(options)});
}

std::unique_ptr<ticket>
submit(const line &line, py::object sampler, floats x, bool from, uint64_t client, int priority,
       double seconds, uint64_t seed, uint64_t first, std::optional<classes_array> classes,
       const condition_list &conditions, std::optional<classes_array> negative_classes,
       const condition_list &negative_conditions, std::optional<words_array> seeds,
       std::optional<words_array> indices, bool part)
{
    quell::request how;
    how.from = from;
    how.client = client;
    how.priority = priority;
    how.seconds = seconds;
    draw_settings given{seed,
                        first,
                        std::move(classes),
                        conditions,
                        std::move(negative_classes),
                        negative_conditions,
                        std::move(seeds),
                        std::move(indices),
                        part};
    return std::make_unique<ticket>(*queue_of(line), std::move(sampler), std::move(x),
                                    std::move(given), how);
}

/* Waits in parts, so that Ctrl-C ends the waiting. */
bool close_line(const line &line, double seconds)
{
    std::shared_ptr<quell::queue> queue = line.queue;
    return !queue || wait_in_parts(seconds, [&](double part) { return queue->close(part); });
}

/* Frees the queue, which cancels what has not ended. */
void end_line(line &line)
{
    std::shared_ptr<quell::queue> queue = std::move(line.queue);
    line.queue = nullptr;
    unlocked without;
    queue = nullptr;
}

py::tuple look_at(const line &line)
{
    quell_queue_state now = line.queue ? line.queue->look() : quell_queue_state{};
    return py::make_tuple(now.requests, now.samples, now.drawn, now.runs, now.busy != 0);
}

} // namespace

void bind_queues(py::module_ &module)
{
    py::class_<ticket>(module, "Ticket")
        .def(
            "wait",
            [](const ticket &own, double seconds) {
                return wait_in_parts(seconds, [&](double part) { return own.inner->wait(part); });
            },
            py::arg("seconds"))
        .def("cancel", [](const ticket &own) { own.inner->cancel(); })
        .def_property_readonly("drawn", [](const ticket &own) { return own.inner->drawn(); })
        .def_property_readonly("x", [](const ticket &own) { return own.x; });
    py::class_<line>(module, "Queue")
        .def(py::init(&make_line), py::arg("threads") = 0, py::arg("isa") = "", py::arg("rows") = 0,
             py::arg("capacity") = 65536)
        .def("submit", submit, py::arg("sampler"), py::arg("x").noconvert(),
             py::arg("start") = false, py::arg("client") = 0, py::arg("priority") = 0,
             py::arg("seconds") = 0.0, py::arg("seed") = 0, py::arg("first") = 0,
             py::arg("classes") = py::none(), py::arg("conditions") = condition_list(),
             py::arg("negative_classes") = py::none(),
             py::arg("negative_conditions") = condition_list(), py::arg("seeds") = py::none(),
             py::arg("indices") = py::none(), py::arg("part") = false)
        .def("close", close_line, py::arg("seconds"))
        .def("end", end_line)
        .def("look", look_at);
}
