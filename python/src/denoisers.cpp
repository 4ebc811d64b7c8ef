/* SPDX-License-Identifier: MIT */
#include "calls.hpp"
#include <algorithm>
#include <memory>

/* A function of Python's, called once for all samples of a run, in the thread that made it:
 *
 *     function(x_t[rows][dim], t, time, first, arguments) -> mean[rows][dim]
 *
 * x_t is a copy, which the function may keep and change. What it raises leaves the call of Python's
 * that the run was started with. */
class python_denoiser
{
  public:
    explicit python_denoiser(py::function function)
        : function_(new py::function(std::move(function)), [](py::function *old) {
              py::gil_scoped_acquire lock;
              delete old;
          })
    {
    }

    void operator()(const quell_call &call, quell::span<const float> input,
                    quell::span<float> output) const
    {
        py::gil_scoped_acquire lock;
        floats x({call.rows, call.dim});
        std::copy(input.begin(), input.end(), x.mutable_data());
        py::object result = (*function_)(x, call.t, call.time, call.first, arguments_now());
        floats mean = result.cast<floats>();
        quell::detail::expect("denoiser: what it returned", size_t(mean.size()), output.size());
        std::copy_n(mean.data(), output.size(), output.data());
    }

  private:
    std::shared_ptr<py::function> function_;
};

static quell::denoiser from_function(size_t dim, py::function function, const std::string &output,
                                     const std::string &precondition)
{
    quell::callback_options options;
    options.output = output;
    options.precondition = precondition;
    options.whole_batch = true;
    return quell::denoiser::callback(dim, python_denoiser(std::move(function)), options);
}

static quell::denoiser guided(const quell::denoiser &base, const quell::denoiser *guide,
                              double weight, double low, double high, std::vector<double> times,
                              std::vector<double> weights)
{
    quell::guidance how;
    how.weight = weight;
    how.low = low;
    how.high = high;
    how.times = std::move(times);
    how.weights = std::move(weights);
    return guide ? quell::denoiser::guided(base, *guide, how) : quell::denoiser::guided(base, how);
}

static void bind_constructors(py::class_<quell::denoiser> &bound)
{
    using quell::denoiser;
    bound
        .def_static(
            "isotropic",
            [](size_t dim, double variance, const doubles &mean) {
                return denoiser::isotropic(dim, variance, values(mean));
            },
            py::arg("dim"), py::arg("variance"), py::arg("mean"))
        .def_static(
            "diagonal",
            [](const doubles &variances, const doubles &mean) {
                return denoiser::diagonal(values(variances), values(mean));
            },
            py::arg("variances"), py::arg("mean"))
        .def_static(
            "full",
            [](size_t dim, const doubles &covariance, const doubles &mean) {
                return denoiser::full(dim, values(covariance), values(mean));
            },
            py::arg("dim"), py::arg("covariance"), py::arg("mean"))
        .def_static(
            "mixture",
            [](size_t dim, const doubles &weights, const doubles &means, const doubles &variances) {
                return variances.size() == weights.size()
                           ? denoiser::mixture(dim, values(weights), values(means),
                                               values(variances))
                           : denoiser::mixture_diagonal(dim, values(weights), values(means),
                                                        values(variances));
            },
            py::arg("dim"), py::arg("weights"), py::arg("means"), py::arg("variances"))
        .def_static(
            "empirical",
            [](size_t dim, const floats &points) {
                return denoiser::empirical(dim, values(points));
            },
            py::arg("dim"), py::arg("points"))
        .def_static("function", from_function, py::arg("dim"), py::arg("function"),
                    py::arg("output"), py::arg("precondition"))
        .def_static("guided", guided, py::arg("base"), py::arg("guide").none(true),
                    py::arg("weight"), py::arg("low"), py::arg("high"), py::arg("times"),
                    py::arg("weights"));
}

void bind_denoisers(py::module_ &module)
{
    py::class_<quell::denoiser> denoiser(module, "Denoiser");
    bind_constructors(denoiser);
    denoiser.def_property_readonly("dim", &quell::denoiser::dim)
        .def_property_readonly("exact", &quell::denoiser::exact)
        .def_property_readonly("kind",
                               [](const quell::denoiser &d) { return std::string(d.kind()); })
        .def_property_readonly("classes", &quell::denoiser::classes);

    py::class_<quell::model>(module, "Model")
        .def(py::init<const std::string &>(), py::arg("name"))
        .def_property_readonly("denoiser", &quell::model::denoiser,
                               py::return_value_policy::reference_internal)
        .def_property_readonly("shape",
                               [](const quell::model &model) {
                                   quell::span<const size_t> shape = model.shape();
                                   return py::tuple(
                                       py::cast(std::vector<size_t>(shape.begin(), shape.end())));
                               })
        .def_property_readonly("image", &quell::model::image)
        .def_property_readonly("schedule",
                               [](const quell::model &m) { return std::string(m.schedule()); })
        .def("save", &quell::model::save, py::arg("path"));
}
