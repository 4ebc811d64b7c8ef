/* SPDX-License-Identifier: MIT */
/* Programs by themselves (docs/programs.md), for the exporter's check. */
#include "binding.hpp"
#include <memory>
#include "models/program_file.h"

namespace
{

class program
{
  public:
    program(const std::string &path, const std::string &name)
    {
        quell_program_file *file = nullptr;
        quell::detail::check(quell_program_file_open(&file, path.c_str(), name.c_str()));
        own.reset(file);
    }

    /* {name: shape} */
    py::dict inputs() const
    {
        py::dict made;
        for (size_t i = 0; i < count(); i++)
            made[quell_program_file_input(own.get(), i)] = shape(i);
        return made;
    }

    size_t count() const
    {
        size_t i = 0;
        while (quell_program_file_input(own.get(), i)) i++;
        return i;
    }

    py::tuple shape(size_t i) const
    {
        const std::vector<py::ssize_t> sizes = extents(i);
        py::tuple made(sizes.size());
        for (size_t k = 0; k < sizes.size(); k++) made[k] = sizes[k];
        return made;
    }

    /* The inputs in their order; each has its shape. */
    floats run(const std::vector<floats> &given) const
    {
        std::vector<const float *> inputs;
        for (const floats &array : given) inputs.push_back(array.data());
        floats out(extents(count()));
        float *into = out.mutable_data();
        quell::detail::check(quell_program_file_run(own.get(), inputs.data(), into));
        return out;
    }

  private:
    struct release {
        void operator()(quell_program_file *file) const { quell_program_file_free(file); }
    };

    std::vector<py::ssize_t> extents(size_t i) const
    {
        const size_t *sizes;
        size_t rank = quell_program_file_shape(own.get(), i, &sizes);
        return std::vector<py::ssize_t>(sizes, sizes + rank);
    }

    std::unique_ptr<quell_program_file, release> own;
};

} // namespace

void bind_programs(py::module_ &module)
{
    py::class_<program>(module, "Program")
        .def(py::init<const std::string &, const std::string &>(), py::arg("path"), py::arg("name"))
        .def_property_readonly("inputs", &program::inputs)
        .def_property_readonly("shape", [](const program &one) { return one.shape(one.count()); })
        .def("run", &program::run, py::arg("inputs"));
}
