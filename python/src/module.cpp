// SPDX-License-Identifier: MIT
#include "module.hpp"

PYBIND11_MODULE(_quell, module)
{
    module.doc() = "The C++ part of quell; see the modules quell.noise, .denoise and .sample.";
    add_errors(module);
    add_schedules(module);
    add_denoisers(module);
    add_samplers(module);
    add_names(module);
}
