// SPDX-License-Identifier: MIT
#include "module.hpp"

using handle = std::shared_ptr<quell::denoiser>;

static handle hold(quell::denoiser &&made)
{
    return std::make_shared<quell::denoiser>(std::move(made));
}

// function(call, x, mean) with float32 arrays of shape (rows, dim) that are quell's own memory,
// valid during the call. It is called in the thread that started the run.
static handle callback(size_t dim, py::function function, const std::string &output,
                       const std::string &precondition)
{
    quell::callback_options options;
    options.output = output;
    options.precondition = precondition;
    options.whole_batch = true;
    auto own = std::shared_ptr<py::function>(new py::function(std::move(function)),
                                             [](py::function *old) {
                                                 py::gil_scoped_acquire locked;
                                                 delete old;
                                             });
    auto call = [own](const quell_call &at, quell::span<const float> x, quell::span<float> mean) {
        py::gil_scoped_acquire locked;
        py::capsule borrowed(x.data(), [](void *) {});
        std::vector<size_t> shape = {at.rows, at.dim};
        (*own)(at, py::array_t<float>(shape, x.data(), borrowed),
               py::array_t<float>(shape, mean.data(), borrowed));
    };
    return hold(quell::denoiser::callback(dim, std::move(call), options));
}

static handle guided(const quell::denoiser &base, const quell::denoiser *guide, double weight,
                     double low, double high, const std::optional<doubles> &times,
                     const std::optional<doubles> &weights)
{
    quell::guidance how;
    how.weight = weight;
    how.low = low;
    how.high = high;
    how.times = copy(times);
    how.weights = copy(weights);
    return hold(guide ? quell::denoiser::guided(base, *guide, how)
                      : quell::denoiser::guided(base, how));
}

static handle mixture(const doubles &weights, const doubles &means, const doubles &variances)
{
    size_t dim = means.ndim() == 2 ? static_cast<size_t>(means.shape(1)) : 1;
    auto make = variances.ndim() == 2 ? quell::denoiser::mixture_diagonal : quell::denoiser::mixture;
    return hold(make(dim, view(weights), view(means), view(variances)));
}

static handle empirical(const floats &points)
{
    py::gil_scoped_release free;
    size_t dim = points.ndim() == 2 ? static_cast<size_t>(points.shape(1)) : 1;
    return hold(quell::denoiser::empirical(
        dim, {points.data(), static_cast<size_t>(points.size())}));
}

static py::tuple eigenbasis(const quell::denoiser &denoiser)
{
    quell::eigenbasis basis = denoiser.eigenbasis();
    size_t dim = basis.values.size();
    return py::make_tuple(py::array_t<double>(dim, basis.values.data()),
                          py::array_t<double>({dim, dim}, basis.vectors.data()));
}

static void add_models(py::module_ &module)
{
    py::class_<quell::model, std::shared_ptr<quell::model>>(module, "Model")
        .def(py::init([](const std::string &name) {
                 py::gil_scoped_release free;
                 return std::make_shared<quell::model>(name);
             }),
             py::arg("name"))
        .def_property_readonly("denoiser",
                               [](const std::shared_ptr<quell::model> &model) {
                                   return handle(model, const_cast<quell::denoiser *>(
                                                            &model->denoiser()));
                               })
        .def_property_readonly("shape",
                               [](const quell::model &model) {
                                   auto shape = model.shape();
                                   return py::tuple(py::cast(
                                       std::vector<size_t>(shape.begin(), shape.end())));
                               })
        .def_property_readonly("image", &quell::model::image)
        .def_property_readonly("schedule", &quell::model::schedule)
        .def("save", &quell::model::save, py::arg("path"));
}

void add_denoisers(py::module_ &module)
{
    py::class_<quell_call>(module, "Call")
        .def_readonly("first", &quell_call::first)
        .def_readonly("rows", &quell_call::rows)
        .def_readonly("t", &quell_call::t)
        .def_readonly("alpha", &quell_call::alpha)
        .def_readonly("sigma", &quell_call::sigma)
        .def_readonly("time", &quell_call::time);
    py::class_<quell::denoiser, handle>(module, "Denoiser")
        .def_static("isotropic",
                    [](size_t dim, double variance, const std::optional<doubles> &mean) {
                        return hold(quell::denoiser::isotropic(dim, variance, view(mean)));
                    },
                    py::arg("dim"), py::arg("variance"), py::arg("mean") = py::none())
        .def_static("diagonal",
                    [](const doubles &variances, const std::optional<doubles> &mean) {
                        return hold(quell::denoiser::diagonal(view(variances), view(mean)));
                    },
                    py::arg("variances"), py::arg("mean") = py::none())
        .def_static("full",
                    [](const doubles &covariance, const std::optional<doubles> &mean) {
                        auto dim = static_cast<size_t>(covariance.ndim() ? covariance.shape(0) : 0);
                        return hold(quell::denoiser::full(dim, view(covariance), view(mean)));
                    },
                    py::arg("covariance"), py::arg("mean") = py::none())
        .def_static("eigen",
                    [](const doubles &values, const doubles &vectors,
                       const std::optional<doubles> &mean) {
                        return hold(quell::denoiser::eigen({copy(values), copy(vectors)},
                                                           view(mean)));
                    },
                    py::arg("values"), py::arg("vectors"), py::arg("mean") = py::none())
        .def_static("mixture", mixture, py::arg("weights"), py::arg("means"), py::arg("variances"))
        .def_static("empirical", empirical, py::arg("points").noconvert())
        .def_static("callback", callback, py::arg("dim"), py::arg("function"),
                    py::arg("output") = "x0", py::arg("precondition") = "none")
        .def_static("guided", guided, py::arg("base"), py::arg("guide"), py::arg("weight"),
                    py::arg("low"), py::arg("high"), py::arg("times") = py::none(),
                    py::arg("weights") = py::none())
        .def("eigenbasis", eigenbasis)
        .def_property_readonly("dim", &quell::denoiser::dim)
        .def_property_readonly("exact", &quell::denoiser::exact)
        .def_property_readonly("kind", &quell::denoiser::kind)
        .def_property_readonly("classes", &quell::denoiser::classes);
    add_models(module);
}
