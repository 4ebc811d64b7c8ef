/* SPDX-License-Identifier: MIT */
/* Lists of what can be asked for by name: samplers, schedules, grids, models, instruction sets. */
#ifndef QUELL_LIST_HPP
#define QUELL_LIST_HPP

#include <string_view>
#include <vector>
#include <quell/list.h>
#include <quell/status.hpp>

namespace quell
{

/* Another name of an entry, and the spec it stands for. */
struct entry_alias {
    std::string_view name;
    std::string_view spec;
};

/* An option of an entry, KEY=VALUE in its spec (quell_entry_option). choices: the words of a
 * choice; its value is a position in them. */
struct entry_option {
    std::string_view name;
    std::string_view summary;
    quell_option_type type;
    double value;
    double low;
    double high;
    std::vector<std::string_view> choices;
};

/* All that is known of a name (quell_entry). Its texts last as long as the program. */
struct entry {
    std::string_view name;
    std::string_view summary;
    std::string_view source;
    std::vector<entry_alias> aliases;
    std::vector<entry_option> options;
    bool available;
    int order;
    int evaluations;
    int stochastic;
};

namespace detail
{

inline std::vector<std::string_view> words(const char *text)
{
    std::vector<std::string_view> all;
    std::string_view rest = text ? text : "";
    while (!rest.empty()) {
        size_t length = rest.find('|');
        all.push_back(rest.substr(0, length));
        rest = length == rest.npos ? "" : rest.substr(length + 1);
    }
    return all;
}

inline entry entry_of(quell_list_kind kind, size_t i, const quell_entry &known)
{
    entry one{known.name,
              known.summary,
              known.source ? known.source : "",
              {},
              {},
              known.available != 0,
              known.order,
              known.evaluations,
              known.stochastic};
    quell_entry_alias alias = quell_entry_alias_init();
    quell_entry_option option = quell_entry_option_init();
    for (size_t k = 0; k < known.aliases; k++) {
        check(quell_list_alias(kind, i, k, &alias));
        one.aliases.push_back({alias.name, alias.spec});
    }
    for (size_t k = 0; k < known.options; k++) {
        check(quell_list_option(kind, i, k, &option));
        one.options.push_back({option.name, option.summary, option.type, option.value, option.low,
                               option.high, words(option.choices)});
    }
    return one;
}

} // namespace detail

/* All entries of a list. Throws an error for a list that there is not. */
inline std::vector<entry> list(quell_list_kind kind)
{
    std::vector<entry> all;
    quell_entry known = quell_entry_init();
    quell_status status;
    for (size_t i = 0; !(status = quell_list(kind, i, &known)); i++)
        all.push_back(detail::entry_of(kind, i, known));
    if (status != QUELL_NOT_FOUND) detail::check(status);
    return all;
}

inline std::vector<entry> samplers() { return list(QUELL_LIST_SAMPLERS); }
inline std::vector<entry> schedules() { return list(QUELL_LIST_SCHEDULES); }
inline std::vector<entry> grids() { return list(QUELL_LIST_GRIDS); }
inline std::vector<entry> models() { return list(QUELL_LIST_MODELS); }

/* The instruction sets that this machine can run, from the narrowest to the widest. */
inline std::vector<std::string_view> isas()
{
    std::vector<std::string_view> all;
    for (const entry &one : list(QUELL_LIST_ISAS))
        if (one.available) all.push_back(one.name);
    return all;
}

} // namespace quell
#endif
