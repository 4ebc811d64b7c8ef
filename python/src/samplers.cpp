// SPDX-License-Identifier: MIT
// Runs give up the GIL. Python's signals are looked for by the progress function, in Python's main
// thread alone: the one that started the run has its turn 20 times a second.
#include "module.hpp"

using sampler = quell::sampler;

namespace
{

// What a run is told, in the order of the arguments of Python's methods.
struct arguments {
    uint64_t seed, first;
    size_t transition, threads, tile;
    std::string isa;
    std::optional<::classes> classes;
    py::object progress; // function(done, total), or None
};

quell::run make_run(const arguments &from)
{
    quell::run run;
    run.seed = from.seed;
    run.first = from.first;
    run.transition = from.transition;
    run.threads = from.threads;
    run.tile = from.tile;
    run.isa = from.isa;
    if (from.classes)
        run.classes = {from.classes->data(), static_cast<size_t>(from.classes->size())};
    PyObject *progress = from.progress.is_none() ? nullptr : from.progress.ptr();
    run.progress = [progress](const quell_progress &at) {
        py::gil_scoped_acquire locked;
        if (PyErr_CheckSignals()) throw py::error_already_set();
        if (progress) py::reinterpret_borrow<py::function>(progress)(at.done, at.total);
    };
    return run;
}

void init(const sampler &self, floats &x, const arguments &from)
{
    quell::run run = make_run(from);
    quell::span<float> all(x.mutable_data(), static_cast<size_t>(x.size()));
    py::gil_scoped_release free;
    self.init(run, all);
}

void forward(const sampler &self, floats &x, const arguments &from)
{
    quell::run run = make_run(from);
    quell::span<float> all(x.mutable_data(), static_cast<size_t>(x.size()));
    py::gil_scoped_release free;
    self.forward(run, all);
}

void step(const sampler &self, floats &x, double t, double s, const arguments &from)
{
    quell::run run = make_run(from);
    quell::span<float> all(x.mutable_data(), static_cast<size_t>(x.size()));
    py::gil_scoped_release free;
    self.step(run, t, s, all);
}

void denoise(const sampler &self, const floats &x, floats &out, double t, const arguments &from)
{
    quell::run run = make_run(from);
    quell::span<const float> all(x.data(), static_cast<size_t>(x.size()));
    quell::span<float> means(out.mutable_data(), static_cast<size_t>(out.size()));
    py::gil_scoped_release free;
    self.denoise(run, t, all, means);
}

quell::sampler_options make_options(size_t steps, double start, double stop,
                                    const std::optional<doubles> &times,
                                    const std::optional<doubles> &sigmas, const std::string &grid,
                                    const std::pair<double, double> &clamp, double threshold,
                                    double threshold_max, bool brownian,
                                    const std::optional<doubles> &mean,
                                    const std::optional<doubles> &variance)
{
    quell::sampler_options options;
    options.steps = steps;
    options.start = start;
    options.stop = stop;
    options.times = copy(times);
    options.sigmas = copy(sigmas);
    options.grid = grid;
    options.clamp_low = clamp.first;
    options.clamp_high = clamp.second;
    options.threshold = threshold;
    options.threshold_max = threshold_max;
    options.brownian = brownian;
    options.init_mean = copy(mean);
    options.init_variance = copy(variance);
    return options;
}

// The points of a grid: (steps + 1, 3) of t, alpha, sigma. A builder sees them; the plan that it
// would make is not needed.
py::array_t<double> points(const quell::schedule &schedule, const quell::sampler_options &options)
{
    std::vector<double> all;
    auto denoiser = quell::denoiser::isotropic(1);
    auto build = [&](quell::plan &, quell::span<const quell::point> grid) {
        for (const quell::point &at : grid) all.insert(all.end(), {at.t, at.alpha, at.sigma});
        return 1;
    };
    try {
        sampler::from_builder(build, denoiser, schedule, options);
    } catch (const quell::error &) {
        if (all.empty()) throw;
    }
    return py::array_t<double>({all.size() / 3, size_t(3)}, all.data());
}

} // namespace

void add_samplers(py::module_ &module)
{
    py::class_<quell::sampler_options>(module, "Options")
        .def(py::init(&make_options), py::arg("steps"), py::arg("start"), py::arg("stop"),
             py::arg("times"), py::arg("sigmas"), py::arg("grid"), py::arg("clamp"),
             py::arg("threshold"), py::arg("threshold_max"), py::arg("brownian"), py::arg("mean"),
             py::arg("variance"));
    py::class_<arguments>(module, "Run")
        .def(py::init([](uint64_t seed, uint64_t first, size_t transition, size_t threads,
                         size_t tile, const std::string &isa, const std::optional<classes> &labels,
                         const py::object &progress) {
                 return arguments{seed, first, transition, threads, tile, isa, labels, progress};
             }),
             py::arg("seed") = 0, py::arg("first") = 0, py::arg("transition") = 0,
             py::arg("threads") = 0, py::arg("tile") = 0, py::arg("isa") = "",
             py::arg("classes") = py::none(), py::arg("progress") = py::none());
    py::class_<sampler, std::shared_ptr<sampler>>(module, "Sampler")
        .def(py::init<const std::string &, const quell::denoiser &, const quell::schedule &,
                      const quell::sampler_options &>(),
             py::arg("spec"), py::arg("denoiser"), py::arg("schedule"), py::arg("options"))
        .def("init", init, py::arg("x").noconvert(), py::arg("run"))
        .def("forward", forward, py::arg("x").noconvert(), py::arg("run"))
        .def("step", step, py::arg("x").noconvert(), py::arg("t"), py::arg("s"), py::arg("run"))
        .def("denoise", denoise, py::arg("x").noconvert(), py::arg("out").noconvert(),
             py::arg("t"), py::arg("run"))
        .def_property_readonly("dim", &sampler::dim)
        .def_property_readonly("steps", &sampler::steps)
        .def_property_readonly("evaluations", &sampler::evaluations)
        .def("plan", &sampler::print);
    module.def("points", points, py::arg("schedule"), py::arg("options"));
}
