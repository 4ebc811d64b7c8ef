/* SPDX-License-Identifier: MIT */
/* The extension module quell._quell, which contains the library. Only the Python modules beside it
 * use it; _quell.pyi has its types. */
#include "interpreter.hpp"

PYBIND11_MODULE(_quell, module)
{
    module.doc() = "The library: see the modules of the package quell.";
    bind_interpreter(module);
    bind_errors(module);
    bind_names(module);
    bind_noise(module);
    bind_schedules(module);
    bind_denoisers(module);
    bind_samplers(module);
    bind_queues(module);
    bind_programs(module);
    bind_quantize(module);
}
