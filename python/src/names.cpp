/* SPDX-License-Identifier: MIT */
#include "binding.hpp"

static py::str text(std::string_view words) { return py::str(words.data(), words.size()); }

static py::object text_or_none(std::string_view words)
{
    return words.empty() ? py::object(py::none()) : py::object(text(words));
}

static py::dict aliases(const quell::entry &entry)
{
    py::dict all;
    for (const quell::entry_alias &alias : entry.aliases) all[text(alias.name)] = text(alias.spec);
    return all;
}

static py::list choices(const quell::entry_option &option)
{
    py::list all;
    for (std::string_view word : option.choices) all.append(text(word));
    return all;
}

/* Returns a default in the type of the option: a float, an int or a word. */
static py::object value(const quell::entry_option &option)
{
    if (option.type == QUELL_OPTION_CHOICE)
        return text(option.choices[static_cast<size_t>(option.value)]);
    if (option.type == QUELL_OPTION_WHOLE) return py::int_(static_cast<int64_t>(option.value));
    return py::float_(option.value);
}

static py::object stochastic(const quell::entry &entry)
{
    static const char *const words[] = {"no", "optional", "yes"};
    return py::str(words[entry.stochastic]);
}

void bind_names(py::module_ &module)
{
    using quell::entry;
    using quell::entry_option;
    py::class_<entry_option>(module, "EntryOption")
        .def_property_readonly("name", [](const entry_option &o) { return text(o.name); })
        .def_property_readonly("summary", [](const entry_option &o) { return text(o.summary); })
        .def_property_readonly("default", value)
        .def_readonly("low", &entry_option::low)
        .def_readonly("high", &entry_option::high)
        .def_property_readonly("choices", choices)
        .def("__repr__", [](const entry_option &o) {
            return py::str("EntryOption({}={})").format(text(o.name), value(o));
        });
    py::class_<entry>(module, "Entry")
        .def_property_readonly("name", [](const entry &e) { return text(e.name); })
        .def_property_readonly("summary", [](const entry &e) { return text(e.summary); })
        .def_property_readonly("source", [](const entry &e) { return text_or_none(e.source); })
        .def_property_readonly("aliases", aliases)
        .def_readonly("options", &entry::options)
        .def_readonly("order", &entry::order)
        .def_readonly("evaluations", &entry::evaluations)
        .def_property_readonly("stochastic", stochastic)
        .def("__repr__", [](const entry &e) {
            return py::str("Entry({!r}: {})").format(text(e.name), text(e.summary));
        });
    module.def("samplers", &quell::samplers);
    module.def("schedules", &quell::schedules);
    module.def("grids", &quell::grids);
    module.def("models", &quell::models);
    module.def("isas", [] {
        std::vector<std::string> all;
        for (std::string_view name : quell::isas()) all.emplace_back(name);
        return all;
    });
    module.def("isa_default", [] { return std::string(quell::isa_default()); });
}
