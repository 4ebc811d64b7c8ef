// SPDX-License-Identifier: MIT
// quell::error becomes one of the exceptions of quell/errors.py.
#include "module.hpp"

static void raise(const quell::error &thrown)
{
    py::object sample = py::none(), transition = py::none();
    if (thrown.report()) {
        sample = py::int_(thrown.report()->sample);
        transition = py::int_(thrown.report()->transition);
    }
    std::string name(quell::status_name(thrown.status()));
    py::object exception = py::module_::import("quell.errors")
                               .attr("made")(name, thrown.what(), sample, transition);
    PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
}

void add_errors(py::module_ &module)
{
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const quell::error &thrown) {
            raise(thrown);
        }
    });
    module.def("version", [] { return quell::version(); });
}
