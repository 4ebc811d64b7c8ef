/* SPDX-License-Identifier: MIT */
#include "interpreter.hpp"

static floats normal(uint64_t seed, uint32_t stream, uint64_t first, size_t count, size_t dim)
{
    floats out({count, dim});
    float *data = out.mutable_data();
    unlocked without;
    for (size_t i = 0; i < count && !interpreter_ends(); i++)
        quell::noise(seed, stream, first + i, 0, {data + i * dim, dim});
    return out;
}

static floats brownian(uint64_t seed, unsigned k, double t, double s, uint64_t first, size_t count,
                       size_t dim)
{
    floats out({count, dim});
    float *data = out.mutable_data();
    unlocked without;
    for (size_t i = 0; i < count && !interpreter_ends(); i++)
        quell::noise_brownian(seed, k, t, s, first + i, 0, {data + i * dim, dim});
    return out;
}

void bind_noise(py::module_ &module)
{
    module.def("normal", normal, py::arg("seed"), py::arg("stream"), py::arg("first"),
               py::arg("count"), py::arg("dim"));
    module.def("brownian", brownian, py::arg("seed"), py::arg("k"), py::arg("t"), py::arg("s"),
               py::arg("first"), py::arg("count"), py::arg("dim"));
    module.def("noise_key", quell::noise_key, py::arg("seed"), py::arg("t"), py::arg("s"));
    module.def("noise_place", quell::noise_place, py::arg("log_ratio"));
}
