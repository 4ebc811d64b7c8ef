/* SPDX-License-Identifier: MIT */
#include "calls.hpp"
#include <algorithm>
#include <memory>

/* Copies the values that a function returned, which Python has checked. */
static void take(const py::object &from, float *to, size_t size)
{
    floats values = from.cast<floats>();
    quell::detail::expect("denoiser: what it returned", size_t(values.size()), size);
    std::copy_n(values.data(), size, to);
}

/* A denoiser in Python, which is called once for all samples of a run, in the thread that made it.
 * The run says which function it is (arguments_now), so that no object of Python's is kept alive
 * here:
 *
 *     call(x_t[rows][dim], t, time, first) -> mean[rows][dim], or (mean, variance)
 *
 * x_t is a copy, which the function may keep and change. If it raises an exception, the call that
 * started the run raises the same one. */
struct python_denoiser {
    bool pair;

    int operator()(const quell_call &call, quell::span<const float> input,
                   quell::span<float> output) const
    {
        if (interpreter_ends()) return 1;
        locked lock;
        floats x({call.rows, call.dim});
        std::copy(input.begin(), input.end(), x.mutable_data());
        py::object result =
            ask_python(arguments_now(), py::make_tuple(x, call.t, call.time, call.first));
        if (!pair) {
            take(result, output.data(), output.size());
            return 0;
        }
        py::tuple both = result;
        take(both[0], output.data(), output.size());
        if (call.variance) take(both[1], call.variance, output.size());
        return 0;
    }
};

static quell::denoiser function(size_t dim, const std::string &output,
                                const std::string &precondition, const std::string &variance,
                                uint64_t digest)
{
    quell::function_options options;
    options.output = output;
    options.precondition = precondition;
    options.variance = variance;
    options.digest = digest;
    options.whole_batch = true;
    return quell::denoiser::from_function(dim, python_denoiser{variance != "none"}, options);
}

/* Returns the eigenvalues and the eigenvectors of a full covariance. */
static py::tuple eigenbasis(const quell::denoiser &denoiser)
{
    quell::eigenbasis basis = denoiser.eigenbasis();
    size_t dim = basis.values.size();
    return py::make_tuple(matrix(1, dim, basis.values.data()),
                          matrix(dim, dim, basis.vectors.data()));
}

static quell::denoiser guided(const quell::denoiser &base, const quell::denoiser *guide,
                              double weight, double low, double high, std::vector<double> times,
                              std::vector<double> weights, double rescale)
{
    quell::guidance how;
    how.weight = weight;
    how.low = low;
    how.high = high;
    how.rescale = rescale;
    how.times = std::move(times);
    how.weights = std::move(weights);
    return guide ? quell::denoiser::from_guidance(base, *guide, how)
                 : quell::denoiser::from_guidance(base, how);
}

/* The conditions that a denoiser takes, as pairs of a name and a shape. */
static py::list conditions(const quell::denoiser &denoiser)
{
    py::list all;
    for (const quell::condition_info &one : denoiser.conditions())
        all.append(py::make_tuple(one.name, py::tuple(py::cast(one.shape))));
    return all;
}

static void bind_constructors(py::class_<quell::denoiser> &bound)
{
    using quell::denoiser;
    bound
        .def_static(
            "isotropic",
            [](size_t dim, double variance, const doubles &mean) {
                return denoiser::from_isotropic(dim, variance, values(mean));
            },
            py::arg("dim"), py::arg("variance"), py::arg("mean"))
        .def_static(
            "diagonal",
            [](const doubles &variances, const doubles &mean) {
                return denoiser::from_diagonal(values(variances), values(mean));
            },
            py::arg("variances"), py::arg("mean"))
        .def_static(
            "full",
            [](size_t dim, const doubles &covariance, const doubles &mean) {
                return denoiser::from_covariance(dim, values(covariance), values(mean));
            },
            py::arg("dim"), py::arg("covariance"), py::arg("mean"))
        .def_static(
            "mixture",
            [](size_t dim, const doubles &weights, const doubles &means, const doubles &variances) {
                return variances.size() == weights.size()
                           ? denoiser::from_mixture(dim, values(weights), values(means),
                                                    values(variances))
                           : denoiser::from_diagonal_mixture(dim, values(weights), values(means),
                                                             values(variances));
            },
            py::arg("dim"), py::arg("weights"), py::arg("means"), py::arg("variances"))
        .def_static(
            "empirical",
            [](size_t dim, const floats &points) {
                return denoiser::from_points(dim, values(points));
            },
            py::arg("dim"), py::arg("points"))
        .def_static(
            "eigen",
            [](const doubles &mean, const doubles &eigenvalues, const doubles &vectors) {
                quell::span<const double> each = values(eigenvalues), all = values(vectors);
                return denoiser::from_eigenbasis(
                    {{each.begin(), each.end()}, {all.begin(), all.end()}}, values(mean));
            },
            py::arg("mean"), py::arg("eigenvalues"), py::arg("vectors"))
        .def_static("function", function, py::arg("dim"), py::arg("output"),
                    py::arg("precondition"), py::arg("variance"), py::arg("digest"))
        .def_static("guided", guided, py::arg("base"), py::arg("guide").none(true),
                    py::arg("weight"), py::arg("low"), py::arg("high"), py::arg("times"),
                    py::arg("weights"), py::arg("rescale") = 0.0);
}

static void decode(const quell::model &model, const floats &x, floats out, uint64_t first,
                   size_t threads, std::optional<classes_array> classes,
                   const condition_list &conditions)
{
    static const condition_list none;
    settings how{
        0,          first,      threads,      0,    "",           std::move(classes), py::none(),
        py::none(), conditions, std::nullopt, none, std::nullopt, std::nullopt,       false};
    quell::span<float> all = writable(out);
    call run(how);
    run([&](auto &draw, auto &run) { model.decode(draw, values(x), all, run); });
}

void bind_denoisers(py::module_ &module)
{
    py::class_<quell::denoiser> denoiser(module, "Denoiser");
    bind_constructors(denoiser);
    denoiser.def_property_readonly("dim", &quell::denoiser::dim)
        .def_property_readonly("digest", &quell::denoiser::digest)
        .def_property_readonly("reproducible", &quell::denoiser::reproducible)
        .def_property_readonly("kind",
                               [](const quell::denoiser &d) { return std::string(d.kind()); })
        .def_property_readonly("classes", &quell::denoiser::classes)
        .def_property_readonly("conditions", conditions)
        .def("eigenbasis", eigenbasis);

    py::class_<quell::model>(module, "Model")
        .def(py::init<const std::string &, const std::string &>(), py::arg("name"),
             py::arg("precision") = "stored")
        .def_property_readonly(
            "denoiser",
            [](const quell::model &m) -> const quell::denoiser & { return m.denoiser(); },
            py::return_value_policy::reference_internal)
        .def_property_readonly("shape",
                               [](const quell::model &model) {
                                   quell::span<const size_t> shape = model.shape();
                                   return py::tuple(
                                       py::cast(std::vector<size_t>(shape.begin(), shape.end())));
                               })
        .def_property_readonly("image", &quell::model::image)
        .def_property_readonly("decodes", &quell::model::decodes)
        .def_property_readonly("decoded_shape",
                               [](const quell::model &model) {
                                   quell::span<const size_t> shape = model.decoded_shape();
                                   return py::tuple(
                                       py::cast(std::vector<size_t>(shape.begin(), shape.end())));
                               })
        .def("decode", decode, py::arg("x").noconvert(), py::arg("out").noconvert(),
             py::arg("first") = 0, py::arg("threads") = 0, py::arg("classes") = py::none(),
             py::arg("conditions") = condition_list())
        .def_property_readonly("schedule", [](const quell::model &m) { return m.schedule(); })
        .def("save", &quell::model::save, py::arg("path"));
}
