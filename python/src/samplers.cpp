/* SPDX-License-Identifier: MIT */
#include "calls.hpp"

using vector = std::vector<double>;

static quell::sampler_options options(size_t steps, double start, double stop, vector times,
                                      vector sigmas, const std::string &grid,
                                      std::pair<double, double> clamp, double threshold,
                                      double threshold_max, bool brownian, vector mean,
                                      vector variance)
{
    quell::sampler_options made;
    made.steps = steps;
    made.start = start;
    made.stop = stop;
    made.times = std::move(times);
    made.sigmas = std::move(sigmas);
    made.grid = grid;
    made.clamp_low = clamp.first;
    made.clamp_high = clamp.second;
    made.threshold = threshold;
    made.threshold_max = threshold_max;
    made.brownian = brownian;
    made.prior_mean = std::move(mean);
    made.prior_variance = std::move(variance);
    return made;
}

/* Returns the grid of a sampler with these options: rows of t, alpha, sigma. */
static doubles grid(const quell::schedule &schedule, const quell::sampler_options &how)
{
    vector rows;
    quell::sampler sampler("ddim", quell::denoiser::from_isotropic(1), schedule, how);
    for (const quell::point &at : sampler.grid())
        rows.insert(rows.end(), {at.t, at.alpha, at.sigma});
    return matrix(rows.size() / 3, 3, rows.data());
}

/* The arguments of a run, one by one: a keyword costs less than an object made for each call. */
#define RUN                                                                              \
    uint64_t seed, uint64_t first, size_t threads, size_t tile, const std::string &isa,  \
        std::optional<classes_array> classes, py::object progress, py::object arguments, \
        const condition_list &conditions, std::optional<classes_array> negative_classes, \
        const condition_list &negative_conditions, std::optional<words_array> seeds,     \
        std::optional<words_array> indices, bool part
#define RUN_SETTINGS              \
    {seed,                        \
     first,                       \
     threads,                     \
     tile,                        \
     isa,                         \
     std::move(classes),          \
     std::move(progress),         \
     std::move(arguments),        \
     conditions,                  \
     std::move(negative_classes), \
     negative_conditions,         \
     std::move(seeds),            \
     std::move(indices),          \
     part}
#define RUN_NAMES                                                                                \
    py::arg("seed") = 0, py::arg("first") = 0, py::arg("threads") = 0, py::arg("tile") = 0,      \
    py::arg("isa") = "", py::arg("classes") = py::none(), py::arg("progress") = py::none(),      \
    py::arg("arguments") = py::none(), py::arg("conditions") = condition_list(),                 \
    py::arg("negative_classes") = py::none(), py::arg("negative_conditions") = condition_list(), \
    py::arg("seeds") = py::none(), py::arg("indices") = py::none(), py::arg("part") = false

static void init(const quell::sampler &sampler, floats x, RUN)
{
    settings how RUN_SETTINGS;
    quell::span<float> all = writable(x);
    call run(how);
    run([&](auto &draw, auto &run) { sampler.sample_prior(draw, all, run); });
}

static void forward(const quell::sampler &sampler, floats x, RUN)
{
    settings how RUN_SETTINGS;
    quell::span<float> all = writable(x);
    call run(how);
    run([&](auto &draw, auto &run) { sampler.sample_from(draw, all, run); });
}

static void step(const quell::sampler &sampler, floats x, double t, double s, RUN)
{
    settings how RUN_SETTINGS;
    quell::span<float> all = writable(x);
    call run(how);
    run([&](auto &draw, auto &run) { sampler.step(draw, t, s, all, run); });
}

static void denoise(const quell::sampler &sampler, const floats &x, floats out, double t, RUN)
{
    settings how RUN_SETTINGS;
    quell::span<float> all = writable(out);
    call run(how);
    run([&](auto &draw, auto &run) { sampler.denoise(draw, t, values(x), all, run); });
}

static py::dict point_of(const quell_point &point)
{
    py::dict at;
    at["t"] = point.t, at["alpha"] = point.alpha, at["sigma"] = point.sigma;
    return at;
}

/* Puts terms, as pairs of a coefficient and a register, and noises, as dictionaries, into the
 * operation. */
static void put_terms(py::dict &one, const quell::operation &op)
{
    py::list terms, noises;
    for (size_t k = 0; k < op.terms; k++)
        terms.append(py::make_tuple(op.term[k].coefficient, op.term[k].source));
    for (size_t j = 0; j < op.noises; j++) {
        py::dict noise;
        noise["coefficient"] = op.noise[j].coefficient, noise["slot"] = op.noise[j].slot;
        noise["path"] = op.noise[j].path != 0;
        noise["from"] = op.noise[j].from, noise["to"] = op.noise[j].to;
        noises.append(noise);
    }
    one["terms"] = terms, one["noises"] = noises;
}

static py::dict operation_of(const quell::operation &op)
{
    py::dict one;
    one["kind"] = std::string(quell::operation_name(op.kind));
    if (op.kind == QUELL_OPERATION_STEP || op.kind == QUELL_OPERATION_ADAPT) {
        one["t"] = point_of(op.t), one["s"] = point_of(op.s);
        return one;
    }
    one["out"] = op.out;
    put_terms(one, op);
    if (op.kind == QUELL_OPERATION_EVAL) {
        one["t"] = point_of(op.t), one["apart"] = op.apart != 0;
        one["variance"] = op.variance ? py::object(py::int_(op.variance)) : py::object(py::none());
    }
    if (op.kind == QUELL_OPERATION_SPREAD) one["middle"] = op.spread_middle;
    if (op.kind == QUELL_OPERATION_LANGEVIN) one["by_norms"] = op.by_norms != 0;
    return one;
}

static py::list operations(const quell::sampler &sampler)
{
    py::list all;
    for (const quell::operation &op : sampler.operations()) all.append(operation_of(op));
    return all;
}

void bind_samplers(py::module_ &module)
{
    py::class_<quell::sampler_options>(module, "Options")
        .def(py::init(&options), py::arg("steps") = 0, py::arg("start") = 1.0,
             py::arg("stop") = 0.0, py::arg("times") = vector{}, py::arg("sigmas") = vector{},
             py::arg("grid") = "", py::arg("clamp") = std::make_pair(-INFINITY, INFINITY),
             py::arg("threshold") = 0.0, py::arg("threshold_max") = INFINITY,
             py::arg("brownian") = false, py::arg("mean") = vector{},
             py::arg("variance") = vector{});
    module.def("grid", grid, py::arg("schedule"), py::arg("options"));

    py::class_<quell::sampler>(module, "Sampler")
        .def(py::init<const std::string &, const quell::denoiser &, const quell::schedule &,
                      const quell::sampler_options &>(),
             py::arg("spec"), py::arg("denoiser"), py::arg("schedule"), py::arg("options"))
        .def("init", init, py::arg("x").noconvert(), RUN_NAMES)
        .def("forward", forward, py::arg("x").noconvert(), RUN_NAMES)
        .def("step", step, py::arg("x").noconvert(), py::arg("t"), py::arg("s"), RUN_NAMES)
        .def("denoise", denoise, py::arg("x").noconvert(), py::arg("out").noconvert(), py::arg("t"),
             RUN_NAMES)
        .def_property_readonly("dim", &quell::sampler::dim)
        .def_property_readonly("steps", &quell::sampler::steps)
        .def_property_readonly("digest", &quell::sampler::digest)
        .def_property_readonly("evaluations", &quell::sampler::evaluations)
        .def("operations", operations)
        .def("print", &quell::sampler::print);
}
