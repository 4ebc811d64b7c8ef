// SPDX-License-Identifier: MIT
// The extension quell._quell: the C++ interface (quell/quell.hpp) for quell's Python modules, which
// bring arrays into the form that is wanted here and have the docstrings. One file per noun.
#ifndef QUELL_PYTHON_MODULE_HPP
#define QUELL_PYTHON_MODULE_HPP

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <quell/quell.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace py = pybind11;

// What Python hands over is C-contiguous already; floats are never copied here.
using floats = py::array_t<float, py::array::c_style>;
using doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using classes = py::array_t<int32_t, py::array::c_style | py::array::forcecast>;

inline quell::span<const double> view(const doubles &array)
{
    return {array.data(), static_cast<size_t>(array.size())};
}

inline quell::span<const double> view(const std::optional<doubles> &array)
{
    return array ? view(*array) : quell::span<const double>();
}

inline std::vector<double> copy(const std::optional<doubles> &array)
{
    auto all = view(array);
    return {all.begin(), all.end()};
}

void add_errors(py::module_ &module);
void add_schedules(py::module_ &module);
void add_denoisers(py::module_ &module);
void add_samplers(py::module_ &module);
void add_names(py::module_ &module);

#endif
