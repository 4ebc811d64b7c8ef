/* SPDX-License-Identifier: MIT */
/* What there is, by name. */
#ifndef QUELL_NAMES_HPP
#define QUELL_NAMES_HPP

#include <string_view>
#include <vector>
#include <quell/isa.h>
#include <quell/model.h>
#include <quell/sampler.h>
#include <quell/schedule.h>
#include <quell/status.hpp>

namespace quell
{

/* A name and one line on it, for as long as the program runs. */
struct named {
    std::string_view name;
    std::string_view summary;
};

/* order: of convergence at its default options, 0 if it has none. stochastic: whether it draws
 * noise on the way, 0 never, 1 by its options, 2 always. */
struct named_sampler : named {
    int order;
    int stochastic;
};

namespace detail
{

inline std::vector<named> list(const char *(*name)(size_t), const char *(*summary)(size_t))
{
    std::vector<named> all;
    for (size_t i = 0; name(i); i++) all.push_back({name(i), summary(i)});
    return all;
}

} // namespace detail

/* The schedules, grids and built-in models. */
inline std::vector<named> schedules()
{
    return detail::list(quell_schedule_name, quell_schedule_summary);
}
inline std::vector<named> grids() { return detail::list(quell_grid_name, quell_grid_summary); }
inline std::vector<named> builtins()
{
    return detail::list(quell_builtin_name, quell_builtin_summary);
}

/* The samplers. */
inline std::vector<named_sampler> samplers()
{
    std::vector<named_sampler> all;
    for (const named &one : detail::list(quell_sampler_name, quell_sampler_summary))
        all.push_back({one, quell_sampler_order(all.size()), quell_sampler_stochastic(all.size())});
    return all;
}

/* The instruction sets that this machine can run, from the narrowest to the widest. */
inline std::vector<std::string_view> isas()
{
    std::vector<std::string_view> all;
    for (size_t i = 0; const char *name = quell_isa_name(i); i++)
        if (quell_isa_available(name)) all.push_back(name);
    return all;
}

/* The one that a run uses if it names none. */
inline std::string_view isa_default()
{
    const char *name = nullptr;
    detail::check(quell_isa_default(&name));
    return name;
}

} // namespace quell
#endif
