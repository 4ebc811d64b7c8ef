/* SPDX-License-Identifier: MIT */
/* Instruction sets (quell/isa.h); isas() of list.hpp has those that this machine can run. */
#ifndef QUELL_ISA_HPP
#define QUELL_ISA_HPP

#include <string>
#include <string_view>
#include <quell/isa.h>
#include <quell/status.hpp>

namespace quell
{

/* Whether this machine can run the kernels of that name. */
inline bool isa_available(const std::string &name)
{
    return name.find('\0') == name.npos && quell_isa_available(name.c_str()) != 0;
}

/* The instruction set that a run uses if it names none. */
inline std::string_view isa_default()
{
    const char *name = nullptr;
    detail::check(quell_isa_default(&name));
    return name;
}

} // namespace quell
#endif
