/* SPDX-License-Identifier: MIT */
/* What the files of the extension module share. It is a thin layer on the C++ headers: arrays are
 * checked here, their shapes and kinds in the Python around it. */
#ifndef QUELL_PYTHON_BINDING_HPP
#define QUELL_PYTHON_BINDING_HPP

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <quell/quell.hpp>

namespace py = pybind11;

using floats = py::array_t<float, py::array::c_style>;
using doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using words_array = py::array_t<uint64_t, py::array::c_style>;
using classes_array = py::array_t<int32_t, py::array::c_style>;

/* Return the values of an array. The writable one throws if the array is read-only. */
quell::span<const float> values(const floats &array);
quell::span<float> writable(floats &array);
quell::span<const double> values(const doubles &array);

/* Makes a new array[rows][columns] of double with a copy of the values. */
doubles matrix(size_t rows, size_t columns, const double *values);

/* Calls function(*arguments) with the interpreter's lock, and throws if that raises an
 * exception. */
py::object ask_python(py::handle function, const py::tuple &arguments);

void bind_denoisers(py::module_ &module);
void bind_errors(py::module_ &module);
void bind_names(py::module_ &module);
void bind_noise(py::module_ &module);
void bind_programs(py::module_ &module);
void bind_quantize(py::module_ &module);
void bind_queues(py::module_ &module);
void bind_samplers(py::module_ &module);
void bind_schedules(py::module_ &module);

#endif
