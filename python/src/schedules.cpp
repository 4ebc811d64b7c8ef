/* SPDX-License-Identifier: MIT */
#include "interpreter.hpp"
#include <memory>

/* A schedule from a Python function(t) -> (alpha, sigma). The function is released with the lock
 * held, in any thread. */
static quell::schedule from_function(py::function function)
{
    std::shared_ptr<py::function> own(new py::function(std::move(function)), [](py::function *old) {
        locked lock;
        delete old;
    });
    return quell::schedule::from_function([own](double t) {
        locked lock;
        auto [alpha, sigma] =
            ask_python(*own, py::make_tuple(t)).template cast<std::pair<double, double>>();
        return quell::scales{alpha, sigma};
    });
}

/* Returns alpha and sigma at many times, in the shape of these. */
static py::tuple at(const quell::schedule &schedule, const doubles &times)
{
    std::vector<py::ssize_t> shape(times.shape(), times.shape() + times.ndim());
    doubles alpha(shape), sigma(shape);
    double *a = alpha.mutable_data(), *s = sigma.mutable_data();
    quell::span<const double> all = values(times);
    for (size_t i = 0; i < all.size(); i++) {
        quell::scales here = schedule.at(all[i]);
        a[i] = here.alpha;
        s[i] = here.sigma;
    }
    return py::make_tuple(alpha, sigma);
}

void bind_schedules(py::module_ &module)
{
    py::class_<quell::schedule>(module, "Schedule")
        .def(py::init<const std::string &>(), py::arg("spec"))
        .def_static(
            "from_betas",
            [](const doubles &betas) { return quell::schedule::from_betas(values(betas)); },
            py::arg("betas"))
        .def_static("from_function", from_function, py::arg("function"))
        .def(
            "at",
            [](const quell::schedule &schedule, double t) {
                quell::scales here = schedule.at(t);
                return std::make_pair(here.alpha, here.sigma);
            },
            py::arg("t"))
        .def("at_all", at, py::arg("times"));
}
