/* SPDX-License-Identifier: MIT */
#include "binding.hpp"

using names = std::vector<std::pair<std::string, std::string>>;

/* Pairs of a name and one line on it. */
template <class Named> static names pairs(const std::vector<Named> &all)
{
    names result;
    for (const Named &one : all) result.emplace_back(one.name, one.summary);
    return result;
}

void bind_names(py::module_ &module)
{
    module.def("samplers", [] { return pairs(quell::samplers()); });
    module.def("schedules", [] { return pairs(quell::schedules()); });
    module.def("grids", [] { return pairs(quell::grids()); });
    module.def("builtins", [] { return pairs(quell::builtins()); });
    module.def("isas", [] {
        std::vector<std::string> all;
        for (std::string_view name : quell::isas()) all.emplace_back(name);
        return all;
    });
    module.def("isa_default", [] { return std::string(quell::isa_default()); });
}
