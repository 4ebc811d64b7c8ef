// SPDX-License-Identifier: MIT
// What there is by name, and the noise by its addresses.
#include "module.hpp"

static py::dict summaries(const std::vector<quell::named> &all)
{
    py::dict result;
    for (const quell::named &one : all) result[py::str(std::string(one.name))] = one.summary;
    return result;
}

static py::dict samplers()
{
    py::dict result;
    for (const quell::named_sampler &one : quell::samplers())
        result[py::str(std::string(one.name))] =
            py::make_tuple(one.summary, one.order, one.stochastic);
    return result;
}

static floats noise(uint64_t seed, uint32_t stream, uint64_t first, size_t count, size_t dim)
{
    floats all({count, dim});
    for (size_t i = 0; i < count; i++)
        quell::noise(seed, stream, first + i, 0, {all.mutable_data() + i * dim, dim});
    return all;
}

static floats brownian(uint64_t seed, unsigned slot, double t, double s, uint64_t first,
                       size_t count, size_t dim)
{
    floats all({count, dim});
    for (size_t i = 0; i < count; i++)
        quell::noise_brownian(seed, slot, t, s, first + i, 0, {all.mutable_data() + i * dim, dim});
    return all;
}

void add_names(py::module_ &module)
{
    module.def("schedules", [] { return summaries(quell::schedules()); });
    module.def("grids", [] { return summaries(quell::grids()); });
    module.def("builtins", [] { return summaries(quell::builtins()); });
    module.def("samplers", samplers);
    module.def("isas", &quell::isas);
    module.def("isa_default", &quell::isa_default);
    module.def("noise", noise, py::arg("seed"), py::arg("stream"), py::arg("first"),
               py::arg("count"), py::arg("dim"));
    module.def("brownian", brownian, py::arg("seed"), py::arg("slot"), py::arg("t"), py::arg("s"),
               py::arg("first"), py::arg("count"), py::arg("dim"));
    module.def("place", &quell::noise_place, py::arg("log_ratio"));
}
