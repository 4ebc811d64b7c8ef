// SPDX-License-Identifier: MIT
#include "module.hpp"

static py::tuple at(const quell::schedule &schedule, const doubles &times)
{
    doubles alpha(std::vector<py::ssize_t>(times.shape(), times.shape() + times.ndim()));
    doubles sigma(std::vector<py::ssize_t>(times.shape(), times.shape() + times.ndim()));
    for (py::ssize_t i = 0; i < times.size(); i++) {
        quell::scales scales = schedule.at(times.data()[i]);
        alpha.mutable_data()[i] = scales.alpha;
        sigma.mutable_data()[i] = scales.sigma;
    }
    return py::make_tuple(alpha, sigma);
}

// Runs evaluate schedules with the GIL given up.
static quell::schedule from_function(py::function function)
{
    auto own = std::shared_ptr<py::function>(new py::function(std::move(function)),
                                             [](py::function *old) {
                                                 py::gil_scoped_acquire locked;
                                                 delete old;
                                             });
    return quell::schedule::from_function([own](double t) {
        py::gil_scoped_acquire locked;
        auto [alpha, sigma] = (*own)(t).cast<std::pair<double, double>>();
        return quell::scales{alpha, sigma};
    });
}

void add_schedules(py::module_ &module)
{
    py::class_<quell::schedule, std::shared_ptr<quell::schedule>>(module, "Schedule")
        .def(py::init<const std::string &>(), py::arg("spec"))
        .def_static("from_betas",
                    [](const doubles &betas) { return quell::schedule::from_betas(view(betas)); },
                    py::arg("betas"))
        .def_static("from_function", from_function, py::arg("function"))
        .def("at", at, py::arg("times"));
}
