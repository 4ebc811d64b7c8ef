/* SPDX-License-Identifier: MIT */
/* Turns failures into the exceptions of quell/errors.py, which has a class for each status. */
#include "binding.hpp"

static py::object place(const quell::error &failed, bool transition)
{
    if (!failed.sample()) return py::none();
    return py::int_(transition ? uint64_t(*failed.transition()) : *failed.sample());
}

static void raise(const quell::error &failed)
{
    py::object make = py::module_::import("quell.errors").attr("_make");
    std::string_view message = failed.what();
    auto text = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(message.data(), py::ssize_t(message.size()), "replace"));
    if (!text) throw py::error_already_set();
    py::object made = make(int(failed.status()), text, place(failed, false), place(failed, true));
    PyErr_SetObject(py::type::handle_of(made).ptr(), made.ptr());
}

void bind_errors(py::module_ &module)
{
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const quell::error &failed) {
            raise(failed);
        }
    });
    module.def(
        "status_name",
        [](int status) {
            return std::string(quell::status_name(static_cast<quell_status>(status)));
        },
        py::arg("status"));
    module.def("version", [] { return std::string(quell::version()); });
}
